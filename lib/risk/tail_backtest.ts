import { normalCdf } from "../base/normal.ts";

/** A likelihood-ratio test: how far what happened is from what should have. */
export interface LikelihoodRatio {
  readonly statistic: number;
  readonly pValue: number; // chance of a statistic at least as large if the forecasts are right
}

/** How forecasts of the value at risk did. */
export interface TailBacktest {
  readonly forecasts: number; // bars with a forecast
  readonly exceptions: number; // losses over it
  readonly expected: number; // (1 − level) · forecasts
  readonly kupiec: LikelihoodRatio; // right number of exceptions?
  readonly independence: LikelihoodRatio; // do exceptions follow one another? NaN without two forecasts
  readonly christoffersen: LikelihoodRatio; // both at once
}

/** 1 where a loss was over its forecast, 0 where not, of the bars that have a forecast. [≤ T] */
export function exceptions(returns: Float64Array, valueAtRisk: Float64Array): Uint8Array {
  const hits: number[] = [];
  for (let t = 0; t < returns.length; t++) {
    if (valueAtRisk[t] === valueAtRisk[t]) hits.push(Number(-returns[t] > valueAtRisk[t]));
  }
  return Uint8Array.from(hits);
}

/**
 * Tests forecasts of the value at risk against what happened.
 *
 * @param hits 1 where the loss was over the forecast [T], as `exceptions` gives them
 * @throws {RangeError} if there are none, or the level is not between a half and one
 */
export function backtestTail(hits: Uint8Array, level = 0.95): TailBacktest {
  if (!(level >= 0.5 && level < 1)) {
    throw new RangeError(`Cannot test forecasts as the level must be from 0.5 to below 1: current value is ${level}`);
  }
  if (hits.length === 0) throw new RangeError("Cannot test forecasts as there must be at least one: there is none");
  const count = hits.reduce((sum, hit) => sum + hit, 0);
  const first = kupiec(count, hits.length, level);
  const second = independence(hits);
  const both = first.statistic + second.statistic;
  return {
    forecasts: hits.length,
    exceptions: count,
    expected: (1 - level) * hits.length,
    kupiec: first,
    independence: second,
    christoffersen: { statistic: both, pValue: Math.exp(-both / 2) }, // χ² with two degrees of freedom
  };
}

/** Proportion of failures (Kupiec 1995): whether `count` exceptions in `n` bars fit a rate of 1 − level. */
export function kupiec(count: number, n: number, level: number): LikelihoodRatio {
  const rate = 1 - level;
  return oneDegree(2 * (likelihood(count, n, count / n) - likelihood(count, n, rate)));
}

/** Christoffersen 1998: whether an exception makes another at the next bar more likely, or less. */
export function independence(hits: Uint8Array): LikelihoodRatio {
  const n = [0, 0, 0, 0]; // from 0 to 0, 0 to 1, 1 to 0, 1 to 1
  for (let t = 1; t < hits.length; t++) n[2 * hits[t - 1] + hits[t]]++;
  const [calm, hit] = [n[0] + n[1], n[2] + n[3]];
  const all = calm + hit;
  if (all === 0) return { statistic: NaN, pValue: NaN };
  const apart = likelihood(n[1], calm, n[1] / calm) + likelihood(n[3], hit, n[3] / hit);
  return oneDegree(2 * (apart - likelihood(n[1] + n[3], all, (n[1] + n[3]) / all)));
}

/** Log-likelihood of `count` of `n` at a rate; 0 · ln 0 is 0. */
function likelihood(count: number, n: number, rate: number): number {
  return (count > 0 ? count * Math.log(rate) : 0) + (n > count ? (n - count) * Math.log1p(-rate) : 0);
}

/** χ² with one degree of freedom: the square of a normal variable. */
function oneDegree(statistic: number): LikelihoodRatio {
  const value = Math.max(0, statistic); // rounding may leave −1e-15
  return { statistic: value, pValue: 2 * normalCdf(-Math.sqrt(value)) };
}
