import { normalCdf, normalQuantile } from "../base/normal.ts";
import { mean, std } from "../base/stats.ts";

/** Moments of returns that decide how far a Sharpe ratio can be trusted. */
export interface SharpeSample {
  readonly sharpe: number; // per bar
  readonly bars: number; // returns it is over
  readonly skew: number;
  readonly kurtosis: number; // 3 for a normal distribution
}

/** A Sharpe ratio beside what the best of so many tries shows by luck alone. */
export interface DeflatedSharpe extends SharpeSample {
  readonly trials: number;
  /** Largest Sharpe ratio per bar to be expected of so many trials without any skill. */
  readonly expectedMax: number;
  /** Probability that the true Sharpe ratio is above 0, had this been the only try. */
  readonly probabilistic: number;
  /** Probability that the true Sharpe ratio is above `expectedMax`: the deflated Sharpe ratio. Above 0.95 luck alone is unlikely. */
  readonly deflated: number;
  /** Bars there must be for `deflated` to reach 0.95 at this Sharpe ratio; Infinity where it is not above `expectedMax`. */
  readonly barsNeeded: number;
}

/** Moments of returns. Returns that never vary have no Sharpe ratio: NaN. */
export function sharpeSample(returns: ArrayLike<number>): SharpeSample {
  const centre = mean(returns);
  const [spread, sample] = [std(returns, 0), std(returns)];
  let [third, fourth] = [0, 0];
  for (let i = 0; i < returns.length; i++) {
    const z = (returns[i] - centre) / spread;
    third += z ** 3;
    fourth += z ** 4;
  }
  const flat = !(spread > 1e-12 * Math.abs(centre));
  return {
    sharpe: flat ? NaN : centre / sample,
    bars: returns.length,
    skew: flat ? NaN : third / returns.length,
    kurtosis: flat ? NaN : fourth / returns.length,
  };
}

/**
 * Probability that the true Sharpe ratio per bar is above `benchmark`, given skew and tails (Bailey and López de Prado
 * 2012, "The Sharpe ratio efficient frontier", eq. 11).
 */
export function probabilisticSharpe({ sharpe, bars, skew, kurtosis }: SharpeSample, benchmark = 0): number {
  return normalCdf((sharpe - benchmark) * Math.sqrt(bars - 1) / spreadOf(sharpe, skew, kurtosis));
}

/**
 * The largest Sharpe ratio to be expected of `trials` independent tries that have no skill (Bailey and López de Prado 2014,
 * "The deflated Sharpe ratio", eq. 1 and appendix 1).
 *
 * @param variance of the trials' Sharpe ratios, per bar
 * @returns per bar; 0 of one trial
 * @throws {RangeError} if there is no trial
 */
export function expectedMaxSharpe(trials: number, variance: number): number {
  if (!(trials >= 1)) {
    throw new RangeError(`Cannot deflate a Sharpe ratio as there must be 1 trial or more: current value is ${trials}`);
  }
  if (trials === 1) return 0;
  const euler = 0.5772156649015329;
  return Math.sqrt(variance) *
    ((1 - euler) * normalQuantile(1 - 1 / trials) + euler * normalQuantile(1 - 1 / (trials * Math.E)));
}

/**
 * Deflates the Sharpe ratio of the best of many trials (Bailey and López de Prado 2014, eq. 2). All trials count, those
 * given up and deleted too; that they are alike, so that fewer of them are independent, is not made use of: the
 * result is on the safe side.
 *
 * @param sharpes Sharpe ratios per bar of the trials, for their variance; of fewer than two, the variance that chance
 *   alone gives ratios over so many bars, 1 / (bars − 1), stands in
 */
export function deflatedSharpe(sample: SharpeSample, trials: number, sharpes: ArrayLike<number>): DeflatedSharpe {
  const { sharpe, bars, skew, kurtosis } = sample;
  const variance = sharpes.length < 2 ? 1 / (bars - 1) : std(sharpes) ** 2;
  const expectedMax = expectedMaxSharpe(trials, variance);
  const distance = sharpe - expectedMax;
  const needed = 1 + (normalQuantile(0.95) * spreadOf(sharpe, skew, kurtosis) / distance) ** 2;
  return {
    ...sample,
    trials,
    expectedMax,
    probabilistic: probabilisticSharpe(sample),
    deflated: probabilisticSharpe(sample, expectedMax),
    barsNeeded: distance > 0 ? Math.ceil(needed) : Number.isNaN(distance) ? NaN : Infinity,
  };
}

/** Standard error of a Sharpe ratio, times √(bars − 1) (Mertens 2002). Skew and kurtosis that no sample has give NaN. */
function spreadOf(sharpe: number, skew: number, kurtosis: number): number {
  return Math.sqrt(1 - skew * sharpe + (kurtosis - 1) / 4 * sharpe ** 2);
}
