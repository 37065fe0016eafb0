import { cutTo, limitQuotes, planned } from "./plan.ts";
import type { RiskRule } from "./rule.ts";
import { percent, within } from "./say.ts";

/** Keeps the largest position |w| at or under `limit` (0.5: half of equity), cutting all in one proportion. */
export function limitExposure({ limit = 0.5 } = {}): RiskRule {
  within("limit_exposure", "limit", limit, 0.001, 1000);
  return ({ assets }) => {
    const plan = new Float64Array(assets.length);
    let reason: string | undefined;
    return (_t, account, intent) => {
      const found = cutTo(limit, intent, account, largest, plan);
      reason = found === undefined
        ? undefined
        : reason ?? `A position of ${percent(found)} is over the limit of ${percent(limit)}`;
      for (let k = 0; k < plan.length; k++) plan[k] = planned(intent, account, k);
      limitQuotes(intent, account, limit - largest(plan));
      return reason;
    };
  };
}

function largest(weights: ArrayLike<number>): number {
  let most = 0;
  for (let k = 0; k < weights.length; k++) most = Math.max(most, Math.abs(weights[k]));
  return most;
}
