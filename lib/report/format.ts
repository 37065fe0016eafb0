/** What stands where there is no number. */
const NONE = "–";
const MINUS = "−"; // as wide as +, unlike the hyphen
const SPACE = "\u00a0"; // between number and unit: does not break

const formats = new Map<string, Intl.NumberFormat>();

/** Options of every number here. */
export interface NumberOptions {
  /** Decimals; without it enough for about four significant digits. */
  readonly digits?: number;
  /** A plus before positive numbers. */
  readonly sign?: boolean;
}

/** `12,345`, `1,234`, `12.35`, `0.01235`, `−3.2`: grouped, with a real minus; NaN is a dash. */
export function number(value: number, { digits, sign = false }: NumberOptions = {}): string {
  if (Number.isNaN(value)) return NONE;
  const size = digits === undefined ? digitsOf(value) : digits;
  const text = Number.isFinite(value) ? format(size).format(Math.abs(value)) : "∞";
  return signOf(value, text, sign) + text;
}

/** `12.3 %` of 0.123. Two decimals below 1 %, none from 1,000 %. */
export function percent(share: number, { digits, sign = false }: NumberOptions = {}): string {
  if (Number.isNaN(share)) return NONE;
  const size = Math.abs(100 * share);
  return number(100 * share, { digits: digits ?? (size < 1 ? 2 : size < 1000 ? 1 : 0), sign }) + SPACE + "%";
}

/** `−1,234.50 USD`: cents up to 10,000, none beyond, four significant digits below 1. */
export function money(amount: number, currency = "USD", { digits, sign = false }: NumberOptions = {}): string {
  if (Number.isNaN(amount)) return NONE;
  const size = Math.abs(amount);
  const own = size === 0 || size >= 1 ? (size >= 10_000 ? 0 : 2) : digitsFor(amount);
  return number(amount, { digits: digits ?? own, sign }) + (currency && SPACE + currency);
}

/** `1.2k`, `35M`, `0.05`: short enough for a tick on an axis. */
export function compact(value: number): string {
  const size = Math.abs(value);
  for (const [unit, name] of [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "k"]] as const) {
    if (size >= unit) return number(trim(value / unit), { digits: decimals(trim(value / unit)) }) + name;
  }
  return number(trim(value), { digits: decimals(trim(value)) });
}

/** The text with its first letter large: what begins a line. */
export function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** `90 days`, `1 hour`, `12 minutes`: a length of time in words, in its largest unit that fits. */
export function span(ms: number): string {
  const units = [["day", 864e5], ["hour", 36e5], ["minute", 6e4], ["second", 1e3], ["millisecond", 1]] as const;
  const [name, size] = units.find(([, size]) => Math.abs(ms) >= size) ?? units[units.length - 1];
  const count = Number((ms / size).toFixed(1));
  return `${number(count, { digits: count % 1 === 0 ? 0 : 1 })} ${name}${count === 1 ? "" : "s"}`;
}

/** `3 d 4 h`, `12 min`, `45 s`, `8.3 ms`, `2.4 years` of ms: the two largest units that matter. */
export function duration(ms: number): string {
  if (Number.isNaN(ms)) return NONE;
  if (!Number.isFinite(ms)) return "∞";
  if (ms < 0) return MINUS + duration(-ms);
  if (ms < 1000) return number(ms, { digits: ms === 0 || ms >= 100 ? 0 : 1 }) + SPACE + "ms";
  if (ms >= 2 * 365.25 * 864e5) return number(ms / (365.25 * 864e5), { digits: 1 }) + SPACE + "years";
  const units = [["d", 864e5], ["h", 36e5], ["min", 6e4], ["s", 1e3]] as const;
  const first = units.findIndex(([, size]) => ms >= size);
  const [name, size] = units[first];
  const last = units[first + 1];
  if (!last) return number(ms / 1000, { digits: ms < 1e4 ? 1 : 0 }) + SPACE + "s";
  const rest = Math.round((ms % size) / last[1]);
  const whole = Math.floor(ms / size);
  if (rest * last[1] >= size) return `${whole + 1}${SPACE}${name}`;
  if (rest === 0 || whole >= 30) return `${format(0).format(whole)}${SPACE}${name}`;
  return `${whole}${SPACE}${name} ${rest}${SPACE}${last[0]}`;
}

/** `2018-01-31 13:00` UTC, the time of day left out at midnight; a dash for NaN. */
export function date(ms: number): string {
  if (!Number.isFinite(ms)) return NONE;
  const text = new Date(ms).toISOString();
  return ms % 864e5 === 0 ? text.slice(0, 10) : text.slice(0, 16).replace("T", " ");
}

/** `Jul 2017 – Oct 2019`, `3 Mar – 9 Apr 2018`: a stretch of time for titles. */
export function between(from: number, to: number): string {
  const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const [a, b] = [new Date(from), new Date(to)];
  const sameYear = a.getUTCFullYear() === b.getUTCFullYear();
  const part = (at: Date, year: boolean) =>
    `${to - from < 180 * 864e5 ? `${at.getUTCDate()} ` : ""}${months[at.getUTCMonth()]}${
      year ? ` ${at.getUTCFullYear()}` : ""
    }`;
  return `${part(a, !sameYear)} – ${part(b, true)}`;
}

/** `1 bar`, `12 bars`: a number of things. */
export function count(n: number, noun: string): string {
  return `${number(n)} ${noun}${n === 1 ? "" : "s"}`;
}

/** Decimals that give about four significant digits: none from 1,000, two for tens. */
export function digitsFor(value: number): number {
  const size = Math.abs(value);
  if (!Number.isFinite(size) || size === 0 || size >= 1000) return 0;
  return Number.isInteger(value) ? 0 : Math.min(8, 3 - Math.floor(Math.log10(size)));
}

/** The same without zeros at the end. */
function digitsOf(value: number): number {
  return Number.isFinite(value) ? decimals(Number(Math.abs(value).toFixed(digitsFor(value)))) : 0;
}

function trim(value: number): number {
  return Number(value.toPrecision(3));
}

function decimals(value: number): number {
  const [digits, power = "0"] = String(value).split("e");
  return Math.max(0, (digits.split(".")[1] ?? "").length - Number(power));
}

function signOf(value: number, text: string, plus: boolean): string {
  if (!/[1-9∞]/.test(text)) return ""; // what rounds to nothing has no sign
  return value < 0 ? MINUS : plus ? "+" : "";
}

function format(digits: number): Intl.NumberFormat {
  const key = String(digits);
  const known = formats.get(key);
  if (known) return known;
  const made = new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  formats.set(key, made);
  return made;
}
