import { barColumn, type FillBars } from "../market/growing.ts";
import type { Market } from "../market/market.ts";
import { assetReturns } from "./asset_returns.ts";
import { checkDecay } from "./tail.ts";
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
export function volatilityRegimes(returns: Float64Array, options: VolatilityRegimeOptions = {}): Regimes {
  const probability = new Float64Array(2 * returns.length);
  byVolatility(returns, probability, options)(0, returns.length);
  return { states: 2, probability };
}

/** What fills the probabilities [T, 2] of returns, bar by bar or many at a time. */
function byVolatility(
  returns: Float64Array,
  probability: Float64Array,
  { decay = 0.97, quantile = 0.8, history = 2000 }: VolatilityRegimeOptions = {},
): FillBars {
  if (!(quantile > 0 && quantile < 1)) {
    throw new RangeError(`Cannot tell regimes as the quantile must be between 0 and 1: current value is ${quantile}`);
  }
  checkDecay(decay);
  const sorted: number[] = []; // the last `history` variances
  const last = new Float64Array(history); // the same as they came: of bar t at t % history
  let [squares, weights] = [0, 0]; // RiskMetrics' average of squares, as `ewmaVariance` has it
  return (from, to) => {
    for (let t = from; t < to; t++) {
      squares = decay * squares + returns[t] * returns[t];
      weights = decay * weights + 1;
      const value = squares / weights;
      if (t >= KNOWN) {
        const wild = Number(value > sorted[Math.floor(quantile * (sorted.length - 1))]);
        [probability[2 * t], probability[2 * t + 1]] = [1 - wild, wild];
      } else probability.fill(NaN, 2 * t, 2 * t + 2);
      sorted.splice(placeOf(sorted, value), 0, value);
      if (sorted.length > history) sorted.splice(placeOf(sorted, last[t % history]), 1);
      last[t % history] = value;
    }
  };
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
export function hmmRegimes(returns: Float64Array, options: HmmRegimeOptions = {}): Regimes {
  const { states = 2 } = options;
  const probability = new Float64Array(returns.length * states);
  byHmm(returns, probability, options)(0, returns.length);
  return { states, probability };
}

/** What fills the probabilities [T, S] of returns, bar by bar or many at a time. */
function byHmm(
  returns: Float64Array,
  probability: Float64Array,
  { states = 2, first = 500, every = 500, history = 2000 }: HmmRegimeOptions = {},
): FillBars {
  let model: Hmm | undefined;
  return (from, to) => {
    probability.fill(NaN, from * states, Math.min(to, first) * states);
    for (let t = Math.max(from, first); t < to;) {
      const start = t - (t - first) % every; // of the bars that one fit speaks of
      const past = returns.subarray(Math.max(0, start - history), start);
      if (t === start && past.some((r) => r !== past[0])) {
        model = byVariance(fitHmm(past, { states, ...(model ? { initial: model } : {}), iterations: 100 }));
      }
      const end = Math.min(to, start + every);
      if (model === undefined) probability.fill(NaN, t * states, end * states);
      else {
        const filtered = filterHmm(model, returns.subarray(start - past.length, end));
        probability.set(filtered.subarray((t - start + past.length) * states), t * states);
      }
      t = end;
    }
  };
}

/** Ways to tell regimes, by the names that settings use. */
export const regimeMethods = {
  volatility: (returns: Float64Array) => volatilityRegimes(returns),
  hmm: (returns: Float64Array) => hmmRegimes(returns),
} as const;

const fills = { volatility: byVolatility, hmm: byHmm } as const;

/** Two regimes of each asset of a market, told by its returns; they grow with the market. [K] */
export function marketRegimes(market: Market, by: keyof typeof regimeMethods): Regimes[] {
  const states = 2;
  return assetReturns(market).map((returns) => ({
    states,
    probability: barColumn(market, (probability) => fills[by](returns, probability), states),
  }));
}
