import { spareColumn } from "./block.ts";
import { computeAlone } from "./compute.ts";
import { type Indicator, indicator, type Kernel, type Params } from "./indicator.ts";
import { averageWarmup, fillAverage } from "./moving_average.ts";

/**
 * Highest high and lowest low of the last `period` bars, found once for all that is made of them. An extreme is kept
 * until it leaves the window or is reached again (the later of equals counts); then the window is searched.
 */
const kernel: Kernel = ([high, low, close], [period], { midprice, willr, stoch, aroon, aroonosc }) => {
  const length = high.length;
  const spare = spareColumn(length);
  const middle = midprice?.outputs[0] ?? spare;
  const williams = willr?.outputs[0] ?? spare;
  const fastK = stoch?.outputs[1] ?? spare; // where the slow D will be, for now
  const [down, up] = aroon?.outputs ?? [spare, spare];
  const swing = aroonosc?.outputs[0] ?? spare;
  const places = willr || stoch ? close : high;
  const [wantsPlace, wantsAge] = [Boolean(willr || stoch), Boolean(aroon || aroonosc)];
  const percent = 100 / period;

  let [top, bottom, topAt, bottomAt] = [0, 0, -1, -1];
  for (let t = period - 1; t < length; t++) {
    const first = t - period + 1;
    const [newHigh, newLow] = [high[t], low[t]];
    if (topAt < first) {
      [top, topAt] = [high[first], first];
      for (let i = first + 1; i <= t; i++) if (high[i] >= top) [top, topAt] = [high[i], i];
    } else if (newHigh >= top) {
      [top, topAt] = [newHigh, t];
    }
    if (bottomAt < first) {
      [bottom, bottomAt] = [low[first], first];
      for (let i = first + 1; i <= t; i++) if (low[i] <= bottom) [bottom, bottomAt] = [low[i], i];
    } else if (newLow <= bottom) {
      [bottom, bottomAt] = [newLow, t];
    }
    middle[t] = (top + bottom) / 2;
    if (wantsPlace) {
      const range = top - bottom;
      williams[t] = range > 0 ? -100 * ((top - places[t]) / range) : 0;
      fastK[t] = range > 1e-14 * (Math.abs(top) + Math.abs(bottom)) ? 100 * ((places[t] - bottom) / range) : 0;
    }
    if (wantsAge && t >= period) { // Aroon looks one bar further back
      const [oldHigh, oldLow] = [high[t - period], low[t - period]];
      const topAge = oldHigh > top ? period : t - topAt;
      const bottomAge = oldLow < bottom ? period : t - bottomAt;
      up[t] = percent * (period - topAge);
      down[t] = percent * (period - bottomAge);
      swing[t] = percent * (bottomAge - topAge);
    }
  }
  if (stoch) smoothStochastic(stoch.params, stoch.outputs);
};

/** Slow K is the average of fast K, which is where D is to be; D is the average of slow K. */
function smoothStochastic(params: Params, [k, d]: readonly Float64Array[]): void {
  const start = params.fastk_period - 1;
  const next = start + averageWarmup(params.slowk_period, params.slowk_matype);
  fillAverage(d.subarray(start), params.slowk_period, params.slowk_matype, k.subarray(start));
  fillAverage(k.subarray(next), params.slowd_period, params.slowd_matype, d.subarray(next));
}

const shares = ({ timeperiod }: Params) => [timeperiod];
const fromTwo = { timeperiod: [2, 100_000] } as const;

export const extremeIndicators: Record<"midprice" | "willr" | "stoch" | "aroon" | "aroonosc", Indicator> = {
  midprice: indicator({
    name: "midprice",
    inputs: ["$high", "$low"],
    params: { timeperiod: 14 },
    limits: fromTwo,
    outputs: ["midprice"],
    warmup: ({ timeperiod }) => timeperiod - 1,
    kernel,
    shares,
  }),
  willr: indicator({
    name: "willr",
    inputs: ["$high", "$low", "$close"],
    params: { timeperiod: 14 },
    limits: fromTwo,
    outputs: ["willr"],
    warmup: ({ timeperiod }) => timeperiod - 1,
    kernel,
    shares,
  }),
  stoch: indicator({
    name: "stoch",
    inputs: ["$high", "$low", "$close"],
    params: { fastk_period: 14, slowk_period: 3, slowk_matype: 0, slowd_period: 3, slowd_matype: 0 },
    outputs: ["k", "d"],
    warmup: ({ fastk_period, slowk_period, slowk_matype, slowd_period, slowd_matype }) =>
      fastk_period - 1 + averageWarmup(slowk_period, slowk_matype) + averageWarmup(slowd_period, slowd_matype),
    kernel,
    shares: ({ fastk_period }) => [fastk_period],
  }),
  aroon: indicator({
    name: "aroon",
    inputs: ["$high", "$low"],
    params: { timeperiod: 14 },
    limits: fromTwo,
    outputs: ["down", "up"],
    warmup: ({ timeperiod }) => timeperiod,
    kernel,
    shares,
  }),
  aroonosc: indicator({
    name: "aroonosc",
    inputs: ["$high", "$low"],
    params: { timeperiod: 14 },
    limits: fromTwo,
    outputs: ["aroonosc"],
    warmup: ({ timeperiod }) => timeperiod,
    kernel,
    shares,
  }),
};

/**
 * Midpoint of the highest high and the lowest low of the last `timeperiod` bars.
 *
 * @param high quote currency [T]
 * @param low quote currency [T]
 * @returns [T]; NaN before index `timeperiod - 1`
 * @throws {RangeError} if `timeperiod` is not a whole number from 2 to 100,000
 */
export function midprice(high: Float64Array, low: Float64Array, timeperiod = 14): Float64Array {
  return computeAlone(extremeIndicators.midprice, [high, low], { timeperiod })[0];
}

/**
 * Williams' %R, −100 (at the lowest low of the window) to 0 (at the highest high); 0 in a window without range.
 *
 * @returns [T]; NaN before index `timeperiod - 1`
 * @throws {RangeError} if `timeperiod` is not a whole number from 2 to 100,000
 */
export function willr(high: Float64Array, low: Float64Array, close: Float64Array, timeperiod = 14): Float64Array {
  return computeAlone(extremeIndicators.willr, [high, low, close], { timeperiod })[0];
}

/** The stochastic oscillator's lines, 0..100. [T] each */
export interface Stochastic {
  readonly k: Float64Array;
  readonly d: Float64Array; // k smoothed
}

/** Parameters of `stoch`; the types are TA-Lib's numbers (`averageTypes`). */
export interface StochasticParams {
  readonly fastk_period?: number; // window of the extremes, default 14
  readonly slowk_period?: number; // default 3
  readonly slowk_matype?: number; // default 0, simple
  readonly slowd_period?: number; // default 3
  readonly slowd_matype?: number; // default 0, simple
}

/**
 * Stochastic oscillator (slow): where the close lies between the lowest low and the highest high of a window, smoothed,
 * and that smoothed again; 0 in a window without range. Source: Lane.
 *
 * @returns [T] each; both NaN before D's first value: index `fastk_period + slowk_period + slowd_period - 3` with simple
 * averages
 * @throws {RangeError} if a period is not a whole number from 1 to 100,000, or a type is not known
 */
export function stoch(
  high: Float64Array,
  low: Float64Array,
  close: Float64Array,
  params: StochasticParams = {},
): Stochastic {
  const [k, d] = computeAlone(extremeIndicators.stoch, [high, low, close], { ...params });
  return { k, d };
}

/** Aroon's lines, 0..100. [T] each */
export interface Aroon {
  readonly down: Float64Array;
  readonly up: Float64Array;
}

/**
 * Aroon: how recent the highest high (`up`) and the lowest low (`down`) of the last `timeperiod + 1` bars are: 100 now,
 * 0 `timeperiod` bars ago; the later of equals counts. Source: Chande 1995.
 *
 * @returns [T] each; NaN before index `timeperiod`
 * @throws {RangeError} if `timeperiod` is not a whole number from 2 to 100,000
 */
export function aroon(high: Float64Array, low: Float64Array, timeperiod = 14): Aroon {
  const [down, up] = computeAlone(extremeIndicators.aroon, [high, low], { timeperiod });
  return { down, up };
}

/** Aroon oscillator: `up` less `down`, −100..100. Otherwise as `aroon`. */
export function aroonosc(high: Float64Array, low: Float64Array, timeperiod = 14): Float64Array {
  return computeAlone(extremeIndicators.aroonosc, [high, low], { timeperiod })[0];
}
