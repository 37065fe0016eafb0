import type { NewBar } from "../../lib/market/growing.ts";
import type { Market } from "../../lib/market/market.ts";

/** Bar `t` of every asset of a market. */
export function barsOf({ assets }: Market, t: number): NewBar[] {
  return assets.map(({ $open, $high, $low, $close, $volume, filled }) => ({
    open: $open[t],
    high: $high[t],
    low: $low[t],
    close: $close[t],
    volume: $volume[t],
    filled: filled[t] !== 0,
  }));
}
