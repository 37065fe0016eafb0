import { growingFeatures } from "../features/growing.ts";
import { atr } from "../features/indicators/mod.ts";
import { barColumn } from "../market/growing.ts";
import type { Market } from "../market/market.ts";

/** Average true ranges of each asset by Wilder's average of `period` bars, quote currency [K][T]; NaN in the warm-up. */
export function averageRanges(market: Market, period: number): Float64Array[] {
  const { assets, growth } = market;
  if (growth === undefined) return assets.map((one) => atr(one.$high, one.$low, one.$close, period));
  return assets.map((candles) => {
    const features = growingFeatures([`atr(${period})`]);
    return barColumn(market, (ranges) => () => {
      features.update(candles, ([column], from, to, origin) => {
        ranges.set(column.subarray(from - origin, to - origin), from);
        if (from < features.warmup) ranges.fill(NaN, from, Math.min(to, features.warmup));
      });
    });
  });
}
