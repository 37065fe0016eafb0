import { didYouMean, nearest } from "../base/suggest.ts";
import { columns as priceColumns } from "../market/candles.ts";
import { fault, type Place, type Token, tokens } from "./fault.ts";
import { checkParams } from "./indicators/check.ts";
import type { Params } from "./indicators/indicator.ts";
import { indicators } from "./indicators/mod.ts";
import { transforms } from "./transforms.ts";

/** A feature as a tree: what its text says, with every default filled in. */
export type Spec =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "column"; readonly name: string }
  | {
    readonly kind: "indicator";
    readonly name: string;
    readonly params: Params;
    /** In place of the columns it reads: all of them, or none. */
    readonly inputs: readonly Spec[];
    readonly output: string;
  }
  | { readonly kind: "transform"; readonly name: string; readonly params: Params; readonly of: Spec }
  | { readonly kind: "negative"; readonly of: Spec }
  | { readonly kind: "arithmetic"; readonly operator: Operator; readonly left: Spec; readonly right: Spec };

export type Operator = "+" | "-" | "*" | "/";

export interface ParseOptions {
  /** Names of the further columns that the data has. Without it any bare name is taken for one. */
  readonly columns?: Iterable<string>;
}

/** Columns that every bar has: prices and volume in the market's units, and 1 where the bar was filled in. */
export const ownColumns: readonly string[] = [...priceColumns, "filled"];

const deepest = 64;
const shells = "in a shell, features go in single quotes: in double quotes it takes $close for a variable of its own";

/**
 * Reads a feature.
 *
 * ```text
 * sum      = product { ("+" | "-") product }
 * product  = factor { "*" factor | "/" transform | "/" factor }      left to right
 * factor   = "-" factor | number | "(" sum ")" | call | column
 * call     = name [ "(" [ argument { "," argument } ] ")" ] [ "." output ]
 * argument = number | param "=" number | sum
 * column   = "$open" … "$volume" | "filled" | a name of the data's own | "`" any name "`"
 * ```
 *
 * - `rsi(14)`, `rsi`, `macd(fastperiod=12).hist`: an indicator, its parameters in TA-Lib's order or by name, its output
 *   after a dot (needed when there are several and none has the indicator's own name).
 * - `sma(20, $volume)`, `sma(10, rsi(14))`, `correl(30, $close, $volume)`: what it reads instead of its own columns.
 * - `A/B` is a ratio; `A/return`, `A/zscore(50)` with a transform's name after the slash applies it to all of the
 *   product on its left: `$close*$volume/return` is the return of the product. `zscore($close, 50)` says the same. To
 *   divide by a column that is named as a transform, write `A/(return)` or put it in backticks.
 * - `funding_rate`: a further column of the data. One that is named as an indicator must be in backticks.
 *
 * @throws {SyntaxError} that shows the text, points at the fault and names what is near
 */
export function parseSpec(text: string, options: ParseOptions = {}): Spec {
  const known = options.columns === undefined ? undefined : new Set(options.columns);
  const words = tokens(text);
  let next = 0;
  let depth = 0;

  const peek = (): Token => words[next];
  const take = (): Token => words[next++];
  const isMark = (value: string, token = peek()) => token.kind === "mark" && token.value === value;
  const shown = (token: Token) =>
    token.kind === "end" ? "the end" : `"${text.slice(token.at, token.at + token.length)}"`;
  function expect(value: string, why: string): Token {
    if (isMark(value)) return take();
    throw fault(text, peek(), `${why}, and ${shown(peek())} is there`);
  }

  function sum(): Spec {
    if (++depth > deepest) throw fault(text, peek(), `it is nested deeper than ${deepest} levels`);
    let left = product();
    while (isMark("+") || isMark("-")) {
      left = { kind: "arithmetic", operator: take().value as Operator, left, right: product() };
    }
    depth--;
    return left;
  }

  function product(): Spec {
    let left = factor();
    for (;;) {
      if (isMark("*")) {
        take();
        left = { kind: "arithmetic", operator: "*", left, right: factor() };
      } else if (isMark("/")) {
        take();
        const name = peek();
        const applied = name.kind === "name" && Object.hasOwn(transforms, name.value);
        if (applied && known?.has(name.value) && !isMark("(", words[next + 1])) {
          const pick = `write ${name.value}() for the transform or \`${name.value}\` in backticks for the column`;
          throw fault(text, name, `"${name.value}" is a transform and a column of the data: ${pick}`);
        }
        if (applied) left = transform(take(), left);
        else left = { kind: "arithmetic", operator: "/", left, right: factor(Object.keys(transforms)) };
      } else return left;
    }
  }

  /** `besides`: what else could have been meant here, should a name be unknown. */
  function factor(besides: readonly string[] = []): Spec {
    const token = take();
    if (isMark("-", token)) {
      const [before, after] = [words[next - 2], peek()];
      if (before?.kind === "mark" && "+-*/".includes(before.value) && after.at > token.at + 1) {
        throw fault(
          text,
          token,
          `a minus sign after "${before.value}" must stand right before what it negates; ${shells}`,
        );
      }
      if (++depth > deepest) throw fault(text, token, `it is nested deeper than ${deepest} levels`);
      const of = factor();
      depth--;
      return of.kind === "number" ? { kind: "number", value: 0 - of.value } : { kind: "negative", of };
    }
    if (token.kind === "number") {
      const value = Number(token.value);
      if (Number.isFinite(value)) return { kind: "number", value };
      throw fault(text, token, `${token.value} is too large a number`);
    }
    if (isMark("(", token)) {
      const inner = sum();
      expect(")", 'a bracket must be closed with ")"');
      return inner;
    }
    if (token.kind === "quoted") return column(token, token.value);
    if (token.kind === "name") return named(token, besides);
    next--;
    const wanted = 'a number, a column, an indicator or "(" must come here';
    throw fault(text, token, `${wanted}, and ${shown(token)} is there; ${shells}`);
  }

  function named(token: Token, besides: readonly string[]): Spec {
    if (isMark("(")) {
      if (Object.hasOwn(indicators, token.value)) return indicator(token, token.value, undefined);
      if (Object.hasOwn(transforms, token.value)) return transform(token, undefined);
      const names = [...Object.keys(indicators), ...Object.keys(transforms)];
      throw fault(text, token, `"${token.value}" is not an indicator: ${didYouMean(token.value, names)}`);
    }
    if (known?.has(token.value) && !ownColumns.includes(token.value)) {
      if (!Object.hasOwn(indicators, token.value)) return column(token, token.value);
      throw fault(
        text,
        token,
        `"${token.value}" is an indicator and a column of the data: write ${token.value}() for the indicator or ` +
          `\`${token.value}\` in backticks for the column`,
      );
    }
    if (Object.hasOwn(indicators, token.value)) return indicator(token, token.value, undefined);
    const dot = token.value.lastIndexOf(".");
    const head = token.value.slice(0, Math.max(0, dot));
    if (Object.hasOwn(indicators, head)) {
      const output = { at: token.at + dot + 1, length: token.length - dot - 1, value: token.value.slice(dot + 1) };
      return indicator({ ...token, length: dot }, head, output);
    }
    return column(token, token.value, besides);
  }

  function column(token: Token, name: string, besides: readonly string[] = []): Spec {
    if (ownColumns.includes(name) || known?.has(name)) return { kind: "column", name };
    if (token.kind === "quoted" && !known) return { kind: "column", name };
    const options = [...ownColumns, ...known ?? []];
    if (token.kind === "name" && Object.hasOwn(transforms, name)) {
      throw fault(text, token, `"${name}" is a transform and needs something to work on: write $close/${name}`);
    }
    if (name.startsWith("$")) throw fault(text, token, `"${name}" is not a column: ${didYouMean(name, options)}`);
    if (!known) return { kind: "column", name };
    const all = [...options, ...besides, ...Object.keys(indicators)];
    const close = nearest(name, all);
    throw fault(
      text,
      token,
      `"${name}" is neither a column${besides.length > 0 ? ", a transform" : ""} nor an indicator: ${
        close ? `nearest is "${close}"; ` : ""
      }columns: ${options.join(", ")}${besides.length > 0 ? `; transforms: ${besides.join(", ")}` : ""}; ${
        Object.keys(indicators).length
      } indicators`,
    );
  }

  function indicator(
    token: Place,
    name: string,
    dotted: (Place & { readonly value: string }) | undefined,
  ): Spec {
    const { params: defaults, inputs: reads, outputs } = indicators[name];
    const { params, inputs } = call(token, name, defaults);
    if (inputs.length > 0 && inputs.length !== reads.length) {
      const places = inputs[0].place;
      throw fault(
        text,
        places,
        reads.length === 0
          ? `${name} reads no column that could be replaced`
          : `${name} reads ${reads.join(", ")}: give ${reads.length} in their place or none, not ${inputs.length}`,
      );
    }
    let picked = dotted;
    if (!picked && isMark(".")) {
      take();
      const output = take();
      if (output.kind !== "name") {
        next--;
        throw fault(text, output, `the name of an output must follow the dot: ${outputs.join(", ")}`);
      }
      picked = output;
    }
    const last = name.slice(name.lastIndexOf(".") + 1);
    const output = picked?.value ?? (outputs.length === 1 ? outputs[0] : outputs.find((output) => output === last));
    if (output === undefined) {
      throw fault(
        text,
        token,
        `${name} has the outputs ${outputs.join(", ")}: pick one with a dot, such as ${name}.${outputs[0]}`,
      );
    }
    if (!outputs.includes(output)) {
      throw fault(text, picked ?? token, `"${output}" is not an output of ${name}: ${didYouMean(output, outputs)}`);
    }
    const own = inputs.every(({ spec }, i) => spec.kind === "column" && spec.name === reads[i]);
    return { kind: "indicator", name, params, inputs: own ? [] : inputs.map(({ spec }) => spec), output };
  }

  function transform(token: Token, before: Spec | undefined): Spec {
    const name = token.value;
    const { params, inputs } = call(token, name, transforms[name].params);
    const of = before ?? inputs[0]?.spec;
    const wanted = before ? 0 : 1;
    if (of === undefined || inputs.length !== wanted) {
      const place = inputs[wanted]?.place ?? token;
      throw fault(
        text,
        place,
        before
          ? `${name} already works on what stands before the slash`
          : `${name} works on one thing, such as ${name}($close${"period" in params ? ", 20" : ""})`,
      );
    }
    return { kind: "transform", name, params, of };
  }

  /** The bracket after a name: numbers are parameters, anything else replaces an input. */
  function call(token: Place, name: string, defaults: Params) {
    const names = Object.keys(defaults);
    const given = new Map<string, number>();
    const inputs: { readonly spec: Spec; readonly place: Place }[] = [];
    let byName = false;
    const set = (param: string, value: number, place: Place) => {
      if (given.has(param)) throw fault(text, place, `${param} of ${name} is given twice`);
      const wrong = wrongParam(name, param, value);
      if (wrong) throw fault(text, place, `${param} of ${name} must be ${wrong}`);
      given.set(param, value);
    };
    if (isMark("(")) {
      take();
      while (!isMark(")")) {
        const start = peek();
        if (start.kind === "name" && isMark("=", words[next + 1])) {
          next += 2;
          if (!names.includes(start.value)) {
            throw fault(
              text,
              start,
              names.length === 0
                ? `${name} takes no parameters`
                : `"${start.value}" is not a parameter of ${name}: ${didYouMean(start.value, names)}`,
            );
          }
          const place = peek();
          const value = sum();
          if (value.kind !== "number") throw fault(text, place, `${start.value} of ${name} must be a number`);
          set(start.value, value.value, spanFrom(place));
          byName = true;
        } else {
          const spec = sum();
          const place = spanFrom(start);
          if (spec.kind !== "number") inputs.push({ spec: reading(spec, place), place });
          else if (byName) throw fault(text, place, "a parameter without a name cannot follow one with a name");
          else if (given.size === names.length) {
            throw fault(text, place, `${name} takes ${names.length === 0 ? "no parameters" : names.join(", ")}`);
          } else set(names[given.size], spec.value, place);
        }
        if (isMark(")")) break;
        expect(",", `"," or ")" must follow an argument of ${name}`);
        if (isMark(")")) throw fault(text, peek(), `another argument of ${name} must follow the comma; ${shells}`);
      }
      take();
    }
    const params = Object.fromEntries(names.map((param) => [param, given.get(param) ?? defaults[param]]));
    const missing = names.find((param) => Number.isNaN(params[param]));
    if (missing !== undefined) {
      const example = names.map((param) => /period/.test(param) ? 20 : param === "low" ? -3 : 3).join(", ");
      throw fault(text, token, `${name} needs its ${names.join(" and ")}: write ${name}(${example})`);
    }
    return { params, inputs };
  }

  /** From the start of a token to the end of the last one taken. */
  function spanFrom(start: Place): Place {
    const last = words[next - 1];
    return { at: start.at, length: last.at + last.length - start.at };
  }

  function reading(spec: Spec, place: Place): Spec {
    if (readsAny(spec)) return spec;
    throw fault(text, place, "it reads no column: the same number at every bar");
  }

  if (peek().kind === "end") throw fault(text, peek(), "it is empty");
  const spec = sum();
  if (peek().kind !== "end") {
    throw fault(text, peek(), `an operator or the end must follow, and ${shown(peek())} is there`);
  }
  return reading(spec, spanFrom(words[0]));
}

/** What a parameter must be, when it is not that. */
function wrongParam(name: string, param: string, value: number): string | undefined {
  if (Object.hasOwn(transforms, name)) {
    const bars = param === "period" && !(Number.isSafeInteger(value) && value >= 1);
    return bars ? `a positive whole number of bars: current value is ${value}` : undefined;
  }
  try {
    checkParams(indicators[name], { [param]: value });
  } catch (error) {
    if (error instanceof RangeError) return error.message.replace(/^.*? must be /, "");
    throw error;
  }
}

function readsAny(spec: Spec): boolean {
  switch (spec.kind) {
    case "number":
      return false;
    case "column":
    case "indicator":
      return true;
    case "arithmetic":
      return readsAny(spec.left) || readsAny(spec.right);
    default:
      return readsAny(spec.of);
  }
}

/**
 * Cuts a list of features at the commas outside brackets: `"rsi(14), $close/return, my_column"`. `bbands(20).*` stands
 * for every output. Line breaks may stand for commas' white space.
 *
 * @throws {SyntaxError} if something between two commas is empty
 */
export function splitSpecs(text: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let start = 0;
  for (const token of tokens(text)) {
    if (token.value === "(" && token.kind === "mark") depth++;
    if (token.value === ")" && token.kind === "mark") depth--;
    const cut = token.kind === "end" || (depth === 0 && token.kind === "mark" && token.value === ",");
    if (!cut) continue;
    const piece = text.slice(start, token.at).trim().replace(/\s+/g, " ");
    if (piece === "") throw fault(text, token, `a feature must stand before and after each comma; ${shells}`);
    start = token.at + token.length;
    found.push(...expand(piece));
  }
  return found;
}

function expand(piece: string): string[] {
  const [, head] = piece.match(/^(.*)\.\s*\*$/) ?? [];
  if (head === undefined) return [piece];
  const name = head.replace(/\(.*$/s, "").trim();
  if (Object.hasOwn(indicators, name)) return indicators[name].outputs.map((output) => `${head}.${output}`);
  const reason = `"${name}" is not an indicator: ${didYouMean(name, Object.keys(indicators))}`;
  throw fault(piece, { at: 0, length: name.length }, reason);
}

/**
 * Reads a list of features, as `splitSpecs` cuts it.
 *
 * @throws {SyntaxError} as `parseSpec` does
 */
export function parseSpecs(text: string, options: ParseOptions = {}): Spec[] {
  return splitSpecs(text).map((piece) => parseSpec(piece, options));
}

/**
 * The one text of a spec: every parameter in place, no needless bracket, no name that could be misread. Specs that say
 * the same thing in the same order get the same text, and it reads back as the same spec.
 */
export function formatSpec(spec: Spec): string {
  switch (spec.kind) {
    case "number":
      return String(spec.value);
    case "column":
      return plain(spec.name) ? spec.name : `\`${spec.name}\``;
    case "indicator": {
      const { name, params, inputs, output } = spec;
      const list = [...Object.values(params).map(String), ...inputs.map(formatSpec)].join(", ");
      return `${name}(${list})${indicators[name].outputs.length > 1 ? `.${output}` : ""}`;
    }
    case "transform": {
      const list = Object.values(spec.params).map(String).join(", ");
      return `${wrapped(spec.of, 2)}/${spec.name}(${list})`;
    }
    case "negative":
      return `-${wrapped(spec.of, 3)}`;
    case "arithmetic": {
      const rank = strength(spec);
      const space = rank === 1 ? " " : "";
      return `${wrapped(spec.left, rank)}${space}${spec.operator}${space}${wrapped(spec.right, rank + 1)}`;
    }
  }
}

/** How tightly a spec holds together: 1 sum, 2 product, 3 factor. */
function strength(spec: Spec): number {
  if (spec.kind === "transform") return 2;
  if (spec.kind !== "arithmetic") return 3;
  return spec.operator === "+" || spec.operator === "-" ? 1 : 2;
}

const wrapped = (spec: Spec, least: number) => strength(spec) < least ? `(${formatSpec(spec)})` : formatSpec(spec);

/** Whether a column's name can stand without backticks. */
function plain(name: string): boolean {
  if (ownColumns.includes(name)) return true;
  const head = name.slice(0, Math.max(0, name.lastIndexOf(".")));
  return /^[\p{L}_][\p{L}\p{N}_$]*(\.[\p{L}_][\p{L}\p{N}_]*)*$/u.test(name) &&
    ![name, head].some((word) => Object.hasOwn(indicators, word) || Object.hasOwn(transforms, word));
}

/**
 * Bars before a spec's first value, when every column it reads has values from the first bar on; a live loader fetches
 * that many more.
 */
export function warmupOf(spec: Spec): number {
  switch (spec.kind) {
    case "number":
    case "column":
      return 0;
    case "indicator":
      return indicators[spec.name].warmup(spec.params) + Math.max(0, ...spec.inputs.map(warmupOf));
    case "transform":
      return transforms[spec.name].warmup(spec.params) + warmupOf(spec.of);
    case "negative":
      return warmupOf(spec.of);
    case "arithmetic":
      return Math.max(warmupOf(spec.left), warmupOf(spec.right));
  }
}

/** The specs that a spec is made of. */
export function children(spec: Spec): readonly Spec[] {
  switch (spec.kind) {
    case "number":
    case "column":
      return [];
    case "indicator":
      return spec.inputs;
    case "arithmetic":
      return [spec.left, spec.right];
    default:
      return [spec.of];
  }
}
