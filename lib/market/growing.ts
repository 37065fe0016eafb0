import { formatDate } from "../base/time.ts";
import type { Candles } from "./candles.ts";
import type { Costs, Market } from "./market.ts";

/** Works bars `from` (inclusive) to `to` (exclusive) out, having done those before. */
export type FillBars = (from: number, to: number) => void;

/** How a market that grows lets others grow with it. */
export interface Growth {
  /** A column of `width` numbers per bar, zeros at first, that is always as long as the market. [T · width] */
  column(width?: number): Float64Array;
  /** The same of bytes. */
  bytes(width?: number): Uint8Array;
  /** Calls `fill` for the bars there are, if any, and at each new one; in the order of the calls of `onBars`. */
  onBars(fill: FillBars): void;
}

/** One closed bar of one asset. */
export interface NewBar {
  readonly open: number; // quote currency
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number; // base units
  /** Whether it did not trade, and was made up: nothing fills on it. */
  readonly filled?: boolean;
}

/** A market whose bars come one by one. Who holds one of its columns sees what is appended. */
export interface GrowingMarket extends Market {
  readonly growth: Growth;
  /**
   * Takes the next bar of every asset.
   *
   * @returns its number
   * @throws {RangeError} if it is not the next bar, a price is not one, or there is no room left
   */
  append(time: number, bars: readonly NewBar[]): number;
}

/** What a growing market is of. */
export interface GrowingOptions {
  readonly symbols: readonly string[]; // [K]
  readonly step: number; // bar length, ms
  readonly costs: Costs;
  /** Bars there is room for: memory is taken as they come. 2²² is eight years of minutes. */
  readonly most?: number;
}

/**
 * A market without bars yet. Columns are views that grow in place (resizable buffers): a strategy that reads `$close[t]`
 * need not know. Bars stay: a bar of one asset takes 49 bytes.
 */
export function growingMarket({ symbols, step, costs, most = 2 ** 22 }: GrowingOptions): GrowingMarket {
  let length = 0;
  const buffers: { readonly buffer: ArrayBuffer; readonly size: number }[] = [];
  const fills: FillBars[] = [];
  const buffer = (size: number) => {
    const made = new ArrayBuffer(length * size, { maxByteLength: most * size });
    buffers.push({ buffer: made, size });
    return made;
  };
  const growth: Growth = {
    column: (width = 1) => new Float64Array(buffer(8 * width)),
    bytes: (width = 1) => new Uint8Array(buffer(width)),
    onBars(fill) {
      fills.push(fill);
      if (length > 0) fill(0, length);
    },
  };
  const time = growth.column();
  const assets = symbols.map((symbol): Candles => ({
    symbol,
    step,
    get length() {
      return length;
    },
    time,
    $open: growth.column(),
    $high: growth.column(),
    $low: growth.column(),
    $close: growth.column(),
    $volume: growth.column(),
    filled: growth.bytes(),
    extra: {},
  }));
  return {
    assets,
    costs,
    growth,
    get length() {
      return length;
    },
    append(at, bars) {
      if (bars.length !== symbols.length || length > 0 && at !== time[length - 1] + step) {
        throw new RangeError(
          `Cannot append the bar of ${formatDate(at)} as it must be of ${symbols.length} assets${
            length > 0 ? ` and follow that of ${formatDate(time[length - 1])}` : ""
          }: it is of ${bars.length}`,
        );
      }
      if (length === most) {
        throw new RangeError(`Cannot append a bar as there is room for ${most}: start a new session`);
      }
      bars.forEach((bar, k) => check(bar, symbols[k], at));
      const t = length++;
      for (const { buffer, size } of buffers) buffer.resize(length * size);
      time[t] = at;
      for (let k = 0; k < bars.length; k++) {
        const { $open, $high, $low, $close, $volume, filled } = assets[k];
        $open[t] = bars[k].open;
        $high[t] = bars[k].high;
        $low[t] = bars[k].low;
        $close[t] = bars[k].close;
        $volume[t] = bars[k].volume;
        filled[t] = Number(bars[k].filled ?? false);
      }
      for (const fill of fills) fill(t, length);
      return t;
    },
  };
}

/** Whether a bar can be traded against: prices above 0, low ≤ open, close ≤ high, volume 0 or more. */
export function isBar({ open, high, low, close, volume }: NewBar): boolean {
  return low > 0 && low <= open && low <= close && open <= high && close <= high && high < Infinity &&
    volume >= 0 && volume < Infinity;
}

function check(bar: NewBar, symbol: string, time: number): void {
  if (isBar(bar)) return;
  const { open, high, low, close, volume } = bar;
  throw new RangeError(
    `Cannot append the bar of ${symbol} at ${formatDate(time)} as it must have low ≤ open, close ≤ high, above 0: ` +
      `open, high, low, close, volume are ${open}, ${high}, ${low}, ${close}, ${volume}`,
  );
}

/**
 * A column of `width` numbers per bar of a market: worked out at once, and as bars come where the market grows. How
 * strategies and risk rules keep what they derive from bars.
 *
 * @param begin gives what fills the column, which is called with bars in order
 * @returns [T · width]
 */
export function barColumn(market: Market, begin: (column: Float64Array) => FillBars, width = 1): Float64Array {
  if (market.growth) {
    const column = market.growth.column(width);
    market.growth.onBars(begin(column));
    return column;
  }
  const column = new Float64Array(market.length * width);
  begin(column)(0, market.length);
  return column;
}
