import type { RiskRule } from "./rule.ts";

/**
 * Goes flat once equity is `limit` (0.2 = 20 %) or more below its peak, and stays flat.
 *
 * @throws {RangeError} if `limit` is not a share in 0..1
 */
export function limitDrawdown(limit = 0.2): RiskRule {
  if (!(limit > 0 && limit <= 1)) {
    throw new RangeError(
      `Cannot limit drawdown as the limit must be a share above 0, up to 1: current value is ${limit}`,
    );
  }
  return () => {
    let halted = false;
    return (_t, account, intent) => {
      const drawdown = 1 - account.equity / account.peak;
      const first = !halted && drawdown >= limit;
      halted ||= first;
      if (!halted) return;
      const acts = first || intent.weights.some((weight) => weight !== 0 && weight === weight);
      intent.weights.fill(0);
      intent.bid.fill(NaN);
      intent.ask.fill(NaN);
      if (first) return `Drawdown ${(100 * drawdown).toFixed(1)} % is over the limit of ${100 * limit} %`;
      return acts ? `Stays flat after a drawdown over the limit of ${100 * limit} %` : undefined;
    };
  };
}
