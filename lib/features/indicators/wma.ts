import { computeAlone } from "./compute.ts";
import { type Indicator, indicator, single } from "./indicator.ts";
import type { Step } from "./step.ts";

/**
 * Writes the mean of the last `period` values, weighted 1 to `period`, to `out` from index `period - 1` on.
 *
 * The errors of the sum are summed in the weighted one: both are made afresh every 8 windows, when TA-Lib does.
 */
export function wmaStep(values: Float64Array, period: number, out: Float64Array): Step {
  const weights = period * (period + 1) / 2;
  let state = { weighted: 0, sum: 0, leaving: 0, renew: period - 1 };
  return (from, to) => {
    let { weighted, sum, leaving, renew } = state;
    renew += from;
    let t = Math.max(from, period - 1);
    while (t < to) {
      if (t === renew) {
        renew = t < period ? 9 * period - 2 : t + 8 * period;
        weighted = 0;
        sum = 0;
        leaving = 0;
        for (let i = 1; i < period; i++) {
          weighted += i * values[t - period + i];
          sum += values[t - period + i];
        }
      }
      for (const end = Math.min(to, renew); t < end; t++) {
        sum = sum + values[t] - leaving;
        weighted += period * values[t];
        out[t] = weighted / weights;
        weighted -= sum; // every value moves one weight down
        leaving = values[t - period + 1];
      }
    }
    state = { weighted, sum, leaving, renew: renew - to };
  };
}

/** Weighted average, for the table. */
export const wmaIndicators: Record<"wma", Indicator> = {
  wma: indicator({
    name: "wma",
    inputs: ["$close"],
    params: { timeperiod: 20 },
    outputs: ["wma"],
    warmup: ({ timeperiod }) => timeperiod - 1,
    kernel: single(([values], { timeperiod }, [out]) => wmaStep(values, timeperiod, out)),
  }),
};

/**
 * Weighted moving average: the newest of the last `timeperiod` values counts `timeperiod` times, the oldest once.
 *
 * @param values any series, finite after a start of NaN [T]
 * @returns [T]; NaN before index `timeperiod - 1`
 * @throws {RangeError} if `timeperiod` is not a whole number from 1 to 100,000
 */
export function wma(values: Float64Array, timeperiod = 20): Float64Array {
  return computeAlone(wmaIndicators.wma, [values], { timeperiod })[0];
}
