import { ask, goFlat, remember } from "./plan.ts";
import type { RiskRule } from "./rule.ts";
import { number } from "./say.ts";

/**
 * Goes flat once equity is `limit` (0.2 = 20 %) or more below its peak, and stays flat; or, with `cooling`, for that many
 * bars, after which the peak is counted anew from the equity that is left.
 *
 * @throws {RangeError} if `limit` is not a share in 0..1, or `cooling` not a number of bars
 */
export function limitDrawdown(limit = 0.2, { cooling = 0 } = {}): RiskRule {
  if (!(limit > 0 && limit <= 1)) {
    throw new RangeError(
      `Cannot limit drawdown as the limit must be a share above 0, up to 1: current value is ${limit}`,
    );
  }
  if (!(Number.isInteger(cooling) && cooling >= 0)) {
    throw new RangeError(
      `Cannot limit drawdown as "cooling" must be a whole number of bars, 0 or more: current value is ${cooling}`,
    );
  }
  return ({ assets }) => {
    const wishes = new Float64Array(assets.length).fill(NaN);
    let [peak, since] = [0, -1]; // since: bar of the halt
    return (t, account, intent) => {
      remember(wishes, intent);
      peak = Math.max(peak, account.equity);
      if (since >= 0 && cooling > 0 && t - since >= cooling) {
        [since, peak] = [-1, account.equity];
        ask(wishes, intent);
        return `Begins again after ${cooling} bars`;
      }
      const drawdown = 1 - account.equity / peak;
      const first = since < 0 && drawdown >= limit;
      if (first) since = t;
      if (since < 0) return;
      const acts = first || intent.weights.some((weight) => weight !== 0 && weight === weight);
      goFlat(intent);
      if (first) return `Drawdown ${(100 * drawdown).toFixed(1)} % is over the limit of ${number(100 * limit)} %`;
      return acts ? `Stays flat after a drawdown over the limit of ${number(100 * limit)} %` : undefined;
    };
  };
}
