import { ask, goFlat, remember } from "./plan.ts";
import type { RiskRule } from "./rule.ts";
import { percent, within } from "./say.ts";

const DAY = 864e5;

/**
 * Goes flat once equity is `limit` (0.05: 5 %) or more below where it was when the day (UTC) began, until the next one.
 *
 * @throws {RangeError} for bars of a day or longer, which leave no rest of a day
 */
export function limitDailyLoss({ limit = 0.05 } = {}): RiskRule {
  within("limit_daily_loss", "limit", limit, 0.0001, 1);
  return ({ assets }) => {
    const { time, step } = assets[0];
    if (step >= DAY) {
      throw new RangeError(
        `Cannot limit a day's loss on bars of a day or longer: they must be shorter, and are of ${
          step === DAY ? "a day" : `${step / DAY} days`
        }`,
      );
    }
    const wishes = new Float64Array(assets.length).fill(NaN);
    let [start, before, day] = [NaN, NaN, NaN];
    let reason: string | undefined; // of the halt
    return (t, account, intent) => {
      const today = Math.floor(time[t] / DAY);
      if (today !== day) [day, start] = [today, Number.isNaN(before) ? account.equity : before];
      before = account.equity;
      remember(wishes, intent);
      const loss = 1 - account.equity / start;
      const lasts = Math.floor((time[t] + step) / DAY) === today; // the next bar is today's too
      if (lasts && reason === undefined && loss >= limit) {
        reason = `The day's loss of ${percent(loss)} is over the limit of ${percent(limit)}`;
      }
      if (reason === undefined) return;
      if (lasts) {
        goFlat(intent);
        return reason;
      }
      reason = undefined;
      ask(wishes, intent);
    };
  };
}
