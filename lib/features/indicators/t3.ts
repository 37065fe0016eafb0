import { computeAlone } from "./compute.ts";
import { startChain, weight } from "./ema.ts";
import { type Indicator, indicator } from "./indicator.ts";

/** Writes Tillson's T3 to `out` from index `6 (period - 1)` on: a chain of six exponential averages, four of them mixed. */
export function fillT3(values: Float64Array, period: number, volume: number, out: Float64Array): void {
  if (period === 1) return out.set(values);
  const c6 = -(volume ** 3);
  const c5 = 3 * (volume * volume - c6);
  const c4 = -6 * volume * volume - 3 * (volume - c6);
  const c3 = 1 + 3 * volume - c6 + 3 * volume * volume;
  const start = 6 * (period - 1);
  if (start >= values.length) return;
  let [e1, e2, e3, e4, e5, e6] = startChain(values, period, 6).map((level) => level[level.length - 1]);
  out[start] = c6 * e6 + c5 * e5 + c4 * e4 + c3 * e3;
  const alpha = weight(period);
  for (let t = start + 1; t < values.length; t++) {
    e1 = (values[t] - e1) * alpha + e1;
    e2 = (e1 - e2) * alpha + e2;
    e3 = (e2 - e3) * alpha + e3;
    e4 = (e3 - e4) * alpha + e4;
    e5 = (e4 - e5) * alpha + e5;
    e6 = (e5 - e6) * alpha + e6;
    out[t] = c6 * e6 + c5 * e5 + c4 * e4 + c3 * e3;
  }
}

export const t3Indicators: Record<"t3", Indicator> = {
  t3: indicator({
    name: "t3",
    inputs: ["$close"],
    params: { timeperiod: 5, vfactor: 0.7 },
    limits: { vfactor: [0, 1] },
    outputs: ["t3"],
    warmup: ({ timeperiod }) => 6 * (timeperiod - 1),
    kernel: ([values], _, { t3 }) => t3 && fillT3(values, t3.params.timeperiod, t3.params.vfactor, t3.outputs[0]),
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
