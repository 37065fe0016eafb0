import type { MarketStream, StreamEvent } from "../data/stream.ts";
import type { BacktestResult } from "../backtest/backtest.ts";
import type { NewBar } from "../market/growing.ts";
import type { Journal } from "./journal.ts";
import { type Latency, latency } from "./latency.ts";
import type { Orders } from "./orders.ts";
import { openRows, type Row, type Rows } from "./rows.ts";
import { type Kill, type SessionRecord, storedBar } from "./session.ts";
import type { Done, Trader } from "./trader.ts";

/** A bar that was traded, for whoever watches. */
export interface PaperBar {
  readonly t: number;
  readonly time: number; // its open, ms UTC
  readonly bars: readonly NewBar[]; // [K]
  readonly did?: Done; // left out while it is history
  readonly live: boolean; // false: it was over before the trader came, history or a gap
  readonly milliseconds: number; // from the message that closed it to the decision
}

/** What paper trading needs. */
export interface PaperOptions {
  readonly trader: Trader;
  /** Begins with the bar after those that the trader has. Closed at the end. */
  readonly stream: MarketStream;
  /** Where every bar and what came of it is written before the next; nothing: nowhere. */
  readonly journal?: Journal;
  /**
   * Whether each live bar is on the disk before its decision counts, or about once a second. What comes by REST is
   * never waited for: after a fault it comes again, and is decided on alike.
   */
  readonly durable?: "bar" | "second";
  /** Get what each live bar's decision wants, too. Closed at the end. */
  readonly orders?: Orders;
  /** Asked after each bar, and five times a second, whether the kill switch is pressed. */
  readonly killed?: () => Kill | undefined;
  /** Told when it is found pressed, before anything is sold. */
  readonly onKill?: (kill: Kill) => void;
  /** Ends after so many bars. */
  readonly most?: number;
  readonly onBar?: (bar: PaperBar) => void | Promise<void>;
  /** Told what the stream says besides bars. */
  readonly onStream?: (event: Exclude<StreamEvent, { kind: "bar" }>) => void;
  /** Ends between two bars; positions stay, on paper. */
  readonly signal?: AbortSignal;
}

/** How paper trading went, since this process began. */
export interface PaperEnd {
  readonly why: "the stream ended" | "the kill switch" | "interrupted" | "as many bars as asked for";
  readonly bars: number; // traded, history not counted
  readonly latency: Latency; // of live bars, from the message that closed one to the decision
  readonly disk: Latency; // until it was on the disk, where that was waited for
  readonly faults: Rows["faults"];
  readonly result: BacktestResult | undefined; // of the whole session; undefined before the first decision
}

/** How often the kill switch is looked for while no bar comes, ms. */
const LOOK = 200;

/**
 * Trades a stream until it ends, is killed or interrupted: each bar goes through the trader, into the journal and to
 * whoever watches, in this order, one after the other. Only what the journal has taken counts as done: when it takes no
 * more (disk full), this throws, and the session goes on from the last bar that it has.
 *
 * The kill switch waits for no bar: the next one is made of the last prices known (book, trade or close) and the volume
 * of the bar before, so that all is sold on it by the same books, and the journal trades again as it is. What thin volume
 * leaves is sold on the bars that follow.
 */
export async function paperTrade(options: PaperOptions): Promise<PaperEnd> {
  const { trader, stream, journal, durable = "bar", orders, killed, onKill, most = Infinity, onBar, onStream, signal } =
    options;
  const { assets } = trader.market;
  const last = trader.market.length - 1;
  const known = last < 0 ? undefined : { time: assets[0].time[last], closes: assets.map(({ $close }) => $close[last]) };
  const rows = openRows(assets.map(({ symbol }) => symbol), stream.step, known);
  const [times, disk] = [latency(), latency()];
  let [bars, synced, looked] = [0, performance.now(), performance.now()];
  let why: PaperEnd["why"] = "the stream ended";
  const write = (record: SessionRecord, now: boolean) => {
    journal?.append(record);
    if (!now && performance.now() - synced < 1000) return;
    journal?.sync();
    synced = performance.now();
  };
  const take = async (row: Row, source: "stream" | "rest" | "replay" | "made up") => {
    const { t, did } = await trader.take(row.time, row.bars);
    const milliseconds = performance.now() - row.received;
    const live = did !== undefined && source !== "rest";
    const timed = live && source !== "made up";
    if (timed) times.add(milliseconds);
    const record = { kind: "bar", t, time: row.time, bars: row.bars.map(storedBar), ...did && { did } } as const;
    const began = performance.now();
    write(record, live && durable === "bar");
    if (timed && durable === "bar") disk.add(performance.now() - began);
    if (live) orders?.want(t, row.bars, did);
    if (did) bars++;
    await onBar?.({ t, time: row.time, bars: row.bars, ...did && { did }, live: timed, milliseconds });
  };
  const prices = Float64Array.from(assets, () => NaN); // the last known [K]
  const flat = () => trader.books.ledger.units.every((units) => units === 0);
  const look = async () => {
    looked = performance.now();
    const pressed = trader.halted ? undefined : killed?.();
    if (pressed) {
      write({ kind: "halt", ...pressed }, true);
      onKill?.(pressed);
      trader.halt();
      if (!flat()) {
        const t = trader.market.length - 1;
        const made = assets.map(({ $close, $volume }, k) => {
          const price = prices[k] > 0 ? prices[k] : $close[t];
          return { open: price, high: price, low: price, close: price, volume: $volume[t] };
        });
        rows.skip();
        await take({ time: assets[0].time[t] + stream.step, bars: made, received: looked }, "made up");
      }
    }
    if (trader.halted && flat()) why = "the kill switch";
  };
  const stop = () => void stream[Symbol.asyncDispose]();
  signal?.addEventListener("abort", stop, { once: true });
  write({ kind: "begin", at: Date.now(), reason: "" }, true);
  try {
    for await (const event of listened(stream, LOOK)) {
      if (signal?.aborted) break;
      if (event !== undefined) {
        const price = priceOf(event);
        if (price > 0 && "symbol" in event) prices[assets.findIndex(({ symbol }) => symbol === event.symbol)] = price;
      }
      if (event?.kind === "bar") {
        for (const row of rows.add(event.symbol, event.bar, event.received)) {
          await take(row, event.source);
          await look();
          if (bars >= most && why === "the stream ended") why = "as many bars as asked for";
          if (why !== "the stream ended") break;
        }
      } else if (event !== undefined) onStream?.(event);
      if (performance.now() - looked > LOOK) await look();
      if (why !== "the stream ended") break;
    }
    if (signal?.aborted) why = "interrupted";
    write({ kind: "end", at: Date.now(), reason: why }, true);
  } finally {
    signal?.removeEventListener("abort", stop);
    await stream[Symbol.asyncDispose]();
    await orders?.[Symbol.asyncDispose]();
  }
  const { faults } = rows;
  const result = trader.market.length > 0 && bars > 0 ? trader.result() : undefined;
  return { why, bars, latency: times, disk, faults, result };
}

/** What an event says of a price; NaN where it says nothing. */
function priceOf(event: StreamEvent): number {
  if (event.kind === "bar") return event.bar.close;
  if (event.kind === "trade") return event.price;
  return event.kind === "book" && event.bids.length > 0 && event.asks.length > 0
    ? (event.bids[0][0] + event.asks[0][0]) / 2
    : NaN;
}

/** What a stream tells, and nothing now and then while it is silent. */
async function* listened(stream: MarketStream, every: number): AsyncGenerator<StreamEvent | undefined> {
  const events = stream[Symbol.asyncIterator]();
  let wake = () => {};
  const timer = setInterval(() => wake(), every);
  try {
    while (true) {
      let found: (() => IteratorResult<StreamEvent>) | undefined;
      const settle = (how: () => IteratorResult<StreamEvent>) => {
        found = how;
        wake();
      };
      events.next().then((result) => settle(() => result), (error) =>
        settle(() => {
          throw error;
        }));
      while (found === undefined) {
        await new Promise<void>((resolve) => wake = resolve);
        if (found === undefined) yield undefined;
      }
      const { done, value } = found();
      if (done) return;
      yield value;
    }
  } finally {
    clearInterval(timer);
  }
}
