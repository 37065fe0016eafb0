import { computeAlone } from "./compute.ts";
import { extremeStep, slotOf } from "./extreme_at.ts";
import { type Indicator, indicator, type Kernel, type Params } from "./indicator.ts";
import { averageStep, averageWarmup } from "./moving_average.ts";
import { blockLength, inTurn, later, spareColumn, type Step, workColumn } from "./step.ts";

/**
 * Wilder's average gain and average loss, once for all that compares the two. They begin with the means of the first
 * `period` changes.
 */
const kernel: Kernel = ([values], [period], { rsi, cmo, stochrsi }) => {
  const length = values.length;
  const strength = rsi?.outputs[0] ?? (stochrsi ? workColumn(length) : spareColumn(length));
  const momentum = cmo?.outputs[0] ?? spareColumn(length);
  const share = 1 / period;
  let state = { gains: 0, losses: 0 };
  const step: Step = (from, to) => {
    let { gains, losses } = state;
    let t = Math.max(from, 1);
    for (const end = Math.min(to, period); t < end; t++) {
      const gain = positive(values[t] - values[t - 1]);
      gains += gain;
      losses += gain - (values[t] - values[t - 1]);
    }
    for (let keep = t === period ? 1 : period - 1; t < to; t++) {
      const change = values[t] - values[t - 1];
      const gain = positive(change);
      gains = (gains * keep + gain) * share;
      losses = (losses * keep + (gain - change)) * share;
      keep = period - 1;
      const all = gains + losses;
      strength[t] = all > 0 ? 100 * (gains / all) : 0;
      momentum[t] = all > 0 ? 100 * ((gains - losses) / all) : 0;
    }
    state = { gains, losses };
  };
  return stochrsi ? inTurn(step, later(period, placeStep(strength, period, stochrsi.params, stochrsi.outputs))) : step;
};

/** `x` where it is positive, else 0, without a branch: nobody, and no processor, can foresee it. */
function positive(x: number): number {
  return 0.5 * (x + Math.abs(x));
}

/** Where the RSI lies between its lowest and highest of a window, 0..100 (0 if those are equal), and the average of that. */
function placeStep(strength: Float64Array, start: number, params: Params, [k, d]: readonly Float64Array[]): Step {
  const { fastk_period: period, fastd_period, fastd_matype } = params;
  const values = strength.subarray(start);
  const out = k.subarray(start);
  const [topAt, bottomAt] = [new Int32Array(blockLength), new Int32Array(blockLength)]; // for bar t at t & slotOf
  const step: Step = (from, to) => {
    for (let t = Math.max(from, period - 1); t < to; t++) {
      const top = values[topAt[t & slotOf]];
      const bottom = values[bottomAt[t & slotOf]];
      const range = top - bottom;
      const flat = range <= 1e-14 * (Math.abs(top) + Math.abs(bottom));
      out[t] = flat ? 0 : 100 * ((values[t] - bottom) / range);
    }
  };
  const next = start + period - 1;
  const average = averageStep(k.subarray(next), fastd_period, fastd_matype, d.subarray(next));
  return inTurn(
    extremeStep(values, 1, period, topAt),
    extremeStep(values, -1, period, bottomAt),
    step,
    later(period - 1, average),
  );
}

const shares = ({ timeperiod }: Params) => [timeperiod];

/** Gains against losses, for the table. */
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
