import { assetReturns } from "./asset_returns.ts";
import { cutTo, goFlat, gross, planned } from "./plan.ts";
import type { RiskRule } from "./rule.ts";
import { percent, within } from "./say.ts";
import { sortedWindow } from "./sorted_window.ts";
import { type Tail, type TailMethod, tailMethods, tailOfSorted } from "./tail.ts";

/** Settings of the limits on the next bar's tail. */
export interface TailLimit {
  readonly limit?: number; // share of equity
  readonly level?: number;
  readonly method?: TailMethod;
  readonly bars?: number; // of returns it looks back at
}

/** Returns there must be before a tail is believed. */
const LEAST_HISTORY = 50;

/**
 * Keeps the value at risk of the next bar at or under `limit` (0.02: 2 % of equity): that of what is about to be held,
 * by the last `bars` returns of its assets. Flat until there are 50.
 */
export function limitValueAtRisk(options: TailLimit = {}): RiskRule {
  return limitTail("limit_var", "Value at risk", ({ valueAtRisk }) => valueAtRisk, options);
}

/** The same for expected shortfall (CVaR): the mean loss of the bars beyond the value at risk. */
export function limitShortfall(options: TailLimit = {}): RiskRule {
  return limitTail("limit_cvar", "Expected shortfall", ({ expectedShortfall }) => expectedShortfall, options);
}

function limitTail(
  name: string,
  title: string,
  of: (tail: Tail) => number,
  { limit = 0.02, level = 0.95, method = "historical", bars = 250 }: TailLimit,
): RiskRule {
  within(name, "limit", limit, 1e-6, 1);
  within(name, "level", level, 0.5, 0.9999);
  within(name, "bars", bars, LEAST_HISTORY, 100_000);
  return (market) => {
    const returns = assetReturns(market);
    const K = returns.length;
    const plan = new Float64Array(K);
    const history = new Float64Array(bars);
    let reason: string | undefined;
    let n = 0;
    let t = 0;
    const window = sortedWindow(returns[0], bars);
    /** Of one asset, returns times a weight are in the order of the returns, or in the opposite one. */
    const measureOne = ([weight]: Float64Array) => {
      const sorted = window.at(t);
      for (let i = 0; i < n; i++) history[i] = weight * sorted[weight > 0 ? i : n - 1 - i];
      return of(tailOfSorted(history.subarray(0, n), level));
    };
    const measureAll = (weights: Float64Array) => {
      for (let i = 0; i < n; i++) {
        let sum = 0;
        for (let k = 0; k < K; k++) sum += weights[k] * returns[k][t - n + 1 + i];
        history[i] = sum;
      }
      return of(tailMethods[method](history.subarray(0, n), { level }));
    };
    const measure = K === 1 && method === "historical" ? measureOne : measureAll;
    return (now, account, intent) => {
      [t, n] = [now, Math.min(bars, now)];
      for (let k = 0; k < K; k++) plan[k] = planned(intent, account, k);
      if (gross(plan) === 0) return reason = undefined;
      if (n < LEAST_HISTORY) {
        goFlat(intent);
        return `Stays out until ${LEAST_HISTORY} returns say what may be lost`;
      }
      const found = cutTo(limit, intent, account, measure, plan);
      if (found === undefined) return reason = undefined;
      return reason ??= `${title} of ${percent(found)} for the next bar is over the limit of ${percent(limit)}`;
    };
  };
}
