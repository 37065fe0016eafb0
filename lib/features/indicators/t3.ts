import { computeAlone } from "./compute.ts";
import { lastOf, startChain, weight } from "./ema.ts";
import { type Indicator, indicator, single } from "./indicator.ts";
import { copyStep } from "./kama.ts";
import type { Step } from "./step.ts";

/** Writes Tillson's T3 to `out` from index `6 (period - 1)` on: a chain of six exponential averages, four of them mixed. */
export function t3Step(values: Float64Array, period: number, volume: number, out: Float64Array): Step {
  if (period === 1) return copyStep(values, out);
  const c6 = -(volume ** 3);
  const c5 = 3 * (volume * volume - c6);
  const c4 = -6 * volume * volume - 3 * (volume - c6);
  const c3 = 1 + 3 * volume - c6 + 3 * volume * volume;
  const alpha = weight(period);
  const start = 6 * (period - 1);
  const begin = () => {
    const [e1, e2, e3, e4, e5, e6] = startChain(values, period, 6).map(lastOf);
    out[start] = c6 * e6 + c5 * e5 + c4 * e4 + c3 * e3;
    return { e1, e2, e3, e4, e5, e6 };
  };
  let state = { e1: 0, e2: 0, e3: 0, e4: 0, e5: 0, e6: 0 };
  return (from, to) => {
    if (from <= start && to > start) state = begin();
    let { e1, e2, e3, e4, e5, e6 } = state;
    for (let t = Math.max(from, start + 1); t < to; t++) {
      e1 = (values[t] - e1) * alpha + e1;
      e2 = (e1 - e2) * alpha + e2;
      e3 = (e2 - e3) * alpha + e3;
      e4 = (e3 - e4) * alpha + e4;
      e5 = (e4 - e5) * alpha + e5;
      e6 = (e5 - e6) * alpha + e6;
      out[t] = c6 * e6 + c5 * e5 + c4 * e4 + c3 * e3;
    }
    state = { e1, e2, e3, e4, e5, e6 };
  };
}

/** Tillson's average, for the table. */
export const t3Indicators: Record<"t3", Indicator> = {
  t3: indicator({
    name: "t3",
    inputs: ["$close"],
    params: { timeperiod: 5, vfactor: 0.7 },
    limits: { vfactor: [0, 1] },
    outputs: ["t3"],
    warmup: ({ timeperiod }) => 6 * (timeperiod - 1),
    kernel: single(([values], { timeperiod, vfactor }, [out]) => t3Step(values, timeperiod, vfactor, out)),
  }),
};

/**
 * Tillson's T3: a double exponential average with its correction damped by `vfactor`, applied three times.
 * Source: Tillson 1998, Stocks & Commodities 16:1.
 *
 * @param values any series, finite after a start of NaN [T]
 * @param vfactor 0 (an average of averages) to 1 (the full correction)
 * @returns [T]; NaN before index `6 (timeperiod - 1)`
 * @throws {RangeError} if `timeperiod` is not a whole number from 1 to 100,000 or `vfactor` not from 0 to 1
 */
export function t3(values: Float64Array, timeperiod = 5, vfactor = 0.7): Float64Array {
  return computeAlone(t3Indicators.t3, [values], { timeperiod, vfactor })[0];
}
