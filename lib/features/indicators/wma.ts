import { blockLength } from "./block.ts";
import { computeAlone } from "./compute.ts";
import { type Indicator, indicator } from "./indicator.ts";

/** Writes the mean of the last `period` values, weighted 1 to `period`, to `out` from index `period - 1` on. */
export function fillWma(values: Float64Array, period: number, out: Float64Array): void {
  const length = values.length;
  const share = 2 / (period * (period + 1));
  const block = blockLength(period);
  for (let start = period - 1; start < length; start += block) {
    let [weighted, sum] = [0, 0];
    for (let i = 0; i < period; i++) {
      const value = values[start - period + 1 + i];
      weighted += (i + 1) * value;
      sum += value;
    }
    out[start] = weighted * share;
    const end = Math.min(length, start + block);
    for (let t = start + 1; t < end; t++) {
      weighted += period * values[t] - sum; // every value moves one weight down
      sum += values[t] - values[t - period];
      out[t] = weighted * share;
    }
  }
}

export const wmaIndicators: Record<"wma", Indicator> = {
  wma: indicator({
    name: "wma",
    inputs: ["$close"],
    params: { timeperiod: 20 },
    outputs: ["wma"],
    warmup: ({ timeperiod }) => timeperiod - 1,
    kernel: ([values], _, { wma }) => wma && fillWma(values, wma.params.timeperiod, wma.outputs[0]),
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
