import { formatDate } from "../base/time.ts";
import type { Candles } from "../market/candles.ts";
import type { Market } from "../market/market.ts";
import { type MarginOptions, newTerms, type Terms } from "./terms.ts";

/**
 * The bars that books trade against, and on what terms. Columns are [T, K] row-major: bar `t` of asset `k` is at
 * `t * K + k`. With one asset they are the candles' own columns, not copies.
 */
export interface Tape {
  readonly length: number; // T
  readonly assets: number; // K
  readonly open: Float64Array; // [T, K] quote currency
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array; // [T, K] base units
  /** Most that one order may trade in the bar, base units: 0 where the bar did not trade, Infinity without a cap. */
  readonly limit: Float64Array; // [T, K]
  readonly terms: Terms;
}

/**
 * Lays a market out for the books. A bar marked `filled` has a limit of 0: nothing trades on it.
 *
 * @throws {RangeError} if there is no asset, the assets are not aligned, a price is not a number above 0, or costs and
 * margin are out of range (`newTerms`)
 */
export function newTape(market: Market, margin: MarginOptions = {}): Tape {
  const { assets, length, costs } = market;
  const K = assets.length;
  if (K === 0) throw new RangeError("Cannot trade a market as it must have at least one asset: it has none");
  for (const { symbol, length: bars, time } of assets) {
    if (bars === length && time[0] === assets[0].time[0] && time[bars - 1] === assets[0].time[bars - 1]) continue;
    throw new RangeError(`Cannot trade ${symbol} beside ${assets[0].symbol} as their bars must be at equal times`);
  }
  const terms = newTerms(costs, margin);
  for (const candles of assets) checkPrices(candles);
  const limit = new Float64Array(length * K);
  for (let k = 0; k < K; k++) {
    const { $volume, filled } = assets[k];
    for (let t = 0, i = k; t < length; t++, i += K) {
      if (filled[t] === 0) limit[i] = volumeLimit(terms, $volume[t]);
    }
  }
  const column = (name: "$open" | "$high" | "$low" | "$close" | "$volume") =>
    K === 1 ? assets[0][name] : interleave(assets.map((candles) => candles[name]), length);
  return {
    length,
    assets: K,
    open: column("$open"),
    high: column("$high"),
    low: column("$low"),
    close: column("$close"),
    volume: column("$volume"),
    limit,
    terms,
  };
}

/** Money is counted at these prices, so one that is not a price ruins the books silently: refused before that. */
function checkPrices(candles: Candles): void {
  const { symbol, length, time, $open, $high, $low, $close } = candles;
  for (let t = 0; t < length; t++) {
    const [open, high, low, close] = [$open[t], $high[t], $low[t], $close[t]]; // comparisons with NaN are false
    if (low > 0 && high < Infinity && low <= high && open > 0 && open < Infinity && close > 0 && close < Infinity) {
      continue;
    }
    throw new RangeError(
      `Cannot trade ${symbol} as its bar of ${formatDate(time[t])} must have prices above 0 and low ≤ high: ` +
        `open, high, low, close are ${open}, ${high}, ${low}, ${close}; clean the candles first`,
    );
  }
}

/** Where any impact is charged, a bar without volume cannot be traded at all; without cap and impact any size trades. */
function volumeLimit({ participation, impact }: Terms, volume: number): number {
  if (participation === Infinity) return impact > 0 && !(volume > 0) ? 0 : Infinity;
  return volume > 0 ? participation * volume : 0;
}

function interleave(columns: readonly Float64Array[], length: number): Float64Array {
  const K = columns.length;
  const all = new Float64Array(length * K);
  for (let k = 0; k < K; k++) {
    const column = columns[k];
    for (let t = 0, i = k; t < length; t++, i += K) all[i] = column[t];
  }
  return all;
}
