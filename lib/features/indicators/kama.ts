import { computeAlone } from "./compute.ts";
import { type Indicator, indicator, single } from "./indicator.ts";
import { type Step, sumLength } from "./step.ts";

const slowest = 2 / (30 + 1);
const fastest = 2 / (2 + 1);

/**
 * Writes Kaufman's adaptive average to `out`, from index `period` on (with a period of 1 a copy, as TA-Lib does). It
 * starts from the value at `period - 1`.
 */
export function kamaStep(values: Float64Array, period: number, out: Float64Array): Step {
  if (period === 1) return copyStep(values, out);
  // `path`: how far the values went, step by step, in the last `period` steps
  let state = { average: 0, path: 0, leaving: 0, still: 0, renew: sumLength };
  return (from, to) => {
    let { average, path, leaving, still, renew } = state;
    renew += from;
    if (from <= period) average = values[period - 1];
    let t = Math.max(from, 1);
    for (const end = Math.min(to, period); t < end; t++) {
      const stride = Math.abs(values[t] - values[t - 1]);
      path += stride;
      still = stride === 0 ? still + 1 : 0;
    }
    while (t < to) {
      if (t >= renew) {
        renew = t + sumLength;
        path = leaving;
        for (let i = t - period + 1; i < t; i++) path += Math.abs(values[i] - values[i - 1]);
      }
      for (const end = Math.min(to, renew); t < end; t++) {
        const value = values[t];
        const stride = Math.abs(value - values[t - 1]);
        path = path - leaving + stride;
        still = stride === 0 ? still + 1 : 0;
        if (still >= period) path = 0; // and not what rounding has left
        const first = values[t - period];
        leaving = Math.abs(values[t - period + 1] - first);
        const way = value - first; // and how far they got
        const efficiency = path <= way || path <= 0 ? 1 : Math.abs(way / path);
        const pace = efficiency * (fastest - slowest) + slowest;
        average = (value - average) * (pace * pace) + average;
        out[t] = average;
      }
    }
    state = { average, path, leaving, still, renew: renew - to };
  };
}

/** Writes the values themselves. */
export function copyStep(values: Float64Array, out: Float64Array): Step {
  return (from, to) => out.set(values.subarray(from, to), from);
}

/** Kaufman's average, for the table. */
export const kamaIndicators: Record<"kama", Indicator> = {
  kama: indicator({
    name: "kama",
    inputs: ["$close"],
    params: { timeperiod: 30 },
    outputs: ["kama"],
    warmup: ({ timeperiod }) => (timeperiod === 1 ? 0 : timeperiod),
    kernel: single(([values], { timeperiod }, [out]) => kamaStep(values, timeperiod, out)),
  }),
};

/**
 * Kaufman's adaptive moving average: quick while the series goes one way, slow while it goes to and fro.
 * Source: Kaufman 1995, Smarter Trading.
 *
 * @param values any series, finite after a start of NaN [T]
 * @returns [T]; NaN before index `timeperiod`
 * @throws {RangeError} if `timeperiod` is not a whole number from 1 to 100,000
 */
export function kama(values: Float64Array, timeperiod = 30): Float64Array {
  return computeAlone(kamaIndicators.kama, [values], { timeperiod })[0];
}
