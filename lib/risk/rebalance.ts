import type { Market } from "../market/market.ts";
import type { Account, Intent } from "../sim/intent.ts";
import { ask, planned, remember } from "./plan.ts";
import type { RiskRule } from "./rule.ts";
import { number, within } from "./say.ts";

/**
 * Lets positions drift until one is further than `band` (0.05: 5 % of equity) from what is wanted, and then trades all
 * back. Entries, exits and changes of side go through at once. A wish that is nearer than that to what is held counts as
 * reached, and is not kept.
 */
export function rebalanceBands({ band = 0.05 } = {}): RiskRule {
  within("rebalance_bands", "band", band, 0.0001, 10);
  return (market) => {
    const wishes = new Float64Array(market.assets.length).fill(NaN);
    return (_t, account, intent) => {
      let [far, turned] = [false, false];
      for (let k = 0; k < wishes.length; k++) {
        const held = account.weights[k]; // of what is wanted now, or was wanted when it was last let through
        far ||= Math.abs(intent.weights[k] - held) > band || Math.abs(wishes[k] - held) > band;
        turned ||= Math.sign(planned(intent, account, k)) !== Math.sign(account.weights[k]);
      }
      if (!turned && !far) {
        return hold(
          intent,
          account,
          `Leaves positions alone while none is over ${number(100 * band)} % from what is wanted`,
        );
      }
      remember(wishes, intent);
      if (turned) return;
      const silent = intent.weights.every((weight) => weight !== weight);
      ask(wishes, intent);
      return silent ? `Traded back to its weights, as one had drifted over ${number(100 * band)} %` : undefined;
    };
  };
}

/** Lengths of the calendar, ms; months begin on the first. */
const lengths = { day: 864e5, week: 7 * 864e5, month: NaN };

/**
 * Trades positions back to what is wanted at the first bar of each day, week (Monday) or month, UTC, and lets them drift
 * in between. Entries, exits and changes of side go through at once.
 */
export function rebalanceCalendar({ every = "week" }: { every?: keyof typeof lengths } = {}): RiskRule {
  return (market) => {
    const wishes = new Float64Array(market.assets.length).fill(NaN);
    return (t, account, intent) => {
      remember(wishes, intent);
      if (begins(market, t, every)) {
        const silent = intent.weights.every((weight) => weight !== weight);
        const acts = silent && wishes.some((wish, k) => wish === wish && wish !== account.weights[k]);
        ask(wishes, intent);
        return acts ? `Traded back to its weights at the ${every}'s first bar` : undefined;
      }
      for (let k = 0; k < wishes.length; k++) {
        if (Math.sign(planned(intent, account, k)) !== Math.sign(account.weights[k])) return;
      }
      return hold(intent, account, `Leaves positions as they are until the ${every}'s first bar`);
    };
  };
}

/** Wants nothing now; says why where something was wanted that is not held. */
function hold({ weights }: Intent, account: Account, reason: string): string | undefined {
  const acts = weights.some((weight, k) => Math.abs(weight - account.weights[k]) > HELD);
  weights.fill(NaN);
  return acts ? reason : undefined;
}

/** A wish this close to what is held, as a share of equity, is what is held: prices alone move it so far. */
const HELD = 0.01;

/** Whether the bar after `t`, at which a decision of `t` is filled, is the first of its day, week or month. */
function begins({ assets: [{ time, step }] }: Market, t: number, every: keyof typeof lengths): boolean {
  const [before, after] = [time[t], time[t] + step];
  if (every === "month") return new Date(before).getUTCMonth() !== new Date(after).getUTCMonth();
  const monday = every === "week" ? 4 * 864e5 : 0; // 1970-01-05 was a Monday
  const length = lengths[every];
  return Math.floor((before - monday) / length) !== Math.floor((after - monday) / length);
}
