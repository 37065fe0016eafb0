import type { Config } from "../config/schema.ts";
import { type LoadedMarket, spanText } from "../pipeline/market.ts";
import type { NamedRule } from "../risk/mod.ts";

/** What the JSON of everything traded begins with: which bars, whose decisions, by which seed. */
export function headOf({ name, hash, market, period }: LoadedMarket, title: string, { backtest, run }: Config) {
  return {
    data: name,
    span: spanText(market, period),
    period: backtest.period,
    data_hash: hash,
    strategy: title,
    seed: run.seed,
  };
}

/** Rules as JSON has them, in the order in which they act. */
export function ruleFacts(rules: readonly NamedRule[]) {
  return rules.map(({ name, text, kind, settings }) => ({ name, text, kind, settings }));
}
