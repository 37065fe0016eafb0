import type { Market } from "../market/market.ts";
import { assetReturns } from "./asset_returns.ts";
import { ledoitWolf, minimumVariance, riskParity } from "./covariance.ts";
import { gross } from "./plan.ts";
import type { RiskRule } from "./rule.ts";
import { within } from "./say.ts";
import { sizedBy, sizeText } from "./sizing.ts";
import { LEAST_HISTORY } from "./volatility_target.ts";

/** Splits the exposure wanted over the assets wanted so that each brings equal risk. Covariance of `bars` bars, shrunk. */
export function equalRisk({ bars = 250, band = 0.1 } = {}): RiskRule {
  return splitBy("risk_parity", riskParity, bars, band, "for equal risk of each asset");
}

/** Splits the exposure wanted over the assets wanted so that its variance is the least. Covariance of `bars` bars, shrunk. */
export function leastVariance({ bars = 250, band = 0.1 } = {}): RiskRule {
  return splitBy("minimum_variance", minimumVariance, bars, band, "for the least variance");
}

function splitBy(
  name: string,
  weigh: (covariance: Float64Array) => Float64Array,
  bars: number,
  band: number,
  aim: string,
): RiskRule {
  within(name, "bars", bars, LEAST_HISTORY, 100_000);
  return sizedBy(band, (market: Market) => {
    const returns = assetReturns(market);
    return (t, wishes, into) => {
      into.fill(0);
      if (t < LEAST_HISTORY) return () => `Stays out until ${LEAST_HISTORY} returns say how assets move`;
      const wanted = Array.from(wishes.keys()).filter((k) => wishes[k] !== 0);
      const from = Math.max(1, t - bars + 1);
      // A short position's returns are the asset's with the other sign.
      const moves = wanted.map((k) => returns[k].subarray(from, t + 1).map((r) => Math.sign(wishes[k]) * r));
      const varying = moves.every((one) => one.some((r) => r !== one[0]));
      const shares = varying
        ? weigh(ledoitWolf(moves).values)
        : new Float64Array(wanted.length).fill(1 / wanted.length);
      const total = gross(wishes);
      wanted.forEach((k, i) => into[k] = Math.sign(wishes[k]) * total * shares[i]);
      return () => `Split ${sizeText(into)} ${varying ? aim : "equally, as an asset has not moved"}`;
    };
  });
}
