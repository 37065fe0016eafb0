import { createHash } from "node:crypto";
import { openDecider } from "../agent/policy_strategy.ts";
import type { Policy } from "../agent/net.ts";
import type { SavedPolicy } from "../agent/policy_file.ts";
import { actionSize } from "../agent/distributions.ts";
import type { Books } from "../backtest/backtest.ts";
import { spaceOf } from "../env/actions.ts";
import { growingFeatures } from "../features/growing.ts";
import type { Market } from "../market/market.ts";
import type { Intent } from "../sim/intent.ts";
import type { Strategy } from "../strategies/strategy.ts";

/** What was decided on and what was chosen, where a network decides. */
export interface Choice {
  /** SHA-256 of the observation, its first 16 hexadecimal digits: the window as it is and the account's own numbers. */
  readonly observation: string;
  readonly chosen: readonly number[]; // the choice's number, or one per asset in -1..1
}

/** Decides at the close of each bar of a market that grows. */
export interface LiveDecider {
  /** Sees a bar that nothing is decided on: history. */
  see(): void;
  /** Writes what is wanted at the close of bar `t`. */
  decide(t: number, books: Books, intent: Intent): Promise<Choice | undefined> | undefined;
}

/** Opens a decider on a market that has no bars yet. */
export type OpenDecider = (market: Market) => LiveDecider;

/** A strategy as a live trader asks it. */
export function strategyDecider(strategy: Strategy): OpenDecider {
  return (market) => {
    const decide = strategy(market);
    return { see() {}, decide: (t, books, intent) => void decide(t, books.account, intent) };
  };
}

/**
 * A policy as a live trader asks it: from features worked out bar by bar, with the meaning of actions and the view of its
 * account that it was trained with.
 *
 * @param specs of the features of each asset, as its file has them
 */
export function policyDecider(saved: SavedPolicy, specs: readonly string[]): OpenDecider {
  const { window, actions, features: names } = saved.notes;
  return ({ assets }) => {
    const each = assets.map(() => growingFeatures(specs));
    const F = specs.length * assets.length;
    const rows = new Float32Array(window * F).fill(NaN); // the newest last
    const time = new Float64Array(window);
    const bar = Int32Array.of(window - 1);
    let [observation, chosen]: [string, Float32Array] = ["", new Float32Array(actionSize(spaceOf(actions)))];
    const policy: Policy = {
      look(_bars, state) {
        observation = createHash("sha256").update(rows).update(state).digest("hex").slice(0, 16);
        return saved.policy({ names, time, values: rows, warmup: 0 }).look(bar, state);
      },
    };
    const first = Math.max(...each.map(({ warmup }) => warmup)) + window - 1;
    const decider = openDecider({ policy, actions, first }, 1, 0);
    const see = () => {
      rows.copyWithin(0, F);
      assets.forEach((candles, k) => {
        const at = (window - 1) * F + k * specs.length;
        each[k].update(candles, (columns, _from, to, origin) => {
          const known = to > each[k].warmup;
          columns.forEach((column, f) => rows[at + f] = known ? column[to - 1 - origin] : NaN);
        });
      });
    };
    return {
      see,
      async decide(t, books, intent) {
        see();
        observation = "";
        await decider.decide(t, [books], [intent], chosen);
        return { observation, chosen: Array.from(chosen) };
      },
    };
  };
}
