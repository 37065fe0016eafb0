import { nearest } from "../base/suggest.ts";

/** What a form needs to know of an option to offer it. */
export type OptionKind =
  | { readonly type: "number"; readonly min: number; readonly max: number; readonly whole: boolean }
  | { readonly type: "text" }
  | { readonly type: "flag" }
  | { readonly type: "choice"; readonly choices: readonly string[] }
  | { readonly type: "list"; readonly item: OptionKind } // written with commas
  | { readonly type: "optional"; readonly item: OptionKind }; // or `none`

/** One setting: its default, what it means, and how text becomes its value. The panel and `--help` read these too. */
export interface Option<T> {
  readonly default: T;
  /** What it is, with its unit. */
  readonly help: string;
  readonly kind: OptionKind;
  /** Reads a value as a person or a file gives it. Throws `RangeError` saying what is wanted, without the name. */
  read(value: unknown): T;
}

/** A number within bounds; `whole` refuses fractions. */
export function number(
  standard: number,
  help: string,
  { min = -Infinity, max = Infinity, whole = false }: { min?: number; max?: number; whole?: boolean } = {},
): Option<number> {
  const kind = whole ? "a whole number" : "a number";
  const range = min === -Infinity && max === Infinity
    ? ""
    : max === Infinity
    ? ` of at least ${min}`
    : ` from ${min} to ${max}`;
  return {
    default: standard,
    help,
    kind: { type: "number", min, max, whole },
    read(value) {
      const found = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
      const fits = typeof found === "number" && Number.isFinite(found) && found >= min && found <= max;
      if (!fits || (whole && !Number.isInteger(found))) throw new RangeError(`must be ${kind}${range}`);
      return found;
    },
  };
}

/** A number that may also be absent, written `none`. */
export function optionalNumber(
  help: string,
  bounds: { min?: number; max?: number; whole?: boolean } = {},
): Option<number | null> {
  const inner = number(0, help, bounds);
  return {
    default: null,
    help,
    kind: { type: "optional", item: inner.kind },
    read: (value) => value === null || value === "none" || value === "null" ? null : inner.read(value),
  };
}

/** Any text. */
export function text(standard: string, help: string): Option<string> {
  return {
    default: standard,
    help,
    kind: { type: "text" },
    read(value) {
      if (typeof value !== "string") throw new RangeError("must be text");
      return value;
    },
  };
}

/** `true` or `false`. */
export function flag(standard: boolean, help: string): Option<boolean> {
  return {
    default: standard,
    help,
    kind: { type: "flag" },
    read(value) {
      if (value === true || value === "true") return true;
      if (value === false || value === "false") return false;
      throw new RangeError("must be true or false");
    },
  };
}

/** One of a closed list of words. */
export function choice<const T extends string>(options: readonly T[], standard: NoInfer<T>, help: string): Option<T> {
  return {
    default: standard,
    help,
    kind: { type: "choice", choices: options },
    read(value) {
      const found = options.find((option) => option === value);
      if (found !== undefined) return found;
      const close = nearest(String(value), options);
      throw new RangeError(`must be one of ${options.join(", ")}${close ? ` (nearest is "${close}")` : ""}`);
    },
  };
}

/** Several words or numbers, written with commas, inside brackets or not: `1, 2, 3`. */
export function list<T>(item: Option<T>, standard: readonly T[], help: string): Option<readonly T[]> {
  return {
    default: standard,
    help,
    kind: { type: "list", item: item.kind },
    read(value) {
      const items = Array.isArray(value) ? value : splitList(value);
      return items.map((one) => item.read(one));
    },
  };
}

/** Splits at commas that are not inside brackets: `macd(12, 26, 9), rsi(14)` is two. */
function splitList(value: unknown): string[] {
  if (typeof value === "number") return [String(value)];
  if (typeof value !== "string") throw new RangeError("must be a list, such as a, b, c");
  const parts = [""];
  let depth = 0;
  for (const c of value.replace(/^\[(.*)\]$/s, "$1")) {
    depth += Number(c === "(") - Number(c === ")");
    if (c === "," && depth === 0) parts.push("");
    else parts[parts.length - 1] += c;
  }
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}
