import { assetReturns, barsAYear } from "./asset_returns.ts";
import { gross } from "./plan.ts";
import type { RiskRule } from "./rule.ts";
import { within } from "./say.ts";
import { sizedBy, sizeText } from "./sizing.ts";
import { LEAST_HISTORY } from "./volatility_target.ts";

/**
 * A fraction of Kelly's bet, μ/σ² of each asset over the last `bars` bars, where its drift agrees with the wish's side,
 * and nothing where it does not. The drift is shrunk as by a prior that Sharpe ratios of about `sharpe` a year are
 * believable: by n·S² / (n·S² + bars a year), so that a month of luck is no edge. Correlation is left out. Source: Kelly
 * 1956; MacLean, Thorp and Ziemba 2011, ch. 1 on fractions.
 */
export function kelly({ fraction = 0.5, bars = 1000, sharpe = 1, most = 1, band = 0.1 } = {}): RiskRule {
  within("kelly", "fraction", fraction, 0.001, 1);
  within("kelly", "bars", bars, LEAST_HISTORY, 1_000_000);
  within("kelly", "sharpe", sharpe, 0.01, 100);
  within("kelly", "most", most, 0.001, 100);
  return sizedBy(band, (market) => {
    const returns = assetReturns(market);
    const year = barsAYear(market);
    return (t, wishes, into) => {
      into.fill(0);
      if (t < LEAST_HISTORY) return () => `Stays out until ${LEAST_HISTORY} returns say what the drift is`;
      const n = Math.min(bars, t);
      const belief = n * sharpe * sharpe / (n * sharpe * sharpe + year);
      for (let k = 0; k < into.length; k++) {
        const bet = fraction * belief * driftOverVariance(returns[k], t - n + 1, t);
        into[k] = Math.sign(wishes[k]) === Math.sign(bet) ? bet : 0;
      }
      const total = gross(into);
      if (total > most) { for (let k = 0; k < into.length; k++) into[k] *= most / total; }
      return () => total > 0 ? `Sized to ${sizeText(into)} by Kelly's bet` : "Stays out as drift is against the wish";
    };
  });
}

/** μ/σ² of the returns from bar `from` to `to`, both included; 0 where they do not vary. */
function driftOverVariance(returns: Float64Array, from: number, to: number): number {
  const n = to - from + 1;
  let sum = 0;
  for (let t = from; t <= to; t++) sum += returns[t];
  const centre = sum / n;
  let squares = 0;
  for (let t = from; t <= to; t++) squares += (returns[t] - centre) ** 2;
  return squares > 0 ? centre * (n - 1) / squares : 0;
}
