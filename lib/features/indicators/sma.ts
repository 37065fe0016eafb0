import { type Step, sumLength } from "./step.ts";

/** Writes the mean of the last `period` values to `out`, from index `period - 1` on. */
export function smaStep(values: Float64Array, period: number, out: Float64Array): Step {
  let state = { sum: 0, renew: sumLength };
  return (from, to) => {
    let { sum, renew } = state;
    renew += from;
    let t = from;
    for (const end = Math.min(to, period - 1); t < end; t++) sum += values[t];
    while (t < to) {
      if (t >= renew) {
        renew = t + sumLength;
        sum = 0;
        for (let i = t - period + 1; i < t; i++) sum += values[i];
      }
      for (const end = Math.min(to, renew); t < end; t++) {
        sum += values[t];
        out[t] = sum / period;
        sum -= values[t - period + 1];
      }
    }
    state = { sum, renew: renew - to };
  };
}
