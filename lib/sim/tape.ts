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
  readonly filled: Uint8Array; // [T, K] 1 where the bar did not trade
  /** Half the spread of each bar, fraction of price [T, K]; null where `terms.halfSpread` holds for all. */
  readonly halfSpread: Float64Array | null;
  readonly terms: Terms;
}

/**
 * Lays a market out for the books. Nothing trades on a bar marked `filled`.
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
  const column = (name: "$open" | "$high" | "$low" | "$close" | "$volume") =>
    interleave(market, assets.map((candles) => candles[name]), floats(market));
  const tape: Tape = {
    length,
    assets: K,
    open: column("$open"),
    high: column("$high"),
    low: column("$low"),
    close: column("$close"),
    volume: column("$volume"),
    filled: interleave(market, assets.map((candles) => candles.filled), bytes(market)),
    halfSpread: spreads(market, terms.halfSpread),
    terms,
  };
  // A getter in the literal would make reading any of its columns several times slower.
  return market.growth ? Object.defineProperty(tape, "length", { get: () => market.length }) : tape;
}

/**
 * Most that one order may trade at `at` = t · K + k, base units: 0 where the bar did not trade, Infinity without a cap.
 * Where impact is charged, a bar without volume cannot be traded at all.
 */
export function volumeLimit({ terms, volume, filled }: Tape, at: number): number {
  return volumeLimitOf(terms, volume[at], filled[at]);
}

/** The same of one bar. */
export function volumeLimitOf(
  { participation, impact }: { readonly participation: number; readonly impact?: number },
  volume: number,
  filled: number,
): number {
  if (filled !== 0) return 0;
  if (participation === Infinity) return impact !== undefined && impact > 0 && !(volume > 0) ? 0 : Infinity;
  return volume > 0 ? participation * volume : 0;
}

/** Half the spread at `at` = t · K + k, fraction of price. */
export function halfSpreadAt({ halfSpread, terms }: Tape, at: number): number {
  return halfSpread === null ? terms.halfSpread : halfSpread[at];
}

function spreads(market: Market, usual: number): Float64Array | null {
  const { assets } = market;
  if (assets.every(({ $spread }) => $spread === undefined)) return null;
  const halves = assets.map(({ symbol, time, length, $spread }) => {
    if ($spread === undefined) return new Float64Array(length).fill(usual);
    const bad = $spread.findIndex((bps) => !(bps >= 0 && bps <= 5000));
    if (bad === -1) return $spread.map((bps) => bps / 2e4);
    throw new RangeError(
      `Cannot trade ${symbol} as its "$spread" must be bps in 0..5000: at ${formatDate(time[bad])} it is ${
        $spread[bad]
      }`,
    );
  });
  return interleave(market, halves, floats(market));
}

const floats = ({ growth, length }: Market) => (K: number) => growth?.column(K) ?? new Float64Array(length * K);
const bytes = ({ growth, length }: Market) => (K: number) => growth?.bytes(K) ?? new Uint8Array(length * K);

/** Money is counted at these prices, so one that is not a price would ruin the books silently: refused before that. */
function checkPrices({ symbol, time, $open, $high, $low, $close }: Candles): void {
  const t = firstBad($open, $high, $low, $close);
  if (t === -1) return;
  throw new RangeError(
    `Cannot trade ${symbol} as its bar of ${formatDate(time[t])} must have prices above 0 and low ≤ high: ` +
      `open, high, low, close are ${$open[t]}, ${$high[t]}, ${$low[t]}, ${$close[t]}; clean the candles first`,
  );
}

function firstBad(open: Float64Array, high: Float64Array, low: Float64Array, close: Float64Array): number {
  for (let t = 0; t < open.length; t++) {
    // A comparison with NaN is false.
    if (low[t] > 0 && low[t] <= high[t] && open[t] > 0 && close[t] > 0 && high[t] + open[t] + close[t] < Infinity) {
      continue;
    }
    return t;
  }
  return -1;
}

function interleave<A extends Float64Array | Uint8Array>(
  { growth, length }: Market,
  columns: readonly A[],
  make: (K: number) => A,
): A {
  const K = columns.length;
  if (K === 1) return columns[0];
  const all = make(K);
  const fill = (from: number, to: number) => {
    for (let k = 0; k < K; k++) {
      const column = columns[k];
      for (let t = from, i = from * K + k; t < to; t++, i += K) all[i] = column[t];
    }
  };
  if (growth) growth.onBars(fill);
  else fill(0, length);
  return all;
}
