import { ewmaVariance } from "./tail.ts";
import { byVariance, filterHmm, fitHmm, type Hmm } from "./hmm.ts";

/** How likely each regime is at each bar, told from bars up to it. S regimes from calm to wild. */
export interface Regimes {
  readonly states: number; // S
  readonly probability: Float64Array; // [T, S], rows adding up to 1; NaN while unknown
}

/** Settings of `volatilityRegimes`. */
export interface VolatilityRegimeOptions {
  readonly decay?: number; // of the squares' average
  readonly quantile?: number; // volatility above this quantile of its own past is wild
  readonly history?: number; // bars of past it is compared with
}

/**
 * Two regimes by volatility alone: wild where the exponentially weighted volatility is above a quantile of its own last
 * `history` values, calm elsewhere; unknown for the first 100 bars.
 *
 * @param returns [T]
 */
export function volatilityRegimes(
  returns: Float64Array,
  { decay = 0.97, quantile = 0.8, history = 2000 }: VolatilityRegimeOptions = {},
): Regimes {
  if (!(quantile > 0 && quantile < 1)) {
    throw new RangeError(`Cannot tell regimes as the quantile must be between 0 and 1: current value is ${quantile}`);
  }
  const T = returns.length;
  const variance = ewmaVariance(returns, decay);
  const probability = new Float64Array(2 * T).fill(NaN);
  const sorted: number[] = []; // the last `history` values
  for (let t = 0; t < T; t++) {
    const value = variance[t + 1];
    if (t >= KNOWN) {
      const wild = Number(value > sorted[Math.floor(quantile * (sorted.length - 1))]);
      [probability[2 * t], probability[2 * t + 1]] = [1 - wild, wild];
    }
    sorted.splice(placeOf(sorted, value), 0, value);
    if (sorted.length > history) sorted.splice(placeOf(sorted, variance[t + 1 - history]), 1);
  }
  return { states: 2, probability };
}

/** Bars before volatility has a past to be compared with. */
const KNOWN = 100;

/** First place in ascending values that is not below `value`. */
function placeOf(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Settings of `hmmRegimes`. */
export interface HmmRegimeOptions {
  readonly states?: number; // 2–4
  readonly first?: number; // bars before the first fit
  readonly every?: number; // bars between fits
  readonly history?: number; // bars a fit looks back at
}

/**
 * Regimes by a Gaussian hidden Markov model of returns. It is fitted to past bars only, anew every so often, starting
 * from the last fit, and probabilities are filtered, not smoothed: none of them changes when more bars follow.
 *
 * @param returns [T]
 */
export function hmmRegimes(
  returns: Float64Array,
  { states = 2, first = 500, every = 500, history = 2000 }: HmmRegimeOptions = {},
): Regimes {
  const T = returns.length;
  const probability = new Float64Array(T * states).fill(NaN);
  let model: Hmm | undefined;
  for (let start = first; start < T; start += every) {
    const from = Math.max(0, start - history);
    const past = returns.subarray(from, start); // bars before the first that it speaks of
    const moved = past.some((r) => r !== past[0]);
    if (moved) model = byVariance(fitHmm(past, { states, ...(model ? { initial: model } : {}), iterations: 100 }));
    if (model === undefined) continue;
    const end = Math.min(T, start + every);
    const filtered = filterHmm(model, returns.subarray(from, end));
    probability.set(filtered.subarray((start - from) * states), start * states);
  }
  return { states, probability };
}

/** Ways to tell regimes, by the names that settings use. */
export const regimeMethods = {
  volatility: (returns: Float64Array) => volatilityRegimes(returns),
  hmm: (returns: Float64Array) => hmmRegimes(returns),
} as const;
