import { computeAlone } from "./compute.ts";
import { lastOf, startChain, weight } from "./ema.ts";
import { type Indicator, indicator, single } from "./indicator.ts";

const kernel = single(([values], { timeperiod: period }, [out]) => {
  const alpha = weight(period);
  const start = 3 * (period - 1);
  let state = { e1: 0, e2: 0, e3: 0 };
  return (from, to) => {
    if (from <= start && to > start) {
      const [e1, e2, e3] = startChain(values, period, 3).map(lastOf);
      state = { e1, e2, e3 };
    }
    let { e1, e2, e3 } = state;
    for (let t = Math.max(from, start + 1); t < to; t++) {
      const before = e3;
      e1 = (values[t] - e1) * alpha + e1;
      e2 = (e1 - e2) * alpha + e2;
      e3 = (e2 - e3) * alpha + e3;
      out[t] = before !== 0 ? (e3 / before - 1) * 100 : 0;
    }
    state = { e1, e2, e3 };
  };
});

/** TRIX, for the table. */
export const trixIndicators: Record<"trix", Indicator> = {
  trix: indicator({
    name: "trix",
    inputs: ["$close"],
    params: { timeperiod: 15 },
    outputs: ["trix"],
    warmup: ({ timeperiod }) => 3 * (timeperiod - 1) + 1,
    kernel,
  }),
};

/**
 * TRIX: change from bar to bar of a triple-smoothed average, percent. Source: Hutson 1983.
 *
 * @param values any series, finite after a start of NaN [T]
 * @returns [T]; NaN before index `3 (timeperiod - 1) + 1`; 0 where the average was 0
 * @throws {RangeError} if `timeperiod` is not a whole number from 1 to 100,000
 */
export function trix(values: Float64Array, timeperiod = 15): Float64Array {
  return computeAlone(trixIndicators.trix, [values], { timeperiod })[0];
}
