import { barColumn } from "../market/growing.ts";
import type { Market } from "../market/market.ts";
import { perMarket } from "./per_market.ts";

/** Simple returns from close to close of each asset [K][T]; 0 at the first bar. Shared: not to be written to. */
export const assetReturns: (market: Market) => readonly Float64Array[] = perMarket((market) =>
  market.assets.map(({ $close }) =>
    barColumn(market, (returns) => (from, to) => {
      for (let t = Math.max(from, 1); t < to; t++) returns[t] = $close[t] / $close[t - 1] - 1;
    })
  )
);

/** Bars in a year of 365 days. */
export function barsAYear({ assets }: Market): number {
  return 365 * 864e5 / assets[0].step;
}

/** A covariance that follows the market. */
export interface MovingCovariance {
  /** Covariance per bar [K, K] from returns up to bar `t`, which never goes back; overwritten by the next call. */
  at(t: number): Float64Array;
}

/**
 * Exponentially weighted covariance around zero; the weights add up to 1 from the first bar on. Bars on which nothing
 * traded are left out.
 *
 * @param bars mean age of what it looks at
 */
export function movingCovariance(market: Market, returns: readonly Float64Array[], bars: number): MovingCovariance {
  const K = returns.length;
  const decay = bars / (bars + 1);
  const sums = new Float64Array(K * K);
  const values = new Float64Array(K * K);
  let [weight, seen] = [0, 0];
  return {
    at(t) {
      while (seen < t) {
        seen++;
        if (market.assets.every(({ filled }) => filled[seen] !== 0)) continue;
        weight = decay * weight + 1;
        for (let i = 0; i < K; i++) {
          for (let j = 0; j < K; j++) sums[i * K + j] = decay * sums[i * K + j] + returns[i][seen] * returns[j][seen];
        }
      }
      for (let i = 0; i < K * K; i++) values[i] = weight > 0 ? sums[i] / weight : NaN;
      return values;
    },
  };
}
