import { computeAlone } from "./compute.ts";
import { startChain, weight } from "./ema.ts";
import { type Indicator, indicator, type Kernel } from "./indicator.ts";

const kernel: Kernel = ([values], _, { trix }) => {
  if (!trix) return;
  const period = trix.params.timeperiod;
  const out = trix.outputs[0];
  const start = 3 * (period - 1);
  if (start >= values.length) return;
  let [e1, e2, e3] = startChain(values, period, 3).map((level) => level[level.length - 1]);
  const alpha = weight(period);
  for (let t = start + 1; t < values.length; t++) {
    const before = e3;
    e1 = (values[t] - e1) * alpha + e1;
    e2 = (e1 - e2) * alpha + e2;
    e3 = (e2 - e3) * alpha + e3;
    out[t] = before !== 0 ? (e3 / before - 1) * 100 : 0;
  }
};

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
