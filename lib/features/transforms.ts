import type { Params } from "./indicators/indicator.ts";

/** Counts how often a division by zero was answered with 0. */
export interface Guard {
  hits: number;
}

/** What may follow a slash in a spec: `$close/return`, `$volume/zscore(50)`. Looks at the past only. */
export interface Transform {
  /** Defaults in the order a spec gives them; NaN where a spec must say it. Names ending in "period" are bars, ≥ 1. */
  readonly params: Params;
  /** What it gives, in a few words. */
  readonly about: string;
  /** Bars it needs before its first value. */
  warmup(params: Params): number;
  /** [T] in, [T] out; NaN where an input it needs is NaN. */
  run(values: Float64Array, params: Params, guard: Guard): Float64Array;
}

/**
 * `a / b`, and 0 where `b` is 0, counted: no volume, an empty range and a flat window say nothing, and 0 is what TA-Lib
 * says there.
 */
export function divide(a: number, b: number, guard: Guard): number {
  if (b !== 0) return a / b;
  if (Number.isNaN(a)) return NaN;
  guard.hits++;
  return 0;
}

const none: Params = {};
const still = () => 0;

/** A value made of each value alone. */
function each(about: string, change: (x: number, params: Params) => number, params: Params = none): Transform {
  return { about, params, warmup: still, run: (values, given) => values.map((x) => change(x, given)) };
}

/** A value made of each value and the one `period` bars before. */
function since(about: string, join: (now: number, then: number, guard: Guard) => number): Transform {
  return {
    about,
    params: { period: 1 },
    warmup: ({ period }) => period,
    run(values, { period }, guard) {
      const out = new Float64Array(values.length).fill(NaN);
      for (let t = period; t < values.length; t++) out[t] = join(values[t], values[t - period], guard);
      return out;
    },
  };
}

/**
 * A value made of the last `period` values. Each window is worked out anew, so a value depends on its window alone: it
 * cannot drift, and it is the same wherever the data begins.
 */
function rolling(
  about: string,
  fold: (values: Float64Array, from: number, to: number, guard: Guard) => number,
): Transform {
  return {
    about,
    params: { period: NaN },
    warmup: ({ period }) => period - 1,
    run(values, { period }, guard) {
      const out = new Float64Array(values.length).fill(NaN);
      for (let t = period - 1; t < values.length; t++) out[t] = fold(values, t - period + 1, t + 1, guard);
      return out;
    },
  };
}

function sum(values: Float64Array, from: number, to: number): number {
  let total = 0;
  for (let t = from; t < to; t++) total += values[t];
  return total;
}

function average(values: Float64Array, from: number, to: number): number {
  return sum(values, from, to) / (to - from);
}

/** Population standard deviation; exactly 0 when the window is flat, whatever rounding says. */
function deviation(values: Float64Array, from: number, to: number, centre = average(values, from, to)): number {
  let [squares, flat] = [0, true];
  for (let t = from; t < to; t++) {
    squares += (values[t] - centre) ** 2;
    if (values[t] !== values[from]) flat = false;
  }
  return flat ? 0 : Math.sqrt(squares / (to - from));
}

function extreme(pick: (a: number, b: number) => number) {
  return (values: Float64Array, from: number, to: number): number => {
    let best = values[from];
    for (let t = from + 1; t < to; t++) best = pick(best, values[t]);
    return best;
  };
}

/** Share of the window that the newest value is above, ties counting half: 0 lowest, 1 highest, ½ all equal. */
function percentile(values: Float64Array, from: number, to: number): number {
  const newest = values[to - 1];
  let [below, equal] = [0, 0];
  for (let t = from; t < to - 1; t++) {
    if (Number.isNaN(values[t])) return NaN;
    if (values[t] < newest) below++;
    else if (values[t] === newest) equal++;
  }
  return to - from === 1 ? 0.5 : Number.isNaN(newest) ? NaN : (below + equal / 2) / (to - from - 1);
}

/** Every transform by the name a spec uses. */
export const transforms: Readonly<Record<string, Transform>> = {
  return: since("change over `period` bars, as a fraction", (now, then, guard) => {
    const hits = guard.hits;
    const ratio = divide(now, then, guard);
    return guard.hits > hits ? 0 : ratio - 1;
  }),
  logreturn: since("the same as a difference of logarithms", (now, then, guard) => {
    const ratio = divide(now, then, guard);
    if (ratio !== 0) return Math.log(ratio);
    if (then !== 0) guard.hits++; // from something to nothing: its logarithm has no end
    return 0;
  }),
  diff: since("change over `period` bars", (now, then) => now - then),
  lag: since("the value `period` bars before", (_now, then) => then),
  mean: rolling("rolling mean", average),
  sum: rolling("rolling sum", sum),
  std: rolling("rolling standard deviation (population)", (values, from, to) => deviation(values, from, to)),
  min: rolling("rolling minimum", extreme(Math.min)),
  max: rolling("rolling maximum", extreme(Math.max)),
  zscore: rolling("distance from the rolling mean in rolling standard deviations", (values, from, to, guard) => {
    const centre = average(values, from, to);
    return divide(values[to - 1] - centre, deviation(values, from, to, centre), guard);
  }),
  rank: rolling("share of the window that the newest value is above", percentile),
  abs: each("size without sign", Math.abs),
  sign: each("-1, 0 or 1", Math.sign),
  log: each("natural logarithm", Math.log),
  log1p: each("natural logarithm of 1 + x", Math.log1p),
  sqrt: each("square root", Math.sqrt),
  tanh: each("squashed into -1..1", Math.tanh),
  clip: each("kept within low..high", (x, { low, high }) => Math.min(high, Math.max(low, x)), { low: NaN, high: NaN }),
  fill: {
    about: "NaN replaced by the last known value",
    params: none,
    warmup: still,
    run(values) {
      const out = Float64Array.from(values);
      for (let t = 1; t < out.length; t++) if (Number.isNaN(out[t])) out[t] = out[t - 1];
      return out;
    },
  },
};
