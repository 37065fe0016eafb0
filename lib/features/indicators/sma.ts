import { sumLength } from "./block.ts";

/** Writes the mean of the last `period` values to `out`, from index `period - 1` on. */
export function fillSma(values: Float64Array, period: number, out: Float64Array): void {
  const length = values.length;
  for (let start = period - 1; start < length; start += sumLength) {
    let sum = 0;
    for (let i = start - period + 1; i < start; i++) sum += values[i];
    const end = Math.min(length, start + sumLength);
    for (let t = start; t < end; t++) {
      sum += values[t];
      out[t] = sum / period;
      sum -= values[t - period + 1];
    }
  }
}
