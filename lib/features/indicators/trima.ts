import { blockLength } from "./block.ts";
import { computeAlone } from "./compute.ts";
import { type Indicator, indicator } from "./indicator.ts";

/**
 * Writes the triangular average of the last `period` values (weights rise by one to the middle and fall again) to
 * `out` from index `period - 1` on.
 *
 * From one bar to the next each value of the newer half gains one weight and each of the older half loses one: the
 * weighted sum moves by the sum of the newest `half` values less an equal sum that ended `lag` bars ago.
 */
export function fillTrima(values: Float64Array, period: number, out: Float64Array): void {
  const length = values.length;
  const half = Math.ceil(period / 2);
  const lag = Math.floor(period / 2) + 1;
  const share = 1 / (half * lag);
  const block = blockLength(period);
  for (let start = period - 1; start < length; start += block) {
    let [weighted, newer, older] = [0, 0, 0];
    for (let i = 0; i < period; i++) {
      const value = values[start - i];
      weighted += Math.min(i + 1, period - i) * value;
      if (i < half) newer += value;
      if (i >= lag) older += value; // what the older sum has after it moves on: all but the value that enters
    }
    out[start] = weighted * share;
    let leaving = 0;
    const end = Math.min(length, start + block);
    for (let t = start + 1; t < end; t++) {
      newer += values[t] - values[t - half];
      older += values[t - lag] - leaving;
      leaving = values[t - period];
      weighted += newer - older;
      out[t] = weighted * share;
    }
  }
}

export const trimaIndicators: Record<"trima", Indicator> = {
  trima: indicator({
    name: "trima",
    inputs: ["$close"],
    params: { timeperiod: 20 },
    outputs: ["trima"],
    warmup: ({ timeperiod }) => timeperiod - 1,
    kernel: ([values], _, { trima }) => trima && fillTrima(values, trima.params.timeperiod, trima.outputs[0]),
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
