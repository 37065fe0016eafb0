import { computeAlone } from "./compute.ts";
import { type Indicator, indicator } from "./indicator.ts";

/** Writes the mean of the last `period` values, weighted 1 to `period`, to `out` from index `period - 1` on. */
export function fillWma(values: Float64Array, period: number, out: Float64Array): void {
  if (period === 1) return out.set(values);
  const length = values.length;
  const weights = period * (period + 1) / 2;
  const block = 8 * period; // TA-Lib's own interval, and so its own rounding
  let [weighted, sum, leaving] = [0, 0, 0];
  const prime = (from: number, to: number) => {
    [weighted, sum] = [0, 0];
    for (let i = from; i <= to; i++) {
      weighted += (i - from + 1) * values[i];
      sum += values[i];
    }
  };
  prime(0, Math.min(period - 1, length) - 1);
  let renew = period - 2 + block;
  for (let t = period - 1; t < length; t++) {
    sum = sum + values[t] - leaving;
    weighted += period * values[t];
    if (t === renew) {
      renew += block;
      prime(t - period + 1, t);
    }
    out[t] = weighted / weights;
    weighted -= sum; // every value moves one weight down
    leaving = values[t - period + 1];
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
