import { sumLength } from "./block.ts";
import { computeAlone } from "./compute.ts";
import { type Indicator, indicator } from "./indicator.ts";

const slowest = 2 / (30 + 1);
const fastest = 2 / (2 + 1);

/**
 * Writes Kaufman's adaptive average to `out`, from index `period` on (with a period of 1 a copy, as TA-Lib does). It
 * starts from the value at `period - 1`.
 */
export function fillKama(values: Float64Array, period: number, out: Float64Array): void {
  if (period === 1) return out.set(values);
  const length = values.length;
  let average = values[period - 1];
  let still = 0; // bars since the value moved
  for (let start = period; start < length; start += sumLength) {
    let path = 0; // how far the values went, step by step, in the last `period` steps
    for (let i = start - period + 1; i < start; i++) path += Math.abs(values[i] - values[i - 1]);
    let leaving = 0;
    const end = Math.min(length, start + sumLength);
    for (let t = start; t < end; t++) {
      const value = values[t];
      const first = values[t - period];
      const step = Math.abs(value - values[t - 1]);
      path = path - leaving + step;
      leaving = Math.abs(values[t - period + 1] - first);
      still = step === 0 ? still + 1 : 0;
      if (still >= period) path = 0; // and not what rounding has left
      const way = value - first; // and how far they got
      const efficiency = path <= way || path <= 0 ? 1 : Math.abs(way / path);
      const pace = efficiency * (fastest - slowest) + slowest;
      average = (value - average) * (pace * pace) + average;
      out[t] = average;
    }
  }
}

export const kamaIndicators: Record<"kama", Indicator> = {
  kama: indicator({
    name: "kama",
    inputs: ["$close"],
    params: { timeperiod: 30 },
    outputs: ["kama"],
    warmup: ({ timeperiod }) => (timeperiod === 1 ? 0 : timeperiod),
    kernel: ([values], _, { kama }) => kama && fillKama(values, kama.params.timeperiod, kama.outputs[0]),
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
