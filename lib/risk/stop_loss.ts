import { averageRanges } from "./average_ranges.ts";
import { guard } from "./guard.ts";
import { perMarket } from "./per_market.ts";
import type { RiskRule } from "./rule.ts";
import { percent, within } from "./say.ts";

/**
 * Closes a position `loss` (0.05: 5 %) on the wrong side of its entry, or, with `atr`, that many average true ranges of
 * `period` bars as they were at the entry.
 */
export function stopLoss({ loss = 0.05, atr: ranges = 0, period = 14, wait = 0 } = {}): RiskRule {
  within("stop_loss", "loss", loss, 0.0001, 0.99);
  within("stop_loss", "atr", ranges, 0, 100);
  const widthsOf = perMarket((market) => averageRanges(market, period));
  return (market) => {
    const widths = ranges > 0 ? widthsOf(market) : [];
    const name = ranges > 0 ? `stop ${ranges} ATR from the entry` : `stop ${percent(loss)} from the entry`;
    return guard(market, { name, kind: "stop", wait }, (t, { k, side, entry, before }) => {
      if (ranges === 0) return entry * (1 - side * loss);
      // The distance of the entry holds: the price moves once, when the entry's own price is known.
      return Number.isNaN(before) ? entry - side * ranges * widths[k][t] : before;
    });
  };
}
