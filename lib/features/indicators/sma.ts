import { blockLength } from "./block.ts";

/** Writes the mean of the last `period` values to `out`, from index `period - 1` on. */
export function fillSma(values: Float64Array, period: number, out: Float64Array): void {
  const length = values.length;
  const share = 1 / period;
  const block = blockLength(period);
  for (let start = period - 1; start < length; start += block) {
    let sum = 0;
    for (let i = start - period + 1; i <= start; i++) sum += values[i];
    out[start] = sum * share;
    const end = Math.min(length, start + block);
    for (let t = start + 1; t < end; t++) {
      sum += values[t] - values[t - period];
      out[t] = sum * share;
    }
  }
}
