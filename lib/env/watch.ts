import type { Market } from "../market/market.ts";
import type { Check, RiskRule } from "../risk/rule.ts";
import { carryOut } from "../sim/carry_out.ts";
import { clearIntent, newIntent } from "../sim/intent.ts";
import type { Ledger } from "../sim/ledger.ts";
import type { Tape } from "../sim/tape.ts";
import type { Standing } from "./standing.ts";

/** Risk rules over R accounts, each with rules of its own, as a backtest that begins with its episode would have. */
export interface Watch {
  /** Opens the rules of a row anew. */
  open(row: number): void;
  /**
   * One bar of a row whose equity is `worth`: the rules see its weights at the close before bar `t`, and what they leave
   * is carried out in it.
   *
   * @returns equity at the close of `t`
   */
  advance(row: number, weights: Float64Array, worth: number, t: number): number;
}

/** @param standing of the accounts as they were last looked at */
export function openWatch(
  market: Market,
  rules: readonly RiskRule[],
  ledger: Ledger,
  tape: Tape,
  standing: Standing,
): Watch {
  const K = market.assets.length;
  const intent = newIntent(K);
  const account = { equity: 0, peak: 0, weights: new Float64Array(K) };
  const checks: Check[][] = new Array(ledger.rows);
  return {
    open: (row) => void (checks[row] = rules.map((rule) => rule(market))),
    advance(row, weights, worth, t) {
      account.equity = worth;
      account.peak = standing.peak[row];
      clearIntent(intent);
      for (let k = 0; k < K; k++) {
        account.weights[k] = standing.held[row * K + k];
        intent.weights[k] = weights[k];
      }
      for (let i = 0; i < rules.length; i++) checks[row][i](t - 1, account, intent);
      return carryOut(ledger, row, intent, tape, t);
    },
  };
}
