import { computeAlone } from "./compute.ts";
import { type Indicator, indicator, type Kernel, type Params } from "./indicator.ts";
import { inTurn, type Step, workColumn } from "./step.ts";

/**
 * True range and directional movement, and all that is made of them: each once, and only what is asked for.
 * Source: Wilder 1978, sec. III and IV.
 */
const kernel: Kernel = ([high, low, close], [period = 1], jobs) => {
  const column = (name: string) => jobs[name]?.outputs[0] ?? workColumn(high.length);
  const ranges = column("trange");
  const steps = [rangeStep(high, low, close, ranges)];
  if (jobs.atr || jobs.natr) {
    const averages = column("atr");
    steps.push(averageRangeStep(ranges, period, averages));
    if (jobs.natr) steps.push(percentStep(averages, close, period, jobs.natr.outputs[0]));
  }
  const indexed = jobs.dx || jobs.adx || jobs.adxr;
  if (jobs.plus_di || jobs.minus_di || indexed) {
    const [plus, minus] = [column("plus_di"), column("minus_di")];
    steps.push(directionStep(high, low, ranges, period, plus, minus));
    if (indexed) {
      const adx = column("adx");
      steps.push(indexStep(plus, minus, period, column("dx"), adx));
      if (jobs.adxr) steps.push(ratingStep(adx, period, jobs.adxr.outputs[0]));
    }
  }
  return inTurn(...steps);
};

/** The bar's range, drawn out to the close before it. */
function rangeStep(high: Float64Array, low: Float64Array, close: Float64Array, out: Float64Array): Step {
  return (from, to) => {
    for (let t = Math.max(from, 1); t < to; t++) {
      const before = close[t - 1];
      const top = high[t];
      const bottom = low[t];
      out[t] = top - bottom + positive(before - top) + positive(bottom - before);
    }
  };
}

/** Wilder's average, begun with the mean of the first `period` ranges. Its n-fold is what goes from bar to bar. */
function averageRangeStep(ranges: Float64Array, period: number, out: Float64Array): Step {
  const share = 1 / period;
  let state = { sum: 0 };
  return (from, to) => {
    let { sum } = state;
    let t = Math.max(from, 1);
    for (const end = Math.min(to, period); t < end; t++) sum += ranges[t];
    for (let keep = t === period ? 1 : 1 - share; t < to; t++) {
      sum = sum * keep + ranges[t];
      keep = 1 - share;
      out[t] = sum * share;
    }
    state = { sum };
  };
}

/** In percent of the close; with a period of 1 as it is, as TA-Lib does. */
function percentStep(averages: Float64Array, close: Float64Array, period: number, out: Float64Array): Step {
  return (from, to) => {
    for (let t = from; t < to; t++) {
      out[t] = period === 1 ? averages[t] : close[t] !== 0 ? averages[t] / close[t] * 100 : 0;
    }
  };
}

/**
 * +DI and −DI: sums of upward and of downward movement in percent of the sum of ranges (with a period of 1 as
 * fractions, as TA-Lib does). Wilder's sums keep (n − 1)/n of themselves at each bar and add the new; the first n − 1
 * bars are added whole. A movement counts if it is positive and larger than the one the other way.
 */
function directionStep(
  high: Float64Array,
  low: Float64Array,
  ranges: Float64Array,
  period: number,
  plus: Float64Array,
  minus: Float64Array,
): Step {
  const kept = 1 - 1 / period;
  const percent = period === 1 ? 1 : 100;
  let state = { up: 0, down: 0, range: 0 };
  return (from, to) => {
    let { up, down, range } = state;
    for (let t = Math.max(from, 1); t < to; t++) {
      const keep = t < period ? 1 : kept;
      const rise = high[t] - high[t - 1];
      const fall = low[t - 1] - low[t];
      up = up * keep + positive(rise) * +(rise > fall);
      down = down * keep + positive(fall) * +(fall > rise);
      range = range * keep + ranges[t];
      const scale = range > 0 ? percent / range : 0;
      plus[t] = up * scale;
      minus[t] = down * scale;
    }
    state = { up, down, range };
  };
}

/** Difference of the two as a share of their sum, and Wilder's average of that, begun with the mean of the first. */
function indexStep(
  plus: Float64Array,
  minus: Float64Array,
  period: number,
  dx: Float64Array,
  adx: Float64Array,
): Step {
  const share = 1 / period;
  let state = { index: 0, sum: 0 };
  return (from, to) => {
    let { index, sum } = state;
    for (let t = Math.max(from, period); t < to; t++) {
      const keep = t < 2 * period ? 1 : 1 - share;
      const both = plus[t] + minus[t];
      if (both >= 1e-14) { // else all stays as it was
        index = 100 * Math.abs(plus[t] - minus[t]) / both;
        sum = sum * keep + index;
      }
      dx[t] = index;
      adx[t] = sum * share;
    }
    state = { index, sum };
  };
}

/** The mean of the ADX now and `period - 1` bars ago. */
function ratingStep(adx: Float64Array, period: number, out: Float64Array): Step {
  return (from, to) => {
    for (let t = Math.max(from, period); t < to; t++) out[t] = (adx[t] + adx[t - period + 1]) / 2;
  };
}

/** `x` where it is positive, else 0, without a branch: nobody, and no processor, can foresee it. */
function positive(x: number): number {
  return 0.5 * (x + Math.abs(x));
}

function entry(name: string, least: number, warmup: (period: number) => number): Indicator {
  return indicator({
    name,
    inputs: ["$high", "$low", "$close"],
    params: { timeperiod: 14 },
    limits: { timeperiod: [least, 100_000] },
    outputs: [name],
    warmup: ({ timeperiod }: Params) => warmup(timeperiod),
    kernel,
    shares: ({ timeperiod }) => [timeperiod],
  });
}

type Name = "trange" | "atr" | "natr" | "plus_di" | "minus_di" | "dx" | "adx" | "adxr";

/** True range and directional movement, for the table. */
export const movementIndicators: Record<Name, Indicator> = {
  trange: indicator({
    name: "trange",
    inputs: ["$high", "$low", "$close"],
    params: {},
    outputs: ["trange"],
    warmup: () => 1,
    kernel,
  }),
  atr: entry("atr", 1, (period) => period),
  natr: entry("natr", 1, (period) => period),
  plus_di: entry("plus_di", 1, (period) => period),
  minus_di: entry("minus_di", 1, (period) => period),
  dx: entry("dx", 2, (period) => period),
  adx: entry("adx", 2, (period) => 2 * period - 1),
  adxr: entry("adxr", 2, (period) => 3 * period - 2),
};

/**
 * True range: the bar's range, drawn out to the close before it. Quote currency, 0 or more. Source: Wilder 1978, sec. III.
 *
 * @param high quote currency [T]
 * @param low quote currency [T]
 * @param close quote currency [T]
 * @returns [T]; NaN at index 0
 */
export function trange(high: Float64Array, low: Float64Array, close: Float64Array): Float64Array {
  return computeAlone(movementIndicators.trange, [high, low, close], {})[0];
}

/**
 * Average true range: Wilder's average, begun with the mean of the first `timeperiod` true ranges. Quote currency.
 * Source: Wilder 1978, sec. III.
 *
 * @returns [T]; NaN before index `timeperiod`
 * @throws {RangeError} if `timeperiod` is not a whole number from 1 to 100,000
 */
export function atr(high: Float64Array, low: Float64Array, close: Float64Array, timeperiod = 14): Float64Array {
  return computeAlone(movementIndicators.atr, [high, low, close], { timeperiod })[0];
}

/** Average true range in percent of the close (with a period of 1 not in percent, as TA-Lib does). As `atr`. */
export function natr(high: Float64Array, low: Float64Array, close: Float64Array, timeperiod = 14): Float64Array {
  return computeAlone(movementIndicators.natr, [high, low, close], { timeperiod })[0];
}

/**
 * Wilder's +DI, 0..100: the upward movement of a window's bars as a share of their true range (with a period of 1 as a
 * fraction and not in percent, as TA-Lib does). 0 where nothing moved. Source: Wilder 1978, sec. IV.
 *
 * @returns [T]; NaN before index `timeperiod`
 * @throws {RangeError} if `timeperiod` is not a whole number from 1 to 100,000
 */
export function plusDi(high: Float64Array, low: Float64Array, close: Float64Array, timeperiod = 14): Float64Array {
  return computeAlone(movementIndicators.plus_di, [high, low, close], { timeperiod })[0];
}

/** Wilder's −DI: the downward movement. Otherwise as `plusDi`. */
export function minusDi(high: Float64Array, low: Float64Array, close: Float64Array, timeperiod = 14): Float64Array {
  return computeAlone(movementIndicators.minus_di, [high, low, close], { timeperiod })[0];
}

/**
 * Directional movement index, 0..100: the difference of +DI and −DI as a share of their sum. Where both are 0 it stays
 * as it was, at first 0. Source: Wilder 1978, sec. IV.
 *
 * @returns [T]; NaN before index `timeperiod`
 * @throws {RangeError} if `timeperiod` is not a whole number from 2 to 100,000
 */
export function dx(high: Float64Array, low: Float64Array, close: Float64Array, timeperiod = 14): Float64Array {
  return computeAlone(movementIndicators.dx, [high, low, close], { timeperiod })[0];
}

/**
 * Average directional movement index, 0..100: Wilder's average of `dx`. Source: Wilder 1978, sec. IV.
 *
 * @returns [T]; NaN before index `2 timeperiod - 1`
 * @throws {RangeError} if `timeperiod` is not a whole number from 2 to 100,000
 */
export function adx(high: Float64Array, low: Float64Array, close: Float64Array, timeperiod = 14): Float64Array {
  return computeAlone(movementIndicators.adx, [high, low, close], { timeperiod })[0];
}

/**
 * ADX rating, 0..100: the mean of the ADX now and `timeperiod - 1` bars ago. Source: Wilder 1978, sec. IV.
 *
 * @returns [T]; NaN before index `3 timeperiod - 2`
 * @throws {RangeError} if `timeperiod` is not a whole number from 2 to 100,000
 */
export function adxr(high: Float64Array, low: Float64Array, close: Float64Array, timeperiod = 14): Float64Array {
  return computeAlone(movementIndicators.adxr, [high, low, close], { timeperiod })[0];
}
