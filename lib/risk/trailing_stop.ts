import { averageRanges } from "./average_ranges.ts";
import { guard } from "./guard.ts";
import { perMarket } from "./per_market.ts";
import type { RiskRule } from "./rule.ts";
import { percent, within } from "./say.ts";

/**
 * Closes a position once the price has come back from its best by `atr` average true ranges of `period` bars, or, with
 * `fall` (0.1: 10 %), by that share. Only ever comes nearer.
 */
export function trailingStop({ atr: ranges = 3, fall = 0, period = 14, wait = 0 } = {}): RiskRule {
  within("trailing_stop", "atr", ranges, 0.01, 100);
  within("trailing_stop", "fall", fall, 0, 0.99);
  const widthsOf = perMarket((market) => averageRanges(market, period));
  return (market) => {
    const widths = fall > 0 ? [] : widthsOf(market);
    const name = fall > 0 ? `stop ${percent(fall)} from the best price` : `stop ${ranges} ATR from the best price`;
    return guard(market, { name, kind: "stop", wait }, (t, { k, side, best, before }) => {
      const level = fall > 0 ? best * (1 - side * fall) : best - side * ranges * widths[k][t];
      return side * (level - before) < 0 || Number.isNaN(level) ? before : level;
    });
  };
}
