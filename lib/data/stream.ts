/** Live market data: closed bars, trades and the order book of symbols, as they come. */

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
  | {
    readonly kind: "book";
    readonly symbol: string;
    readonly time: number;
    readonly bids: readonly (readonly [price: number, units: number])[];
    readonly asks: readonly (readonly [price: number, units: number])[];
  }
  | {
    readonly kind: "feed";
    readonly state: "connected" | "reconnecting" | "stale" | "skewed" | "closed";
    readonly note: string;
  };

/**
 * Live data of some symbols. Per symbol, bars come once each, in order, without gaps. Disposing closes every socket and
 * timer; iteration then ends.
 */
export interface MarketStream extends AsyncDisposable, AsyncIterable<StreamEvent> {
  readonly symbols: readonly string[];
  readonly step: number; // bar length, ms
}
