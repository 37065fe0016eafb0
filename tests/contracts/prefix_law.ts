import { assertEquals } from "@std/assert";
import { backtest, type BacktestOptions } from "../../lib/backtest/backtest.ts";
import { slice } from "../../lib/market/candles.ts";
import type { Market } from "../../lib/market/market.ts";
import type { Strategy } from "../../lib/strategies/strategy.ts";

/**
 * Asserts that `compute` never looks ahead: what it says of the first n bars does not change, bit for bit, when more
 * bars follow.
 *
 * @param compute the values of the first `bars` bars, `width` a bar
 */
export function assertPrefixLaw(length: number, compute: (bars: number) => ArrayLike<number>, width = 1): void {
  const full = Array.from(compute(length));
  for (let bars = 1; bars < length; bars += 1 + Math.floor(length / 40)) {
    assertEquals(Array.from(compute(bars)), full.slice(0, bars * width), `first ${bars} of ${length} bars differ`);
  }
}

/** The market as it was when only `bars` bars had been. */
export function prefix(market: Market, bars: number): Market {
  return { ...market, length: bars, assets: market.assets.map((candles) => slice(candles, 0, bars)) };
}

/** The same for a strategy's decisions. Not for equity: the last decision of a prefix never gets filled. */
export function assertStrategyPrefixLaw(market: Market, strategy: Strategy, options: BacktestOptions = {}): void {
  const decisions = (bars: number) => backtest(prefix(market, bars), strategy, options).wanted;
  assertPrefixLaw(market.length, decisions, market.assets.length);
}
