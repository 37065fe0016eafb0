import { spareColumn } from "./block.ts";
import { computeAlone } from "./compute.ts";
import { type Indicator, indicator, type Kernel, type Params } from "./indicator.ts";
import { averageWarmup, fillAverage } from "./moving_average.ts";

/**
 * Wilder's average gain and average loss, once for all that compares the two. They begin with the means of the first
 * `period` changes.
 */
const kernel: Kernel = ([values], [period], { rsi, cmo, stochrsi }) => {
  const length = values.length;
  const strength = rsi?.outputs[0] ?? stochrsi?.outputs[1] ?? spareColumn(length);
  const momentum = cmo?.outputs[0] ?? spareColumn(length);
  const share = 1 / period;
  let [gains, losses] = [0, 0];
  let t = 1;
  for (
    const { end, keep, scale } of [
      { end: period, keep: 1, scale: 1 },
      { end: period + 1, keep: 1, scale: share },
      { end: length, keep: period - 1, scale: share },
    ]
  ) {
    for (; t < Math.min(end, length); t++) {
      const change = values[t] - values[t - 1];
      const gain = 0.5 * (change + Math.abs(change)); // the change where it is positive, without a branch
      gains = (gains * keep + gain) * scale;
      losses = (losses * keep + (gain - change)) * scale;
      const all = gains + losses;
      strength[t] = all > 0 ? 100 * (gains / all) : 0;
      momentum[t] = all > 0 ? 100 * ((gains - losses) / all) : 0;
    }
  }
  if (stochrsi) {
    const { fastk_period, fastd_period, fastd_matype } = stochrsi.params;
    const [k, d] = stochrsi.outputs;
    fillPlace(strength.subarray(period, length), fastk_period, k.subarray(period));
    const start = period + fastk_period - 1;
    fillAverage(k.subarray(start), fastd_period, fastd_matype, d.subarray(start));
  }
};

/** Writes where each value lies between the lowest and the highest of the last `period`, 0..100; 0 if those are equal. */
function fillPlace(values: Float64Array, period: number, out: Float64Array): void {
  let [top, bottom, topAt, bottomAt] = [0, 0, -1, -1];
  for (let t = period - 1; t < values.length; t++) {
    const first = t - period + 1;
    const value = values[t];
    if (topAt < first) {
      [top, topAt] = [values[first], first];
      for (let i = first + 1; i <= t; i++) if (values[i] >= top) [top, topAt] = [values[i], i];
    } else if (value >= top) {
      [top, topAt] = [value, t];
    }
    if (bottomAt < first) {
      [bottom, bottomAt] = [values[first], first];
      for (let i = first + 1; i <= t; i++) if (values[i] <= bottom) [bottom, bottomAt] = [values[i], i];
    } else if (value <= bottom) {
      [bottom, bottomAt] = [value, t];
    }
    const range = top - bottom;
    out[t] = range > 1e-14 * (Math.abs(top) + Math.abs(bottom)) ? 100 * ((value - bottom) / range) : 0;
  }
}

const shares = ({ timeperiod }: Params) => [timeperiod];

export const strengthIndicators: Record<"rsi" | "cmo" | "stochrsi", Indicator> = {
  rsi: indicator({
    name: "rsi",
    inputs: ["$close"],
    params: { timeperiod: 14 },
    limits: { timeperiod: [2, 100_000] },
    outputs: ["rsi"],
    warmup: ({ timeperiod }) => timeperiod,
    kernel,
    shares,
  }),
  cmo: indicator({
    name: "cmo",
    inputs: ["$close"],
    params: { timeperiod: 14 },
    limits: { timeperiod: [2, 100_000] },
    outputs: ["cmo"],
    warmup: ({ timeperiod }) => timeperiod,
    kernel,
    shares,
  }),
  stochrsi: indicator({
    name: "stochrsi",
    inputs: ["$close"],
    params: { timeperiod: 14, fastk_period: 14, fastd_period: 3, fastd_matype: 0 },
    limits: { timeperiod: [2, 100_000] },
    outputs: ["k", "d"],
    warmup: ({ timeperiod, fastk_period, fastd_period, fastd_matype }) =>
      timeperiod + fastk_period - 1 + averageWarmup(fastd_period, fastd_matype),
    kernel,
    shares,
  }),
};

/**
 * Relative strength index, 0..100: Wilder's average gain as a share of average gain and loss. 0 where nothing changed,
 * as TA-Lib has it. Source: Wilder 1978, sec. VI.
 *
 * @param values any series, finite after a start of NaN [T]
 * @returns [T]; NaN before index `timeperiod`
 * @throws {RangeError} if `timeperiod` is not a whole number from 2 to 100,000
 */
export function rsi(values: Float64Array, timeperiod = 14): Float64Array {
  return computeAlone(strengthIndicators.rsi, [values], { timeperiod })[0];
}

/**
 * Chande's momentum oscillator, −100..100, with Wilder's averages as TA-Lib has it: gain less loss as a share of both.
 * 0 where nothing changed.
 *
 * @returns [T]; NaN before index `timeperiod`
 * @throws {RangeError} if `timeperiod` is not a whole number from 2 to 100,000
 */
export function cmo(values: Float64Array, timeperiod = 14): Float64Array {
  return computeAlone(strengthIndicators.cmo, [values], { timeperiod })[0];
}

/** Lines of the stochastic RSI, 0..100. [T] each */
export interface StochasticRsi {
  readonly k: Float64Array;
  readonly d: Float64Array; // k smoothed
}

/**
 * Stochastic RSI: where the RSI lies between its lowest and highest value of a window, and that smoothed; 0 in a window
 * without range. Source: Chande and Kroll 1993.
 *
 * @param fastd_matype kind of the average that makes D, by TA-Lib's number (`averageTypes`)
 * @returns [T] each; both NaN before index `timeperiod + fastk_period + fastd_period - 2` with a simple average
 * @throws {RangeError} if a period is not a whole number from 1 (the RSI's: 2) to 100,000, or the type is not known
 */
export function stochrsi(
  values: Float64Array,
  timeperiod = 14,
  fastk_period = 14,
  fastd_period = 3,
  fastd_matype = 0,
): StochasticRsi {
  const params = { timeperiod, fastk_period, fastd_period, fastd_matype };
  const [k, d] = computeAlone(strengthIndicators.stochrsi, [values], params);
  return { k, d };
}
