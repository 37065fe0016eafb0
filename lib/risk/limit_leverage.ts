import { cutTo, gross, limitQuotes, planned } from "./plan.ts";
import type { RiskRule } from "./rule.ts";
import { number, within } from "./say.ts";

/** Keeps gross exposure Σ|w| at or under `limit` times equity, at every bar: also where prices alone took it over. */
export function limitLeverage({ limit = 1 } = {}): RiskRule {
  within("limit_leverage", "limit", limit, 0.001, 1000);
  return ({ assets }) => {
    const plan = new Float64Array(assets.length);
    let reason: string | undefined; // of this stretch of bars
    return (_t, account, intent) => {
      const found = cutTo(limit, intent, account, gross, plan);
      reason = found === undefined ? undefined : reason ?? `Leverage of ${number(found)} is over the limit of ${limit}`;
      for (let k = 0; k < plan.length; k++) plan[k] = planned(intent, account, k);
      limitQuotes(intent, account, limit - gross(plan));
      return reason;
    };
  };
}
