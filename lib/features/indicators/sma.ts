import { type Step, sumLength } from "./step.ts";

/** Writes the mean of the last `period` values to `out`, from index `period - 1` on. */
export function smaStep(values: Float64Array, period: number, out: Float64Array): Step {
  let state = { sum: 0, renew: sumLength };
  return (from, to) => {
    let { sum, renew } = state;
    if (from >= renew) {
      renew = from + sumLength;
      sum = 0;
      for (let i = from - period + 1; i < from; i++) sum += values[i];
    }
    let t = from;
    for (const end = Math.min(to, period - 1); t < end; t++) sum += values[t];
    for (; t < to; t++) {
      sum += values[t];
      out[t] = sum / period;
      sum -= values[t - period + 1];
    }
    state = { sum, renew };
  };
}
