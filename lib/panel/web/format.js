// @ts-check
/** Numbers and times as people read them. */

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** A number with about `digits` figures that matter; "–" for none. @param {number | null | undefined} value @param {number} [digits] */
export function number(value, digits = 4) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  if (size >= 10 ** (digits - 1)) return minus(whole.format(value));
  if (size !== 0 && (size < 1e-4 || size >= 1e12)) return minus(value.toExponential(2));
  if (size < 1) return minus(value.toLocaleString("en", { maximumSignificantDigits: digits - 1 }));
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  return minus(value.toLocaleString("en", { maximumFractionDigits: decimals }));
}

/** A share as percent: 0.123 is "12.3 %". @param {number | null | undefined} value @param {boolean} [signed] */
export function percent(value, signed = false) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const text = (100 * value).toFixed(Math.abs(value) >= 1 ? 0 : Math.abs(value) >= 0.001 || value === 0 ? 1 : 2);
  return `${signed && value > 0 ? "+" : ""}${minus(text)} %`;
}

const minus = (/** @type {string} */ text) => text.replace("-", "−");

/** `12 s`, `4 min 05 s`, `2 h 03 min`. @param {number} ms */
export function duration(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${two(Math.floor(seconds / 60) % 60)} min`;
}

/** A moment, in the reader's own zone: the time of day alone where it is today. @param {number | null | undefined} ms */
export function moment(ms) {
  if (!ms) return "–";
  const date = new Date(ms);
  const time = date.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", hour12: false });
  if (date.toDateString() === new Date().toDateString()) return time;
  return `${date.toLocaleDateString(undefined, { year: "numeric", month: "short", day: "numeric" })} ${time}`;
}

/** A bar's time, UTC, as exact as a span of `range` ms needs. @param {number} ms @param {number} range */
export function barTime(ms, range) {
  if (!Number.isFinite(ms)) return "";
  const text = new Date(ms).toISOString();
  const day = text.slice(0, 10).replaceAll("-", "\u2011");
  if (range > 300 * 864e5) return day.slice(0, 7);
  if (range > 4 * 864e5) return day;
  return range > 3600e3 ? `${day.slice(5)} ${text.slice(11, 16)}` : text.slice(11, 19);
}

/** `approx_kl` → "approx kl". @param {string} name */
export const words = (name) => name.replaceAll(/[_-]/g, " ");

/** `var_breach` → "VaR breach": the beginning of a sentence. @param {string} name */
export const title = (name) => words(name).replace(/^var\b/, "VaR").replace(/^./, (first) => first.toUpperCase());

/** "1 line", "3 lines". @param {number} many @param {string} one */
export const counted = (many, one) => `${whole.format(many)} ${one}${many === 1 ? "" : "s"}`;
