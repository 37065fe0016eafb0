import { blockLength } from "./block.ts";

/**
 * Writes the population standard deviation of the last `period` values to `out`, from index `period - 1` on.
 *
 * Sums are of deviations from a level near the window, so that no digits are lost at high prices; the level is set
 * anew at every block, when the spread has become small beside the distance to the level, and when a far outlier has
 * left: then mean and variance are computed in two passes over the window. A window of equal values gives exactly 0.
 */
export function fillDeviation(values: Float64Array, period: number, out: Float64Array): void {
  const length = values.length;
  const share = 1 / period;
  const block = blockLength(period);
  let [level, sum, squares] = [0, 0, 0];
  let end = 0; // of the block
  let left = 0; // squared deviation of the value that has just left the window
  for (let t = period - 1; t < length; t++) {
    let variance = 0;
    if (t < end) {
      const entering = values[t] - level;
      const leaving = values[t - period] - level;
      left = leaving * leaving;
      sum += entering - leaving;
      squares += entering * entering - left;
      const mean = sum * share;
      variance = squares * share - mean * mean;
    }
    if (t >= end || variance < 1e-6 * squares * share || left > 1e6 * squares) {
      if (t >= end) end = t + block;
      let total = 0;
      for (let i = t - period + 1; i <= t; i++) total += values[i];
      level = total * share;
      [sum, squares] = [0, 0];
      for (let i = t - period + 1; i <= t; i++) {
        const deviation = values[i] - level;
        sum += deviation;
        squares += deviation * deviation;
      }
      const mean = sum * share;
      variance = squares * share - mean * mean;
      if (variance < 1e-12 * squares * share) variance = 0; // what is left is the rounding of the level
    }
    out[t] = Math.sqrt(variance);
  }
}
