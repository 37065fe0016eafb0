import type { Regimes } from "./regime.ts";
import { ledoitWolf, riskContributions } from "./covariance.ts";

/** How one series of returns hangs on another over time. */
export interface RollingBeta {
  readonly beta: Float64Array; // [T] slope against the market; NaN before the window is full, and where that is flat
  readonly correlation: Float64Array; // [T] −1..1; NaN where either is flat
}

/** Beta and correlation over the last `window` returns. [T] each */
export function rollingBeta(returns: Float64Array, market: Float64Array, window: number): RollingBeta {
  if (!(Number.isInteger(window) && window >= 2)) {
    throw new RangeError(`Cannot roll as the window must be a whole number of bars, 2 or more: it is ${window}`);
  }
  const beta = new Float64Array(returns.length).fill(NaN);
  const correlation = new Float64Array(returns.length).fill(NaN);
  for (let t = window - 1; t < returns.length; t++) {
    let [x, y] = [0, 0];
    for (let i = t - window + 1; i <= t; i++) {
      x += market[i] / window;
      y += returns[i] / window;
    }
    let [xx, yy, xy] = [0, 0, 0];
    for (let i = t - window + 1; i <= t; i++) {
      xx += (market[i] - x) ** 2;
      yy += (returns[i] - y) ** 2;
      xy += (market[i] - x) * (returns[i] - y);
    }
    if (!(xx > 1e-24)) continue;
    beta[t] = xy / xx;
    if (yy > 1e-24) correlation[t] = Math.max(-1, Math.min(1, xy / Math.sqrt(xx * yy)));
  }
  return { beta, correlation };
}

/**
 * Share of the risk held that each asset brings, at every bar: what is held, and the shrunk covariance of the last
 * `window` returns up to it.
 *
 * @param weights [T, K]
 * @param returns [K] of T each
 * @returns [K] of T each, adding up to 1; NaN where nothing is held or the window is not full
 */
export function rollingContributions(
  weights: Float64Array,
  returns: readonly Float64Array[],
  window: number,
): Float64Array[] {
  const K = returns.length;
  const T = weights.length / K;
  const shares = returns.map(() => new Float64Array(T).fill(NaN));
  for (let t = window - 1; t < T; t++) {
    const held = weights.subarray(t * K, (t + 1) * K);
    if (!held.some((weight) => weight !== 0)) continue;
    const { values } = ledoitWolf(returns.map((one) => one.subarray(t - window + 1, t + 1)));
    riskContributions(held, values).forEach((share, k) => shares[k][t] = share);
  }
  return shares;
}

/** Probability of the wildest regime at each bar [T]. */
export function wildest({ states, probability }: Regimes): Float64Array {
  return Float64Array.from({ length: probability.length / states }, (_, t) => probability[(t + 1) * states - 1]);
}
