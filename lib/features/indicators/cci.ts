import { computeAlone } from "./compute.ts";
import { type Indicator, indicator, type Kernel } from "./indicator.ts";

const kernel: Kernel = ([high, low, close], _, { cci }) => {
  if (!cci) return;
  const period = cci.params.timeperiod;
  const out = cci.outputs[0];
  const length = close.length;
  const share = 1 / period;
  const recent = new Float64Array(2 * period); // every price twice, so that the last `period` lie side by side
  let slot = 0;
  for (let t = 0; t < length; t++) {
    const price = (high[t] + low[t] + close[t]) / 3;
    recent[slot] = recent[slot + period] = price;
    if (++slot === period) slot = 0;
    if (t < period - 1) continue;
    let sum = 0;
    for (let i = 0; i < period; i++) sum += recent[i];
    const mean = sum / period;
    let [even, odd] = [0, 0]; // two sums side by side: one would wait for itself at every price
    let i = slot;
    for (const last = slot + period - 1; i < last; i += 2) {
      even += Math.abs(recent[i] - mean);
      odd += Math.abs(recent[i + 1] - mean);
    }
    if (i < slot + period) even += Math.abs(recent[i] - mean);
    const deviation = (even + odd) * share;
    const distance = price - mean;
    const rounding = 1e-14 * (Math.abs(price) + Math.abs(mean));
    out[t] = Math.abs(distance) > rounding && deviation > rounding ? distance / (0.015 * deviation) : 0;
  }
};

export const cciIndicators: Record<"cci", Indicator> = {
  cci: indicator({
    name: "cci",
    inputs: ["$high", "$low", "$close"],
    params: { timeperiod: 14 },
    limits: { timeperiod: [2, 100_000] },
    outputs: ["cci"],
    warmup: ({ timeperiod }) => timeperiod - 1,
    kernel,
  }),
};

/**
 * Commodity channel index: distance of the typical price from its mean, in 0.015 mean absolute deviations of the
 * window; 0 in a window without any. Source: Lambert 1980.
 *
 * @param high quote currency [T], as the others
 * @returns [T]; NaN before index `timeperiod - 1`
 * @throws {RangeError} if `timeperiod` is not a whole number from 2 to 100,000
 */
export function cci(high: Float64Array, low: Float64Array, close: Float64Array, timeperiod = 14): Float64Array {
  return computeAlone(cciIndicators.cci, [high, low, close], { timeperiod })[0];
}
