import { assetReturns, barsAYear, movingCovariance } from "./asset_returns.ts";
import { portfolioVariance } from "./covariance.ts";
import { gross } from "./plan.ts";
import type { RiskRule } from "./rule.ts";
import { percent, within } from "./say.ts";
import { sizedBy, sizeText } from "./sizing.ts";

/** Returns there must be before volatility is believed. */
export const LEAST_HISTORY = 20;

/**
 * Sizes positions so that the portfolio's volatility would be `target` a year (0.3: 30 %), by the exponentially weighted
 * covariance of the last `bars` bars. Stays out until there are 20 returns.
 *
 * @throws {RangeError} if the least gross exposure is above the most
 */
export function volatilityTarget({ target = 0.3, bars = 100, least = 0, most = 1, band = 0.1 } = {}): RiskRule {
  within("volatility_target", "target", target, 0.001, 100);
  within("volatility_target", "bars", bars, 5, 100_000);
  if (!(least >= 0 && least <= most && most < Infinity)) {
    throw new RangeError(
      `Cannot make volatility_target as "least" must be from 0 to "most": current values are ${least} and ${most}`,
    );
  }
  return sizedBy(band, (market) => {
    const covariance = movingCovariance(market, assetReturns(market), bars);
    const year = barsAYear(market);
    return (t, wishes, into) => {
      into.fill(0);
      if (t < LEAST_HISTORY) return () => `Stays out until ${LEAST_HISTORY} returns say how volatile the market is`;
      const total = gross(wishes);
      for (let k = 0; k < into.length; k++) into[k] = wishes[k] / total;
      const volatility = Math.sqrt(portfolioVariance(into, covariance.at(t)) * year); // at a gross exposure of 1
      const size = Math.min(most, Math.max(least, target / volatility)); // a flat market: the most
      for (let k = 0; k < into.length; k++) into[k] *= size;
      return () =>
        `Sized to ${sizeText(into)} for ${percent(target)} volatility a year; unsized it would be ${
          percent(volatility)
        }`;
    };
  });
}
