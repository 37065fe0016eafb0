import { assertEquals } from "@std/assert";
import { backtest, type BacktestOptions, openBooks } from "../../lib/backtest/mod.ts";
import { growingMarket } from "../../lib/market/growing.ts";
import type { Market } from "../../lib/market/market.ts";
import type { Strategy } from "../../lib/strategies/strategy.ts";

/** A market of the same assets without bars, and what appends bar `t` of the first to it. */
export function regrow({ assets, costs }: Market) {
  const market = growingMarket({ symbols: assets.map(({ symbol }) => symbol), step: assets[0].step, costs, most: 1e5 });
  const append = (t: number) =>
    market.append(
      assets[0].time[t],
      assets.map(({ $open, $high, $low, $close, $volume, filled }) => ({
        open: $open[t],
        high: $high[t],
        low: $low[t],
        close: $close[t],
        volume: $volume[t],
        filled: filled[t] !== 0,
      })),
    );
  return { market, append };
}

/**
 * Asserts that a strategy and rules that are asked while bars still come decide, and earn, what they do in a backtest
 * that has all bars: every column of the result, to the last bit.
 */
export function assertGrows(market: Market, strategy: Strategy, options: BacktestOptions = {}): void {
  const { from = 0 } = options;
  const whole = backtest(market, strategy, options);
  const { market: growing, append } = regrow(market);
  for (let t = 0; t < from; t++) append(t);
  const books = openBooks(growing, options);
  const decide = strategy(growing);
  for (let t = from; t < market.length; t++) {
    append(t);
    decide(t, books.account, books.step(t));
    books.decided(t);
  }
  assertEquals({ ...books.result(), turnover: 0 }, { ...whole, turnover: 0 });
}
