import type { StreamEvent } from "./stream.ts";

/** Events between what brings them and the one that reads them. */
export interface StreamQueue extends AsyncIterable<StreamEvent> {
  push(event: StreamEvent): void;
  /** Ends iteration at once; what waits is forgotten. */
  close(): void;
  readonly bars: number; // bars that wait
  readonly dropped: { readonly books: number; readonly trades: number };
}

/**
 * A queue for a reader that may be slower than the market. Bars and what the feed says wait for as long as it takes and
 * come first. Of the book only the latest of each symbol waits; of trades the latest `mostTrades`.
 */
export function streamQueue(mostTrades = 1000): StreamQueue {
  const kept: StreamEvent[] = []; // bars and feed
  let head = 0;
  const books = new Map<string, StreamEvent>();
  const trades: StreamEvent[] = [];
  const dropped = { books: 0, trades: 0 };
  let waiting: ((result: IteratorResult<StreamEvent>) => void) | undefined;
  let closed = false;

  const take = (): StreamEvent | undefined => {
    if (head < kept.length) {
      const event = kept[head++];
      if (head === kept.length || head > 1024) kept.splice(0, head), head = 0;
      return event;
    }
    if (trades.length > 0) return trades.shift();
    const [symbol] = books.keys();
    if (symbol === undefined) return undefined;
    const book = books.get(symbol);
    books.delete(symbol);
    return book;
  };
  return {
    dropped,
    get bars() {
      return kept.length - head;
    },
    push(event) {
      if (closed) return;
      if (waiting) {
        waiting({ value: event, done: false });
        waiting = undefined;
      } else if (event.kind === "book") {
        if (books.has(event.symbol)) dropped.books++;
        books.set(event.symbol, event);
      } else if (event.kind === "trade") {
        if (trades.length === mostTrades) dropped.trades++, trades.shift();
        trades.push(event);
      } else kept.push(event);
    },
    close() {
      closed = true;
      waiting?.({ value: undefined, done: true });
      waiting = undefined;
    },
    [Symbol.asyncIterator]: () => ({
      next(): Promise<IteratorResult<StreamEvent>> {
        const event = closed ? undefined : take();
        if (event !== undefined) return Promise.resolve({ value: event, done: false });
        if (closed) return Promise.resolve({ value: undefined, done: true });
        if (waiting) throw new TypeError("Cannot read a stream twice at a time: wait for its last event");
        return new Promise((resolve) => waiting = resolve);
      },
      return: () => Promise.resolve({ value: undefined, done: true as const }),
    }),
  };
}
