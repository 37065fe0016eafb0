import { formatDate } from "../base/time.ts";
import type { Candles } from "../market/candles.ts";
import type { Params } from "./indicators/indicator.ts";
import { computeIndicators, indicators } from "./indicators/mod.ts";
import { type FeatureMatrix, newMatrix } from "./matrix.ts";
import { children, formatSpec, parseSpec, type Spec, warmupOf } from "./spec.ts";
import { divide, type Guard, transforms } from "./transforms.ts";

/** A matrix and what had to be guarded on the way. */
export interface Features extends FeatureMatrix {
  /** Canonical text of each feature: equal for equal features, however they were written. [F] */
  readonly specs: readonly string[];
  /** How often a feature divided by zero and got 0 for it: flat windows, bars without volume. Only those that did. */
  readonly guarded: Readonly<Record<string, number>>;
}

/**
 * Computes features of candles.
 *
 * Indicators that several features need are computed once, all those that read the candles in one pass. A value sees
 * the bars up to its own and nothing else (the prefix law). Dividing by zero gives 0 and is counted in `guarded`, as
 * TA-Lib answers an empty range; everything else that is not finite after a feature's warm-up is an error. Numbers
 * are 64-bit until they are laid into the matrix.
 *
 * @throws {SyntaxError} if a spec cannot be read
 * @throws {RangeError} if two specs say the same, the bars are fewer than the warm-up, or a value is not finite
 */
export function buildFeatures(candles: Candles, specs: readonly string[]): Features {
  const features = featureBuilder(specs, Object.keys(candles.extra))(candles);
  if (features.warmup < candles.length) return features;
  const slowest = [...features.specs.keys()].sort((a, b) => needs(features.specs[b]) - needs(features.specs[a]))[0];
  throw new RangeError(
    `Cannot build features of ${candles.length} bars of ${candles.symbol} as "${features.names[slowest]}" needs ` +
      `${needs(features.specs[slowest]) + 1} for its first value`,
  );

  function needs(text: string): number {
    return warmupOf(parseSpec(text, { columns: Object.keys(candles.extra) }));
  }
}

/**
 * Reads specs once, to be computed over many candles. Unlike `buildFeatures` it takes any number of bars: fewer than the
 * warm-up give NaN and nothing else.
 *
 * @param columns names of the further columns that the candles will have
 * @throws as `buildFeatures`
 */
export function featureBuilder(
  specs: readonly string[],
  columns: Iterable<string> = [],
): (candles: Candles) => Features {
  const names = specs.map((text) => text.trim());
  const extra = [...columns];
  const roots = names.map((text) => parseSpec(text, { columns: extra }));
  if (roots.length === 0) throw new RangeError("Cannot build features as the list of specs is empty");
  const texts = roots.map(formatSpec);
  for (const [f, text] of texts.entries()) {
    const same = texts.indexOf(text);
    if (same === f) continue;
    throw new RangeError(
      `Cannot build features as "${names[same]}" and "${names[f]}" are the same: both say ${text}`,
    );
  }
  const compute = planned(roots);
  return (candles) => {
    const { columns, hits, at } = compute(candles);
    for (const [f, column] of columns.entries()) checkFinite(candles, names[f], roots[f], column, at);
    const guarded = Object.fromEntries(
      names.map((name, f) => [name, hits[f]] as const).filter(([, count]) => count > 0),
    );
    return { ...newMatrix(names, candles.time, columns), specs: texts, guarded };
  };
}

interface Computed {
  readonly columns: Float64Array[]; // [F] of [T]
  readonly hits: number[]; // [F] divisions by zero
  readonly at: (spec: Spec) => Float64Array; // any part of a spec, for error messages
}

/** The indicator calls of a set of specs, by how deep they are nested in one another, and what computes the specs. */
function planned(roots: readonly Spec[]): (candles: Candles) => Computed {
  const keys = new Map<Spec, string>();
  const callKeys = new Map<Spec, string>(); // the same without the output: one call gives them all
  const calls = new Map<string, Call>();
  const depthOf = (spec: Spec): number => {
    keys.set(spec, formatSpec(spec));
    const below = Math.max(0, ...children(spec).map(depthOf));
    if (spec.kind !== "indicator") return below;
    const { name, params, inputs } = spec;
    const key = `${name}(${[...Object.values(params), ...inputs.map(formatSpec)].join(", ")})`;
    callKeys.set(spec, key);
    calls.set(key, { key, name, params, inputs, depth: below });
    return below + 1;
  };
  const depth = Math.max(0, ...roots.map(depthOf));
  const stages = Array.from({ length: depth }, (_, d) => [...calls.values()].filter((call) => call.depth === d));

  return (candles) => {
    const outputs = new Map<string, Float64Array[]>();
    const values = new Map<string, Float64Array>();
    const hits = new Map<string, number>();

    function at(spec: Spec): Float64Array {
      const key = keys.get(spec) ?? formatSpec(spec);
      let column = values.get(key);
      if (!column) values.set(key, column = evaluate(spec, key));
      return column;
    }
    function evaluate(spec: Spec, key: string): Float64Array {
      const guard: Guard = { hits: 0 };
      const column = (() => {
        switch (spec.kind) {
          case "number":
            return new Float64Array(candles.length).fill(spec.value);
          case "column":
            return readColumn(candles, spec.name);
          case "indicator":
            return outputs.get(callKeys.get(spec)!)![indicators[spec.name].outputs.indexOf(spec.output)];
          case "transform":
            return transforms[spec.name].run(at(spec.of), spec.params, guard);
          case "negative":
            return at(spec.of).map((x) => -x);
          case "arithmetic":
            return arithmetic(spec.operator, at(spec.left), at(spec.right), guard);
        }
      })();
      if (guard.hits > 0) hits.set(key, guard.hits);
      return column;
    }
    function hitsOf(spec: Spec, seen = new Set<string>()): number {
      const key = keys.get(spec)!;
      if (seen.has(key)) return 0;
      seen.add(key);
      return (hits.get(key) ?? 0) + children(spec).reduce((sum, child) => sum + hitsOf(child, seen), 0);
    }

    for (const stage of stages) run(stage, candles, at, outputs);
    const columns = roots.map(at);
    return { columns, hits: roots.map((root) => hitsOf(root)), at };
  };
}

interface Call {
  readonly key: string;
  readonly name: string;
  readonly params: Params;
  readonly inputs: readonly Spec[];
  readonly depth: number;
}

/** Runs the calls of one depth, all together, so that they share their work. */
function run(
  stage: readonly Call[],
  candles: Candles,
  at: (spec: Spec) => Float64Array,
  outputs: Map<string, Float64Array[]>,
): void {
  const together = stage.filter(({ inputs }) => inputs.length < 2);
  for (const { name, inputs } of together) {
    if (inputs.length === 0) { for (const column of indicators[name].inputs) readColumn(candles, column); }
  }
  const calls = together.map((call) => {
    const [input] = inputsOf(call, candles, at);
    return { name: call.name, params: call.params, ...input && { input } };
  });
  if (calls.length > 0) {
    for (const [i, columns] of computeIndicators(candles, calls).entries()) outputs.set(together[i].key, columns);
  }
  for (const call of stage) {
    if (call.inputs.length < 2) continue;
    const inputs = inputsOf(call, candles, at);
    const view = {
      ...candles,
      ...Object.fromEntries(indicators[call.name].inputs.map((name, i) => [name, inputs[i]])),
    };
    outputs.set(call.key, computeIndicators(view, [{ name: call.name, params: call.params }])[0]);
  }
}

/** What a call reads in place of its own columns. Must be finite from its first value on: a gap would hide in it. */
function inputsOf(call: Call, candles: Candles, at: (spec: Spec) => Float64Array): Float64Array[] {
  return call.inputs.map((spec) => {
    const input = at(spec);
    for (let t = firstKnown(input); t < input.length; t++) {
      if (input[t] - input[t] === 0) continue;
      const [part, value] = cause(spec, t, at);
      throw new RangeError(
        `Cannot build "${call.key}" of ${candles.symbol} as ${formatSpec(spec)} must be finite once it has begun: ` +
          `${part === spec ? "it" : formatSpec(part)} is ${value} at ${bar(candles, t)}${advice(part, value)}`,
      );
    }
    return input;
  });
}

function firstKnown(values: Float64Array): number {
  let t = 0;
  while (t < values.length && Number.isNaN(values[t])) t++;
  return t;
}

/** A column by name. Those that every bar has must be finite throughout: cleaning comes before features. */
function readColumn(candles: Candles, name: string): Float64Array {
  if (Object.hasOwn(candles.extra, name)) return candles.extra[name];
  if (name === "filled") return Float64Array.from(candles.filled);
  const column = candles[name as "$close"];
  if (column === undefined) {
    throw new RangeError(`Cannot build features of ${candles.symbol} as its data has no column "${name}"`);
  }
  let bad = 0;
  while (bad < column.length && column[bad] - column[bad] === 0) bad++; // 0 for what is finite, NaN for the rest
  if (bad === column.length) return column;
  throw new RangeError(
    `Cannot build features of ${candles.symbol} as ${name} must be finite: it is ${column[bad]} at ${
      bar(candles, bad)
    }; clean the data first`,
  );
}

function arithmetic(operator: string, a: Float64Array, b: Float64Array, guard: Guard): Float64Array {
  const out = new Float64Array(a.length);
  if (operator === "+") { for (let t = 0; t < out.length; t++) out[t] = a[t] + b[t]; }
  else if (operator === "-") { for (let t = 0; t < out.length; t++) out[t] = a[t] - b[t]; }
  else if (operator === "*") { for (let t = 0; t < out.length; t++) out[t] = a[t] * b[t]; }
  else for (let t = 0; t < out.length; t++) out[t] = divide(a[t], b[t], guard);
  return out;
}

const bar = (candles: Candles, t: number) => `bar ${t} (${formatDate(candles.time[t])} UTC)`;

function checkFinite(
  candles: Candles,
  name: string,
  root: Spec,
  column: Float64Array,
  at: (spec: Spec) => Float64Array,
): void {
  const largest = 3.4028235677973366e38; // from here on it is infinite as a 32-bit float
  const start = startOf(root, at);
  if (allFit(column, start)) return;
  for (let t = start; t < column.length; t++) {
    if (Math.abs(column[t]) < largest) continue; // false for NaN too
    const [part, value] = cause(root, t, at);
    const where = part === root ? "it" : formatSpec(part);
    throw new RangeError(
      `Cannot build the feature "${name}" of ${candles.symbol} as it must be finite after its warm-up: ${where} is ` +
        `${value} at ${bar(candles, t)}${advice(part, value)}`,
    );
  }
}

/** Whether all values from `start` on are finite as 32-bit floats: x − x is 0 for those and NaN for the others. */
function allFit(column: Float64Array, start: number): boolean {
  let [a, b, c, d] = [0, 0, 0, 0]; // side by side: one sum would wait for itself at every value
  let t = start;
  for (; t + 3 < column.length; t += 4) {
    const [w, x, y, z] = [f32(column[t]), f32(column[t + 1]), f32(column[t + 2]), f32(column[t + 3])];
    a += w - w;
    b += x - x;
    c += y - y;
    d += z - z;
  }
  for (; t < column.length; t++) a += f32(column[t]) - f32(column[t]);
  return a + b + c + d === 0;
}

const f32 = Math.fround;

/** First bar at which a spec must have a value: that of the columns it reads, and the warm-ups on the way. */
function startOf(spec: Spec, at: (spec: Spec) => Float64Array): number {
  if (spec.kind === "column") return firstKnown(at(spec));
  const start = Math.max(0, ...children(spec).map((child) => startOf(child, at)));
  if (spec.kind === "indicator") return start + indicators[spec.name].warmup(spec.params);
  return spec.kind === "transform" ? start + transforms[spec.name].warmup(spec.params) : start;
}

/** The innermost part that is not finite at bar `t`. */
function cause(spec: Spec, t: number, at: (spec: Spec) => Float64Array): [Spec, number] {
  for (const child of children(spec)) {
    if (!Number.isFinite(at(child)[t])) return cause(child, t, at);
  }
  return [spec, at(spec)[t]];
}

function advice(spec: Spec, value: number): string {
  if (Number.isFinite(value)) return ", more than a 32-bit float can hold";
  if (spec.kind === "column" && Number.isNaN(value)) {
    return `; write ${formatSpec(spec)}/fill to carry the last known value forward`;
  }
  if (spec.kind !== "transform") return "";
  if (spec.name === "log") return `; a logarithm needs more than 0: log1p takes 0 too`;
  if (spec.name === "logreturn") return `; a logarithm needs values of one sign: diff takes any`;
  return "";
}
