import { computeAlone } from "./compute.ts";
import { type Indicator, indicator, single } from "./indicator.ts";
import type { Step } from "./step.ts";

/**
 * Writes the triangular average of the last `period` values (weights rise by one to the middle and fall again) to
 * `out` from index `period - 1` on.
 *
 * From one bar to the next each value of the newer half gains one weight and each of the older half loses one: the
 * weighted sum moves by the sum of the newest `half` values less an equal sum that ended `lag` bars ago. The errors of
 * those are summed in it: all are made afresh every 32 windows.
 */
export function trimaStep(values: Float64Array, period: number, out: Float64Array): Step {
  const half = Math.ceil(period / 2);
  const lag = Math.floor(period / 2) + 1;
  const share = 1 / (half * lag);
  let state = { weighted: 0, newer: 0, older: 0, leaving: 0, renew: period - 1 };
  return (from, to) => {
    let { weighted, newer, older, leaving, renew } = state;
    renew += from;
    let t = Math.max(from, period - 1);
    while (t < to) {
      if (t === renew) {
        renew += 32 * period;
        weighted = 0;
        newer = 0;
        older = 0;
        leaving = 0;
        for (let i = 0; i < period; i++) {
          const value = values[t - i];
          weighted += Math.min(i + 1, period - i) * value;
          if (i < half) newer += value;
          if (i >= lag) older += value;
        }
        out[t] = weighted * share;
        t++;
      }
      for (const end = Math.min(to, renew); t < end; t++) {
        newer += values[t] - values[t - half];
        older += values[t - lag] - leaving;
        leaving = values[t - period];
        weighted += newer - older;
        out[t] = weighted * share;
      }
    }
    state = { weighted, newer, older, leaving, renew: renew - to };
  };
}

/** Triangular average, for the table. */
export const trimaIndicators: Record<"trima", Indicator> = {
  trima: indicator({
    name: "trima",
    inputs: ["$close"],
    params: { timeperiod: 20 },
    outputs: ["trima"],
    warmup: ({ timeperiod }) => timeperiod - 1,
    kernel: single(([values], { timeperiod }, [out]) => trimaStep(values, timeperiod, out)),
  }),
};

/**
 * Triangular moving average: a simple average of a simple average, so that the middle of the window counts most.
 *
 * @param values any series, finite after a start of NaN [T]
 * @returns [T]; NaN before index `timeperiod - 1`
 * @throws {RangeError} if `timeperiod` is not a whole number from 1 to 100,000
 */
export function trima(values: Float64Array, timeperiod = 20): Float64Array {
  return computeAlone(trimaIndicators.trima, [values], { timeperiod })[0];
}
