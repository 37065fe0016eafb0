import type { Step } from "./step.ts";

/**
 * Writes the population standard deviation of the last `period` values to `out`, from index `period - 1` on.
 *
 * The sums are of distances from a level near the window, so that high prices cost no digits. The level is set anew
 * after 32 windows, when the spread has become small beside the distances, and when a far outlier leaves; all is then
 * computed in two passes over the window. Equal values give exactly 0.
 */
export function deviationStep(values: Float64Array, period: number, out: Float64Array): Step {
  const share = 1 / period;
  let state = { level: 0, sum: 0, squares: 0, renew: 33 * period - 2 };
  return (from, to) => {
    let { level, sum, squares, renew } = state;
    renew += from;
    if (from === 0) level = values[0];
    let t = from;
    for (const end = Math.min(to, period - 1); t < end; t++) {
      const distance = values[t] - level;
      sum += distance;
      squares += distance * distance;
    }
    while (t < to) {
      for (; t < to; t++) {
        const entering = values[t] - level;
        sum += entering;
        squares += entering * entering;
        const mean = sum * share;
        const variance = squares * share - mean * mean;
        const leaving = values[t - period + 1] - level;
        sum -= leaving;
        squares -= leaving * leaving;
        if (variance < 1e-6 * (squares * share) || leaving * leaving > 1e6 * squares || t >= renew) break;
        out[t] = Math.sqrt(variance);
      }
      if (t === to) break;
      renew = t + 32 * period;
      level = 0;
      for (let i = t - period + 1; i <= t; i++) level += values[i];
      level *= share;
      sum = 0;
      squares = 0;
      for (let i = t - period + 1; i <= t; i++) {
        const distance = values[i] - level;
        sum += distance;
        squares += distance * distance;
      }
      const mean = sum * share;
      const variance = squares * share - mean * mean;
      out[t] = variance < 1e-12 * (squares * share) ? 0 : Math.sqrt(variance); // less is the rounding of the level
      const leaving = values[t - period + 1] - level;
      sum -= leaving;
      squares -= leaving * leaving;
      t++;
    }
    state = { level, sum, squares, renew: renew - to };
  };
}
