/** Mean of the last `period` values; NaN before `period - 1`. */
export function sma(values: Float64Array, period: number): Float64Array {
  const out = new Float64Array(values.length).fill(NaN);
  let sum = 0;
  for (let t = 0; t < values.length; t++) {
    sum += values[t];
    if (t >= period) sum -= values[t - period];
    if (t >= period - 1) out[t] = sum / period;
  }
  return out;
}

/** Population standard deviation of the last `period` values. */
export function stddev(values: Float64Array, period: number): Float64Array {
  const out = new Float64Array(values.length).fill(NaN);
  for (let t = period - 1; t < values.length; t++) {
    let [sum, squares] = [0, 0];
    for (let i = t - period + 1; i <= t; i++) sum += values[i];
    for (let i = t - period + 1; i <= t; i++) squares += (values[i] - sum / period) ** 2;
    out[t] = Math.sqrt(squares / period);
  }
  return out;
}

/** Wilder's RSI. */
export function rsi(values: Float64Array, period: number): Float64Array {
  const out = new Float64Array(values.length).fill(NaN);
  let [up, down] = [0, 0];
  for (let t = 1; t < values.length; t++) {
    const change = values[t] - values[t - 1];
    const share = t <= period ? 1 / period : 1 / period;
    up = t <= period ? up + Math.max(0, change) * share : up + (Math.max(0, change) - up) * share;
    down = t <= period ? down + Math.max(0, -change) * share : down + (Math.max(0, -change) - down) * share;
    if (t >= period) out[t] = up + down === 0 ? 0 : 100 * up / (up + down);
  }
  return out;
}
