import { rng } from "../base/random.ts";
import { type Candles, mapColumns } from "../market/candles.ts";
import type { Market } from "../market/market.ts";

/** What may be checked: bars of one symbol, or a market of several. */
export type Bars = Candles | Market;

const isMarket = (bars: Bars): bars is Market => "assets" in bars;

/** The candles inside. */
export const assetsOf = (bars: Bars): readonly Candles[] => isMarket(bars) ? bars.assets : [bars];

function mapAssets<B extends Bars>(bars: B, change: (candles: Candles) => Candles): B {
  if (!isMarket(bars)) return change(bars as Candles) as B;
  const assets = bars.assets.map(change);
  return { ...bars, assets, length: assets[0]?.length ?? 0 };
}

/** Bars `from` (inclusive) to `to` (exclusive) in memory of their own: no way leads from it to what follows. */
export function cutOut<B extends Bars>(bars: B, from: number, to: number): B {
  return mapAssets(bars, (candles) => mapColumns(candles, (column) => column.slice(from, to) as typeof column));
}

/**
 * The same bars with another future: from bar `from` on prices are mirrored about the last close (up becomes down),
 * moved, and volumes and further columns reversed and changed. Bars stay valid (positive, high ≥ low) and times stay.
 */
export function withOtherFuture<B extends Bars>(bars: B, from: number): B {
  return mapAssets(bars, (candles) => {
    const { extra, ...rest } = mapColumns(candles, (column) => column.slice() as typeof column);
    const random = rng(from);
    const anchor = candles.$close[from - 1] > 0 ? candles.$close[from - 1] : 1;
    const moved = anchor * (1.02 + 0.02 * random());
    for (let t = from, back = candles.length - 1; t < candles.length; t++, back--) {
      rest.$open[t] = anchor * moved / candles.$open[t];
      rest.$close[t] = anchor * moved / candles.$close[t];
      rest.$high[t] = anchor * moved / candles.$low[t];
      rest.$low[t] = anchor * moved / candles.$high[t];
      rest.$volume[t] = 1 + 1.7 * candles.$volume[back];
      for (const [name, column] of Object.entries(extra)) column[t] = 0.1 - 1.3 * candles.extra[name][back];
    }
    return { ...rest, extra };
  });
}
