import { spareColumn } from "./block.ts";
import { computeAlone } from "./compute.ts";
import { type Indicator, indicator, type Kernel, type Params } from "./indicator.ts";

/**
 * True range and directional movement, and all that is made of them, in one pass. Source: Wilder 1978, sec. III and IV.
 *
 * Wilder's sum of x keeps (n − 1)/n of itself at each bar and adds x; at first it keeps all. The average true range,
 * and the ADX, are such a sum divided by n. An upward difference counts if it is positive and larger than the downward
 * one, and the other way round. These are picked by arithmetic and not by branches: nobody can predict them.
 */
const kernel: Kernel = ([high, low, close], [period = 1], jobs) => {
  const length = high.length;
  const column = (name: string) => jobs[name]?.outputs[0] ?? spareColumn(length);
  const [ranges, averages, percents] = ["trange", "atr", "natr"].map(column);
  const [ups, downs, indices, adxr] = ["plus_di", "minus_di", "dx", "adxr"].map(column);
  const adx = jobs.adx?.outputs[0] ?? (jobs.adxr ? new Float64Array(length) : spareColumn(length));
  const [averaged, directed] = [
    jobs.atr || jobs.natr,
    jobs.plus_di || jobs.minus_di || jobs.dx || jobs.adx || jobs.adxr,
  ]
    .map(Boolean);
  const share = 1 / period;
  const percent = period === 1 ? 1 : 100; // TA-Lib gives the DI of single bars as a fraction

  let [up, down, range, rangeSum, indexSum, index] = [0, 0, 0, 0, 0, 0];
  const kept = 1 - share;
  const phases = [
    { end: period, keep: 1, keepRange: 1, keepIndex: 1 },
    { end: period + 1, keep: kept, keepRange: 1, keepIndex: 1 },
    { end: 2 * period, keep: kept, keepRange: kept, keepIndex: 1 },
    { end: length, keep: kept, keepRange: kept, keepIndex: kept },
  ];
  let t = 1;
  for (const { end, keep, keepRange, keepIndex } of phases) {
    for (; t < Math.min(end, length); t++) {
      const before = close[t - 1];
      const trueRange = high[t] - low[t] + positive(before - high[t]) + positive(low[t] - before);
      ranges[t] = trueRange;
      if (averaged) {
        rangeSum = rangeSum * keepRange + trueRange;
        const average = rangeSum * share;
        averages[t] = average;
        percents[t] = period === 1 ? average : close[t] !== 0 ? average / close[t] * 100 : 0;
      }
      if (!directed) continue;
      const rise = high[t] - high[t - 1];
      const fall = low[t - 1] - low[t];
      up = up * keep + positive(rise) * +(rise > fall);
      down = down * keep + positive(fall) * +(fall > rise);
      range = range * keep + trueRange;
      if (t < period) continue;
      const scale = range > 0 ? percent / range : 0;
      const plus = up * scale;
      const minus = down * scale;
      ups[t] = plus;
      downs[t] = minus;
      const both = plus + minus;
      if (both >= 1e-14) {
        index = 100 * Math.abs(plus - minus) / both;
        indexSum = indexSum * keepIndex + index;
      }
      indices[t] = index;
      const average = indexSum * share;
      adx[t] = average;
      adxr[t] = (average + adx[t - period + 1]) / 2;
    }
  }
};

/** `x` where it is positive, else 0, without a branch. */
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
