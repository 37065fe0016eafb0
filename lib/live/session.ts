import { join } from "node:path";
import { didYouMean } from "../base/suggest.ts";
import { exists, holdLock } from "../base/files.ts";
import { formatDate } from "../base/time.ts";
import { type Candles, newCandles } from "../market/candles.ts";
import type { NewBar } from "../market/growing.ts";
import type { Costs } from "../market/market.ts";
import { type Entry, type Journal, openJournal, readJournal } from "./journal.ts";
import type { OrderRecord } from "./orders.ts";
import type { Done, Outcome, Trader } from "./trader.ts";

/** What a session of paper trading is: all that it takes to trade its bars again. */
export interface Opening {
  readonly version: 1;
  readonly name: string;
  readonly symbols: readonly string[];
  readonly step: number; // bar length, ms
  readonly costs: Costs;
  readonly cash: number; // quote currency
  readonly leverage: number;
  readonly lag: number;
  readonly rules: string; // as `risk.rules` has them
  /** A strategy and its parameters, or a model whose file lies beside the journal. */
  readonly decider:
    | {
      readonly kind: "strategy";
      readonly name: string;
      readonly settings: Readonly<Record<string, string | number | boolean>>;
    }
    | { readonly kind: "model"; readonly name: string; readonly reference: string; readonly hash: string };
  readonly history: number; // bars that are only seen
  readonly feed: string; // where bars come from: "binance", "replay of …"
  readonly orders: "paper" | "sandbox";
  readonly begun: number; // ms UTC
  readonly commit: string;
}

/** Open, high, low, close, volume, and 1 where the bar was made up. */
export type StoredBar = readonly number[];

/** A line of a session's journal. */
export type SessionRecord =
  | { readonly kind: "open"; readonly opening: Opening }
  | {
    readonly kind: "bar";
    readonly t: number;
    readonly time: number;
    readonly bars: readonly StoredBar[];
    readonly did?: Done;
  }
  | OrderRecord
  /** The kill switch was seen. What was held is sold on the bar after it, which is made of the last prices known. */
  | { readonly kind: "halt"; readonly at: number; readonly reason: string }
  | { readonly kind: "release"; readonly at: number }
  | { readonly kind: "begin" | "end"; readonly at: number; readonly reason: string }; // of a process

/** Why a session is to stop and stay stopped. */
export interface Kill {
  readonly at: number; // ms UTC
  readonly reason: string;
}

const JOURNAL = "journal.jsonl";
const KILL = "kill.json";

/** The journal of a session's folder. */
export const journalPath = (folder: string): string => join(folder, JOURNAL);

/**
 * Takes a session's folder for this process alone, until it is disposed or the process is gone.
 *
 * @throws {Deno.errors.Busy} if another trader has it
 */
export function lockSession(folder: string): Disposable {
  return holdLock(join(folder, "lock"), (owner) =>
    new Deno.errors.Busy(
      `Cannot trade as ${nameOf(folder)} as another trader is at it: ${owner}; give this one another --name`,
    ));
}

/** Whether a trader has a session's folder now. */
export function traded(folder: string): boolean {
  try {
    lockSession(folder)[Symbol.dispose]();
    return false;
  } catch (error) {
    if (error instanceof Deno.errors.Busy) return true;
    throw error;
  }
}

const nameOf = (folder: string) => `"${folder.split(/[\\/]/).at(-1)}"`;

/** The records of a session, with where each ends. @throws as `readJournal` */
export function sessionRecords(folder: string): Generator<Entry<SessionRecord>> {
  return readJournal<SessionRecord>(journalPath(folder));
}

/**
 * What a session was opened as.
 *
 * @throws {RangeError} if there is no session in the folder
 * @throws {SyntaxError} if its journal is damaged
 */
export async function openingOf(folder: string): Promise<Opening> {
  if (!await exists(journalPath(folder))) {
    const others = await sessionNames(join(folder, ".."));
    throw new RangeError(
      `Cannot find a session ${nameOf(folder)}` +
        (others.length > 0 ? `: ${didYouMean(folder.split(/[\\/]/).at(-1) ?? "", others)}` : " as there is none yet"),
    );
  }
  for (const { record } of sessionRecords(folder)) {
    if (record.kind === "open" && record.opening.version === 1) return record.opening;
    break;
  }
  throw new SyntaxError(`Cannot read the session ${nameOf(folder)} as its journal does not begin with what it is`);
}

/** Names of the sessions in a folder. */
export async function sessionNames(folder: string): Promise<string[]> {
  if (!await exists(folder)) return [];
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory && await exists(journalPath(join(folder, name)))) names.push(name);
  }
  return names.sort();
}

/** A bar as a journal keeps it. */
export function storedBar({ open, high, low, close, volume, filled }: NewBar): StoredBar {
  return filled ? [open, high, low, close, volume, 1] : [open, high, low, close, volume];
}

/** And back. */
export function barOf([open, high, low, close, volume, filled = 0]: StoredBar): NewBar {
  return { open, high, low, close, volume, ...(filled === 1 ? { filled: true } : {}) };
}

/** What trading a session's bars again came to. */
export interface Retraced {
  readonly bars: number;
  readonly decisions: number;
  readonly last: number; // open of the last bar, ms UTC; NaN without any
  readonly end: number; // of what is sound in the journal, bytes
  readonly sum: number;
  readonly halted: boolean; // whether the kill switch was pressed
  /** Base units that orders at the test network have come to, of each asset [K]. */
  readonly ordered: readonly number[];
}

/**
 * Trades the bars of a session again, and compares what comes out with what is recorded: observations, choices, wishes,
 * what rules did, fills and equity, to the last bit.
 *
 * @throws {RangeError} at the first bar that comes out otherwise, saying what
 */
export async function retrace(folder: string, trader: Trader, signal?: AbortSignal): Promise<Retraced> {
  let [bars, decisions, last, end, sum] = [0, 0, NaN, 0, 0];
  const ordered = trader.market.assets.map(() => 0);
  for (const entry of sessionRecords(folder)) {
    const { record } = entry;
    if (bars % 256 === 0) signal?.throwIfAborted();
    if (record.kind === "halt") trader.halt();
    else if (record.kind === "release") trader.release();
    else if (record.kind === "order") ordered[record.k] += record.units;
    else if (record.kind === "bar") {
      const { did } = await trader.take(record.time, record.bars.map(barOf));
      compare(record, did);
      bars++;
      if (did) decisions++;
      last = record.time;
    }
    ({ end, sum } = entry);
  }
  return { bars, decisions, last, end, sum, halted: trader.halted, ordered };
}

function compare({ t, time, did: recorded }: SessionRecord & { kind: "bar" }, did: Outcome["did"]): void {
  const now = did as Readonly<Record<string, unknown>> | undefined;
  const then = recorded as Readonly<Record<string, unknown>> | undefined;
  const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
  if (same(now, then)) return;
  const what =
    [...new Set([...Object.keys(then ?? {}), ...Object.keys(now ?? {})])].find((key) =>
      !same(then?.[key], now?.[key])
    ) ?? "";
  throw new RangeError(
    `Cannot trade the session again as bar ${t} (${formatDate(time)} UTC) comes out otherwise: "${what}" was ` +
      `${JSON.stringify(then?.[what])} and is ${JSON.stringify(now?.[what])}; the code or the model is another`,
  );
}

/** The bars of a session as candles [K]: to be backtested, or replayed. */
export function sessionCandles(folder: string, { symbols, step }: Opening): Candles[] {
  const times: number[] = [];
  const rows: number[][] = [];
  for (const { record } of sessionRecords(folder)) {
    if (record.kind !== "bar") continue;
    times.push(record.time);
    rows.push(
      record.bars.flatMap(([open, high, low, close, volume, filled = 0]) => [open, high, low, close, volume, filled]),
    );
  }
  return symbols.map((symbol, k) => {
    const column = (i: number) => Float64Array.from(rows, (row) => row[6 * k + i]);
    return newCandles({
      ...{ symbol, step, time: Float64Array.from(times) },
      ...{ $open: column(0), $high: column(1), $low: column(2), $close: column(3), $volume: column(4) },
      filled: Uint8Array.from(rows, (row) => row[6 * k + 5]),
    });
  });
}

/** Presses the kill switch of a session: a trader that is at it sells all at once, and it stays stopped. */
export async function kill(folder: string, reason: string, at = Date.now()): Promise<void> {
  await openingOf(folder);
  await Deno.writeTextFile(join(folder, KILL), JSON.stringify({ at, reason } satisfies Kill) + "\n");
}

/** Whether the kill switch of a session is pressed, and why. */
export function killed(folder: string): Kill | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(join(folder, KILL)) || "{}");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof SyntaxError) return { at: NaN, reason: "the kill switch" }; // half written: pressed all the same
    throw error;
  }
}

/** Releases it. */
export async function clearKill(folder: string): Promise<void> {
  await Deno.remove(join(folder, KILL)).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

/** Opens the journal of a session to go on where it was. The caller has the lock. */
export function openSession(folder: string, at: { readonly end: number; readonly sum: number }): Journal {
  return openJournal(journalPath(folder), at);
}
