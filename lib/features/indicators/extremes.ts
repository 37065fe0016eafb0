import { computeAlone } from "./compute.ts";
import { extremeStep, slotOf } from "./extreme_at.ts";
import { type Indicator, indicator, type Kernel, type Params } from "./indicator.ts";
import { averageStep, averageWarmup } from "./moving_average.ts";
import { blockLength, inTurn, later, type Step, workColumn } from "./step.ts";

/** The highest high and the lowest low of a window are found once; each indicator makes of them what it wants. */
const kernel: Kernel = ([high, low, close], [period], { midprice, willr, stoch, aroon, aroonosc }) => {
  const [topAt, bottomAt] = [new Int32Array(blockLength), new Int32Array(blockLength)]; // for bar t at t & slotOf
  const steps: Step[] = [extremeStep(high, 1, period, topAt), extremeStep(low, -1, period, bottomAt)];
  if (midprice) {
    const [out] = midprice.outputs;
    steps.push((from, to) => {
      for (let t = Math.max(from, period - 1); t < to; t++) {
        out[t] = (high[topAt[t & slotOf]] + low[bottomAt[t & slotOf]]) / 2;
      }
    });
  }
  if (willr) {
    const [out] = willr.outputs;
    steps.push((from, to) => {
      for (let t = Math.max(from, period - 1); t < to; t++) {
        const top = high[topAt[t & slotOf]];
        const range = top - low[bottomAt[t & slotOf]];
        out[t] = range > 0 ? -100 * ((top - close[t]) / range) : 0;
      }
    });
  }
  if (stoch) {
    const fastK = workColumn(close.length);
    steps.push((from, to) => {
      for (let t = Math.max(from, period - 1); t < to; t++) {
        const top = high[topAt[t & slotOf]];
        const bottom = low[bottomAt[t & slotOf]];
        const range = top - bottom;
        const flat = range <= 1e-14 * (Math.abs(top) + Math.abs(bottom));
        fastK[t] = flat ? 0 : 100 * ((close[t] - bottom) / range);
      }
    }, slowStep(fastK, stoch.params, stoch.outputs));
  }
  if (aroon || aroonosc) {
    const percent = 100 / period;
    const [down, up] = aroon?.outputs ?? [workColumn(high.length), workColumn(high.length)];
    // Aroon looks one bar further back: if that bar's extreme is beyond the others', its age is `period`
    steps.push((from, to) => {
      for (let t = Math.max(from, period); t < to; t++) {
        const at = bottomAt[t & slotOf];
        const within = 1 - +(low[t - period] < low[at]);
        down[t] = percent * (period - t + at) * within;
      }
    }, (from, to) => {
      for (let t = Math.max(from, period); t < to; t++) {
        const at = topAt[t & slotOf];
        const within = 1 - +(high[t - period] > high[at]);
        up[t] = percent * (period - t + at) * within;
      }
    });
    if (aroonosc) {
      const [out] = aroonosc.outputs;
      steps.push((from, to) => {
        for (let t = Math.max(from, period); t < to; t++) out[t] = up[t] - down[t];
      });
    }
  }
  return inTurn(...steps);
};

/** Slow K is the average of fast K, and D the average of slow K. Each begins when what it averages has. */
function slowStep(fastK: Float64Array, params: Params, [k, d]: readonly Float64Array[]): Step {
  const start = params.fastk_period - 1;
  const next = start + averageWarmup(params.slowk_period, params.slowk_matype);
  return inTurn(
    later(start, averageStep(fastK.subarray(start), params.slowk_period, params.slowk_matype, k.subarray(start))),
    later(next, averageStep(k.subarray(next), params.slowd_period, params.slowd_matype, d.subarray(next))),
  );
}

const shares = ({ timeperiod }: Params) => [timeperiod];
const fromTwo = { timeperiod: [2, 100_000] } as const;

/** What is made of rolling extremes, for the table. */
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
