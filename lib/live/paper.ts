import type { MarketStream, StreamEvent } from "../data/stream.ts";
import type { BacktestResult } from "../backtest/backtest.ts";
import type { NewBar } from "../market/growing.ts";
import type { Journal } from "./journal.ts";
import { type Latency, latency } from "./latency.ts";
import type { Orders } from "./orders.ts";
import { openRows, type Rows } from "./rows.ts";
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
  /** Asked after each bar whether the kill switch is pressed. */
  readonly killed?: () => Kill | undefined;
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

/**
 * Trades a stream until it ends, is killed or interrupted: each bar goes through the trader, into the journal and to
 * whoever watches, in this order, one after the other. Only what the journal has taken counts as done: when it takes no
 * more (disk full), this throws, and the session goes on from the last bar that it has.
 */
export async function paperTrade(options: PaperOptions): Promise<PaperEnd> {
  const { trader, stream, journal, durable = "bar", orders, killed, most = Infinity, onBar, onStream, signal } =
    options;
  const { assets } = trader.market;
  const last = trader.market.length - 1;
  const known = last < 0 ? undefined : { time: assets[0].time[last], closes: assets.map(({ $close }) => $close[last]) };
  const rows = openRows(assets.map(({ symbol }) => symbol), stream.step, known);
  const [times, disk] = [latency(), latency()];
  let [bars, synced] = [0, performance.now()];
  let why: PaperEnd["why"] = "the stream ended";
  const write = (record: SessionRecord, now: boolean) => {
    journal?.append(record);
    if (!now && performance.now() - synced < 1000) return;
    journal?.sync();
    synced = performance.now();
  };
  const stop = () => void stream[Symbol.asyncDispose]();
  signal?.addEventListener("abort", stop, { once: true });
  write({ kind: "begin", at: Date.now(), reason: "" }, true);
  try {
    for await (const event of stream) {
      if (signal?.aborted) break;
      if (event.kind !== "bar") onStream?.(event);
      else {
        for (const row of rows.add(event.symbol, event.bar, event.received)) {
          const { t, did } = await trader.take(row.time, row.bars);
          const milliseconds = performance.now() - row.received;
          const live = did !== undefined && event.source !== "rest";
          if (live) times.add(milliseconds);
          const record = { kind: "bar", t, time: row.time, bars: row.bars.map(storedBar), ...did && { did } } as const;
          const began = performance.now();
          write(record, live && durable === "bar");
          if (live && durable === "bar") disk.add(performance.now() - began);
          if (live) orders?.want(t, row.bars, did);
          if (did) bars++;
          await onBar?.({ t, time: row.time, bars: row.bars, ...did && { did }, live, milliseconds });
          const pressed = trader.halted ? undefined : killed?.();
          if (pressed) {
            write({ kind: "halt", ...pressed }, true);
            trader.halt();
          }
          if (trader.halted && (did?.held ?? []).every((weight) => weight === 0)) why = "the kill switch";
          if (bars >= most) why = "as many bars as asked for";
          if (why !== "the stream ended") break;
        }
      }
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
