import { basename, join, relative } from "node:path";
import { exists, withLock, writeAtomic } from "../base/files.ts";
import { log } from "../base/log.ts";
import { projectPath } from "../base/project.ts";
import { parseTimeframe, type TimeRange } from "../base/time.ts";
import type { Candles } from "../market/candles.ts";
import { readCandles, writeCandles } from "./frames.ts";
import { byMonth, joined, merge, monthSpan, noBars } from "./months.ts";
import { type Ranges, uncovered, union, without } from "./ranges.ts";

/** What a cache holds the bars of. */
export interface CacheKey {
  readonly exchange: string; // "binance"
  readonly symbol: string; // "BTC/USDT"
  readonly timeframe: string; // "1h"
}

/**
 * Raw bars of one market on disk: a parquet file per month, and a note of the spans that the exchange has answered for,
 * so that a true gap is not asked for again. Any number of processes may use it at once.
 */
export interface CandleCache {
  readonly key: CacheKey;
  /** Spans of `range` that the exchange has not answered for. */
  missing(range: TimeRange): Promise<Ranges>;
  /** Keeps bars, and that the exchange has answered for `span`. A bar that is there already is replaced. */
  add(bars: Candles, span: TimeRange): Promise<void>;
  /** Bars that open in `range`, in order, as the exchange gave them. Call `mend` first. */
  read(range: TimeRange): Promise<Candles>;
  /** Reads the months of `range`. One that is damaged or gone is said, set aside, and counts as not fetched. */
  mend(range: TimeRange): Promise<void>;
}

/** What `coverage.json` holds. */
interface Coverage extends CacheKey {
  readonly covered: Ranges;
  readonly bars: Readonly<Record<string, number>>; // by month; a file with fewer is not the one that was written
}

/**
 * Opens the cache of a market under `folder` (relative to the project). Makes nothing until bars are added.
 *
 * @param onNote told when something kept was found damaged; logs a warning when left out
 * @throws {RangeError} if a part of the key can't be a folder's name
 */
export function openCache(
  folder: string,
  key: CacheKey,
  onNote: (note: string) => void = (note) => log("warn", note),
): CandleCache {
  const root = projectPath(folder, ...folderNames(key));
  const place = relative(projectPath(), root).startsWith("..") ? root : relative(projectPath(), root); // for messages
  const path = (name: string) => join(root, name);
  const step = parseTimeframe(key.timeframe);
  const known = new Map<string, { stamp: string; bars: Candles }>(); // a month is read once while its file stays

  /** Work that changes files: one process at a time, with errors that say what could not be kept. */
  const change = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await withLock(path("coverage.json"), async () => {
        const unfinished = (await names(root, "isFile")).filter((name) => name.endsWith(".tmp"));
        for (const name of unfinished) await Deno.remove(path(name)); // of a process that was killed: we hold the lock
        return await work();
      });
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error; // not of the system
      const why = error.message.split("\n")[0].replaceAll(root, place);
      throw new Error(`Cannot keep candles in ${place} as it can't be written; what was there is untouched: ${why}`, {
        cause: error,
      });
    }
  };

  const coverage = async (): Promise<Coverage> => {
    const none: Coverage = { ...key, covered: [], bars: {} };
    if (!(await exists(path("coverage.json")))) return none;
    const kept = readCoverage(await Deno.readTextFile(path("coverage.json")));
    if (kept === undefined) {
      const aside = await setAside(path("coverage.json"));
      onNote(`${place}/coverage.json is damaged, was set aside as ${aside}, and its bars will be fetched again`);
    } else if (kept.symbol !== key.symbol) {
      throw new RangeError(`Cannot keep ${key.symbol} in ${place} as ${kept.symbol} is kept there`);
    }
    return kept ?? none;
  };
  const save = (kept: Coverage) => writeAtomic(path("coverage.json"), JSON.stringify(kept));

  const stamp = async (file: string) => {
    const { mtime, size, ino } = await Deno.stat(file);
    return `${mtime?.getTime()} ${size} ${ino}`;
  };
  const readMonth = async (month: string): Promise<Candles> => {
    const file = path(`${month}.parquet`);
    if (!(await exists(file))) return noBars(key.symbol, step);
    const now = await stamp(file);
    const before = known.get(month);
    if (before?.stamp === now) return before.bars;
    const bars = await readCandles(file, { symbol: key.symbol, step });
    known.set(month, { stamp: now, bars });
    return bars;
  };
  const writeMonth = async (month: string, bars: Candles) => {
    await writeCandles(path(`${month}.parquet`), bars);
    known.set(month, { stamp: await stamp(path(`${month}.parquet`)), bars });
  };
  const faultOf = async (month: string, written = 0): Promise<string | undefined> => {
    try {
      const { length } = await readMonth(month);
      if (length < written) return length === 0 ? "is gone" : `has ${length} bars where ${written} were written`;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return "is damaged";
    }
  };
  /** The coverage without the months that can't be used, which are set aside. Only while the lock is held. */
  const usable = async (months: readonly string[]): Promise<Coverage> => {
    let kept = await coverage();
    for (const month of months) {
      const fault = await faultOf(month, kept.bars[month]);
      if (fault === undefined) continue;
      const aside = fault === "is gone" ? "" : `, was set aside as ${await setAside(path(`${month}.parquet`))}`;
      const { [month]: _, ...bars } = kept.bars;
      kept = { ...kept, bars, covered: without(kept.covered, monthSpan(month)) };
      await save(kept);
      onNote(`${place}/${month}.parquet ${fault}${aside} and must be fetched again`);
    }
    return kept;
  };
  const monthsIn = async (range: TimeRange): Promise<string[]> => {
    const files = (await names(root, "isFile")).filter((name) => /^\d{4}-\d\d\.parquet$/.test(name));
    const months = new Set([...files.map((name) => name.slice(0, 7)), ...Object.keys((await coverage()).bars)]);
    return [...months].sort().filter((month) => monthSpan(month).from < range.to && monthSpan(month).to > range.from);
  };

  return {
    key,
    missing: async (range) => uncovered(range, (await coverage()).covered),
    add: (bars, span) =>
      change(async () => {
        const parts = byMonth(bars);
        const kept = await usable([...parts.keys()]);
        const counts = { ...kept.bars };
        for (const [month, part] of parts) {
          const merged = merge(await readMonth(month), part);
          await writeMonth(month, merged);
          counts[month] = merged.length;
        }
        // After the bars: a crash in between costs no more than fetching them again.
        await save({ ...kept, covered: union(kept.covered, span), bars: counts });
      }),
    read: async (range) => {
      const parts: Candles[] = [];
      for (const month of await monthsIn(range)) parts.push(await readMonth(month));
      return joined(key.symbol, step, parts, range);
    },
    mend: async (range) => {
      const months = await monthsIn(range);
      const { bars } = await coverage();
      for (const month of months) {
        if ((await faultOf(month, bars[month])) !== undefined) {
          return await change(async () => void (await usable(months)));
        }
      }
    },
  };
}

/** Every market that has bars under `folder` (relative to the project), in order. */
export async function listCaches(folder: string): Promise<CacheKey[]> {
  const found: CacheKey[] = [];
  for (const exchange of await names(projectPath(folder), "isDirectory")) {
    for (const pair of await names(projectPath(folder, exchange), "isDirectory")) {
      for (const timeframe of await names(projectPath(folder, exchange, pair), "isDirectory")) {
        const files = await names(projectPath(folder, exchange, pair, timeframe), "isFile");
        if (!files.some((name) => name.endsWith(".parquet"))) continue;
        found.push({ exchange, symbol: pair.replace("-", "/").replaceAll("_", ":"), timeframe });
      }
    }
  }
  return found;
}

/** `binance`, `BTC/USDT:USDT`, `1h` → `binance`, `BTC-USDT_USDT`, `1h`. */
function folderNames({ exchange, symbol, timeframe }: CacheKey): string[] {
  const parts = [exchange, symbol.replace("/", "-").replaceAll(":", "_"), timeframe];
  const odd = parts.find((part) => !/^\w[\w.-]*$/.test(part));
  if (odd === undefined) return parts;
  throw new RangeError(`Cannot keep candles under "${odd}" as a name must be of letters, digits, "-", "_" and "."`);
}

async function names(folder: string, kind: "isFile" | "isDirectory"): Promise<string[]> {
  if (!(await exists(folder))) return [];
  const found: string[] = [];
  for await (const entry of Deno.readDir(folder)) if (entry[kind]) found.push(entry.name);
  return found.sort();
}

async function setAside(file: string): Promise<string> {
  let aside = `${file}.damaged`;
  for (let i = 2; await exists(aside); i++) aside = `${file}.damaged-${i}`;
  await Deno.rename(file, aside);
  return basename(aside);
}

/** Undefined when the text is not what was written: then nothing counts as fetched. */
function readCoverage(text: string): Coverage | undefined {
  try {
    const kept = JSON.parse(text) as Coverage;
    return Array.isArray(kept.covered) && typeof kept.bars === "object" && kept.bars !== null ? kept : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
