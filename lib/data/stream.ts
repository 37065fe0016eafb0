/** Live market data: closed bars, trades and the order book of symbols, as they come. */
import type { StageEvent } from "../base/events.ts";

/** One closed bar. */
export interface Bar {
  readonly time: number; // open, ms UTC
  readonly open: number; // quote currency
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number; // base units
  /** The exchange has no such bar: the close before, no volume. Nothing fills on it (`Candles.filled`). */
  readonly filled?: true;
}

/** What a stream tells. */
export type StreamEvent =
  | {
    readonly kind: "bar";
    readonly symbol: string;
    readonly bar: Bar;
    /** When the message that closed it came in, `performance.now()`, ms: decisions are timed from here. */
    readonly received: number;
    readonly source: "stream" | "rest" | "replay"; // rest: a gap was filled
  }
  | {
    readonly kind: "trade";
    readonly symbol: string;
    readonly time: number;
    readonly price: number;
    readonly units: number;
    readonly side: "buy" | "sell";
  }
  | Extract<StageEvent, { readonly kind: "book" }> & { readonly time: number }
  | Extract<StageEvent, { readonly kind: "feed" }>;

/**
 * Live data of some symbols. Per symbol, bars come once each, in order, without gaps. Disposing closes every socket and
 * timer; iteration then ends.
 */
export interface MarketStream extends AsyncDisposable, AsyncIterable<StreamEvent> {
  readonly symbols: readonly string[];
  readonly step: number; // bar length, ms
}
