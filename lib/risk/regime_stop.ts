import { guard } from "./guard.ts";
import { perMarket } from "./per_market.ts";
import { marketRegimes, type regimeMethods } from "./regime.ts";
import type { RiskRule } from "./rule.ts";
import { percent, within } from "./say.ts";

/**
 * Closes a position once the price has come back from its best by a share that depends on the regime: `calm` (0.04) in
 * the calm one, `wild` (0.1) in the wild one, in between by their probability. Comes nearer when markets calm down. Until
 * a regime is known, the wild one's.
 */
export function regimeStop(
  { calm = 0.04, wild = 0.1, by = "volatility", wait = 0 }: {
    calm?: number;
    wild?: number;
    by?: keyof typeof regimeMethods;
    wait?: number;
  } = {},
): RiskRule {
  within("regime_stop", "calm", calm, 0.0001, 0.99);
  within("regime_stop", "wild", wild, 0.0001, 0.99);
  const regimesOf = perMarket((market) => marketRegimes(market, by));
  return (market) => {
    const regimes = regimesOf(market);
    const name = `stop ${percent(calm)} (calm) to ${percent(wild)} (wild) from the best price`;
    return guard(market, { name, kind: "stop", wait }, (t, { k, side, best }) => {
      const { states, probability } = regimes[k];
      const share = probability[(t + 1) * states - 1]; // of the wildest state
      return best * (1 - side * (share === share ? calm + share * (wild - calm) : wild));
    });
  };
}
