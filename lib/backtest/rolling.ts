import { returns } from "./metrics.ts";

/**
 * Annual Sharpe ratio of the last `window` returns at each bar [T]; NaN before there are as many, and where the curve
 * does not vary. Sums are begun anew every `window` bars, so they do not drift.
 *
 * @throws {RangeError} if `window` is not a whole number of at least 2
 */
export function rollingSharpe(equity: Float64Array, window: number, barsPerYear: number): Float64Array {
  if (!(Number.isInteger(window) && window >= 2)) {
    throw new RangeError(`Cannot roll as the window must be a whole number of bars, 2 or more: it is ${window}`);
  }
  const r = returns(equity);
  const out = new Float64Array(equity.length).fill(NaN);
  let sum = 0;
  let squares = 0;
  for (let t = 0; t < r.length; t++) {
    if (t >= window && t % window === 0) {
      sum = squares = 0;
      for (let i = t - window + 1; i < t; i++) {
        sum += r[i];
        squares += r[i] * r[i];
      }
    } else if (t >= window) {
      sum -= r[t - window];
      squares -= r[t - window] * r[t - window];
    }
    sum += r[t];
    squares += r[t] * r[t];
    if (t < window - 1) continue;
    const average = sum / window;
    const variance = (squares - sum * average) / (window - 1);
    if (variance > 1e-14 * average * average) out[t + 1] = average / Math.sqrt(variance) * Math.sqrt(barsPerYear);
  }
  return out;
}

/** The return of one calendar month (UTC). */
export interface MonthlyReturn {
  readonly year: number;
  readonly month: number; // 1..12
  readonly return: number;
}

/** Compounded return of each calendar month that the curve touches; the first counts from its first value. */
export function monthlyReturns(time: Float64Array, equity: Float64Array): MonthlyReturn[] {
  const out: MonthlyReturn[] = [];
  let base = equity[0]; // equity at the end of the month before
  for (let t = 0; t < time.length; t++) {
    const last = t + 1 === time.length || monthOf(time[t + 1]) !== monthOf(time[t]);
    if (!last) continue;
    const month = monthOf(time[t]);
    out.push({ year: Math.floor(month / 12), month: month % 12 + 1, return: base === 0 ? 0 : equity[t] / base - 1 });
    base = equity[t];
  }
  return out;
}

function monthOf(time: number): number {
  const date = new Date(time);
  return 12 * date.getUTCFullYear() + date.getUTCMonth();
}
