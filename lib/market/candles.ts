import { hashOf } from "../base/hash.ts";

/** Bars of one symbol, oldest first, one typed array per column. T = `length`. */
export interface Candles {
  readonly symbol: string; // "BTC/USDT"
  readonly step: number; // bar length, ms
  readonly length: number; // T
  readonly time: Float64Array; // [T] bar open, ms since 1970 UTC, strictly increasing
  readonly $open: Float64Array; // [T] quote currency per base unit
  readonly $high: Float64Array;
  readonly $low: Float64Array;
  readonly $close: Float64Array;
  readonly $volume: Float64Array; // [T] base units traded during the bar
  /** Full bid–ask spread of each bar, bps of price [T]; without it `Costs.spread` holds for every bar. */
  readonly $spread?: Float64Array;
  /** 1 where the bar did not trade and was made by the gap policy: nothing fills on it. [T] */
  readonly filled: Uint8Array;
  /** Further numeric columns of the user's own (funding rate, sentiment, a signal), by name. [T] each; NaN unknown */
  readonly extra: Readonly<Record<string, Float64Array>>;
}

export type Column = "$open" | "$high" | "$low" | "$close" | "$volume";
export const columns: readonly Column[] = ["$open", "$high", "$low", "$close", "$volume"];

/** Columns of bars, as a source has them; `filled` and `extra` may be left out. */
export type CandleColumns = Omit<Candles, "length" | "filled" | "extra"> & Partial<Pick<Candles, "filled" | "extra">>;

/**
 * Makes candles of columns, which are kept and not copied.
 *
 * @throws {RangeError} if a column's length differs from the others'
 */
export function newCandles({ filled, extra = {}, ...rest }: CandleColumns): Candles {
  const length = rest.time.length;
  const own = columns.map((name) => [name, rest[name]] as const);
  for (
    const [name, column] of [
      ...own,
      ["filled", filled] as const,
      ["$spread", rest.$spread] as const,
      ...Object.entries(extra),
    ]
  ) {
    if (column && column.length !== length) {
      throw new RangeError(
        `Cannot make candles of ${rest.symbol} as ${name} has ${column.length} values and time has ${length}`,
      );
    }
  }
  return { ...rest, length, filled: filled ?? new Uint8Array(length), extra };
}

/** Views bars `from` (inclusive) to `to` (exclusive); shares memory with `candles`. */
export function slice(candles: Candles, from: number, to: number): Candles {
  return mapColumns(candles, (column) => column.subarray(from, to) as typeof column);
}

/** Candles with every column, time included, replaced by `change(column)`; symbol and step stay. */
export function mapColumns(candles: Candles, change: <A extends Float64Array | Uint8Array>(column: A) => A): Candles {
  const time = change(candles.time);
  return {
    symbol: candles.symbol,
    step: candles.step,
    length: time.length,
    time,
    $open: change(candles.$open),
    $high: change(candles.$high),
    $low: change(candles.$low),
    $close: change(candles.$close),
    $volume: change(candles.$volume),
    ...(candles.$spread === undefined ? {} : { $spread: change(candles.$spread) }),
    filled: change(candles.filled),
    extra: Object.fromEntries(Object.entries(candles.extra).map(([name, column]) => [name, change(column)])),
  };
}

/** SHA-256 over symbol, step and every column's bytes: the data's name in caches, reports and runs. */
export function hashCandles(candles: Candles): string {
  // One NaN for all: there are many in bits, and which one arithmetic leaves depends on how it was compiled.
  const oneNaN = (column: Float64Array) => column.map((x) => (Number.isNaN(x) ? NaN : x));
  const extra = Object.entries(candles.extra).sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, column]) => [name, oneNaN(column)]);
  const own = columns.map((name) => candles[name]);
  const spread = candles.$spread === undefined ? [] : ["$spread", oneNaN(candles.$spread)];
  return hashOf(candles.symbol, String(candles.step), candles.time, ...own, candles.filled, ...spread, ...extra);
}

/** First bar that opens at or after `time` (ms UTC); `length` when none does. Binary search. */
export function firstBarAt(candles: Candles, time: number): number {
  let [low, high] = [0, candles.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (candles.time[middle] < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
