import { blockLength } from "./block.ts";

/**
 * Writes the population standard deviation of the last `period` values to `out`, from index `period - 1` on.
 *
 * The sums are of distances from a level near the window, so that high prices cost no digits. The level is set anew
 * after every 32 windows, when the spread has become small beside the distances, and when a far outlier leaves; all is
 * then computed in two passes over the window. Equal values give exactly 0.
 */
export function fillDeviation(values: Float64Array, period: number, out: Float64Array): void {
  const length = values.length;
  const share = 1 / period;
  const block = blockLength(period);
  let level = values[0];
  let [sum, squares] = [0, 0];
  for (let i = 0; i < Math.min(period - 1, length); i++) {
    const distance = values[i] - level;
    sum += distance;
    squares += distance * distance;
  }
  let renew = period - 2 + block;
  for (let t = period - 1; t < length; t++) {
    const entering = values[t] - level;
    sum += entering;
    squares += entering * entering;
    let mean = sum * share;
    let variance = squares * share - mean * mean;
    let leaving = values[t - period + 1] - level;
    sum -= leaving;
    squares -= leaving * leaving;
    if (variance < 1e-6 * (squares * share) || leaving * leaving > 1e6 * squares || t >= renew) {
      renew = t + block;
      level = 0;
      for (let i = t - period + 1; i <= t; i++) level += values[i];
      level *= share;
      [sum, squares] = [0, 0];
      for (let i = t - period + 1; i <= t; i++) {
        const distance = values[i] - level;
        sum += distance;
        squares += distance * distance;
      }
      mean = sum * share;
      variance = squares * share - mean * mean;
      if (variance < 1e-12 * (squares * share)) variance = 0; // the rest is the rounding of the level
      leaving = values[t - period + 1] - level;
      sum -= leaving;
      squares -= leaving * leaving;
    }
    out[t] = Math.sqrt(variance);
  }
}
