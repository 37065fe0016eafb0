import { computeAlone } from "./compute.ts";
import { type Indicator, indicator, type Kernel, type Params } from "./indicator.ts";
import { spareColumn, type Step } from "./step.ts";

/** Weight of the newest value in an exponential average. */
export function weight(period: number): number {
  return 2 / (period + 1);
}

/**
 * The start of a chain of exponential averages, each of the one before it: level k begins with the mean of the first
 * `period` values of level k − 1, TA-Lib's way.
 *
 * @returns the values of each level up to index `levels * (period - 1)`, where the last begins (or the end of the
 * series); level k starts at index `k * (period - 1)`, so each is `period - 1` shorter than the one before
 */
export function startChain(values: Float64Array, period: number, levels: number): Float64Array[] {
  const alpha = weight(period);
  const chain: Float64Array[] = [];
  let below = values.subarray(0, levels * (period - 1) + 1);
  for (let level = 1; level <= levels; level++) {
    const own = new Float64Array(Math.max(0, below.length - period + 1));
    if (own.length > 0) own[0] = below.subarray(0, period).reduce((sum, value) => sum + value, 0) / period;
    for (let i = 1; i < own.length; i++) own[i] = (below[i + period - 1] - own[i - 1]) * alpha + own[i - 1];
    chain.push(own);
    below = own;
  }
  return chain;
}

/** Writes the exponential average of `values`, the double and the triple one, as far as they are asked for. */
export function exponentialStep(
  values: Float64Array,
  period: number,
  out: { single?: Float64Array | undefined; double?: Float64Array | undefined; triple?: Float64Array | undefined },
): Step {
  const levels = out.triple ? 3 : out.double ? 2 : 1;
  const spare = spareColumn(values.length);
  const { single = spare, double = spare, triple = spare } = out;
  const alpha = weight(period);
  const lag = period - 1;
  const start = Math.min(levels * lag, values.length - 1);
  const begin = (to: number) => {
    const [first, second, third] = startChain(values.subarray(0, to), period, levels);
    first.forEach((e1, i) => single[lag + i] = e1);
    second?.forEach((e2, i) => double[2 * lag + i] = 2 * first[lag + i] - e2);
    third?.forEach((e3, i) => triple[3 * lag + i] = 3 * first[2 * lag + i] - 3 * second[lag + i] + e3);
    return { e1: lastOf(first), e2: lastOf(second), e3: lastOf(third) };
  };
  let state = { e1: 0, e2: 0, e3: 0 };
  return (from, to) => {
    if (from <= start) state = begin(to); // as far as it goes: the single average is known before the triple one
    let { e1, e2, e3 } = state;
    for (let t = Math.max(from, start + 1); t < to; t++) {
      e1 = (values[t] - e1) * alpha + e1;
      single[t] = e1;
      if (levels === 1) continue;
      e2 = (e1 - e2) * alpha + e2;
      double[t] = 2 * e1 - e2;
      if (levels === 2) continue;
      e3 = (e2 - e3) * alpha + e3;
      triple[t] = 3 * e1 - 3 * e2 + e3;
    }
    state = { e1, e2, e3 };
  };
}

/** The last value of a level of a chain; 0 if it has none. */
export function lastOf(level: Float64Array | undefined): number {
  return level?.at(-1) ?? 0;
}

const kernel: Kernel = ([values], [period], { ema, dema, tema }) =>
  exponentialStep(values, period, { single: ema?.outputs[0], double: dema?.outputs[0], triple: tema?.outputs[0] });

function entry(name: string, levels: number): Indicator {
  return indicator({
    name,
    inputs: ["$close"],
    params: { timeperiod: 20 },
    outputs: [name],
    warmup: ({ timeperiod }: Params) => levels * (timeperiod - 1),
    kernel,
    shares: ({ timeperiod }) => [timeperiod],
  });
}

/** Exponential averages, for the table. */
export const exponentialIndicators: Record<"ema" | "dema" | "tema", Indicator> = {
  ema: entry("ema", 1),
  dema: entry("dema", 2),
  tema: entry("tema", 3),
};

/**
 * Exponential moving average with weight `2 / (timeperiod + 1)`, begun at the mean of the first `timeperiod` values.
 *
 * @param values any series, finite after a start of NaN [T]
 * @returns [T]; NaN before index `timeperiod - 1`
 * @throws {RangeError} if `timeperiod` is not a whole number from 1 to 100,000
 */
export function ema(values: Float64Array, timeperiod = 20): Float64Array {
  return computeAlone(exponentialIndicators.ema, [values], { timeperiod })[0];
}

/**
 * Double exponential moving average: twice the average less the average of the average. Source: Mulloy 1994.
 *
 * @returns [T]; NaN before index `2 (timeperiod - 1)`
 * @throws {RangeError} if `timeperiod` is not a whole number from 1 to 100,000
 */
export function dema(values: Float64Array, timeperiod = 20): Float64Array {
  return computeAlone(exponentialIndicators.dema, [values], { timeperiod })[0];
}

/**
 * Triple exponential moving average: 3 e1 − 3 e2 + e3, each the average of the one before. Source: Mulloy 1994.
 *
 * @returns [T]; NaN before index `3 (timeperiod - 1)`
 * @throws {RangeError} if `timeperiod` is not a whole number from 1 to 100,000
 */
export function tema(values: Float64Array, timeperiod = 20): Float64Array {
  return computeAlone(exponentialIndicators.tema, [values], { timeperiod })[0];
}
