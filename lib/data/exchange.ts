import { brief } from "../base/brief.ts";
import type { OnProgress } from "../base/progress.ts";
import { log } from "../base/log.ts";
import type { Secret } from "../base/secret.ts";
import { didYouMean } from "../base/suggest.ts";
import { formatDate, parseDate, parseTimeframe, type TimeRange } from "../base/time.ts";
import type { Candles } from "../market/candles.ts";
import { type CandleCache, openCache } from "./cache.ts";
import { openCcxt } from "./ccxt_rest.ts";
import { fillCache, type PageSource } from "./paging.ts";
import { retrying } from "./retry.ts";

/** Open time in ms, open, high, low, close, volume. */
export type Bar = readonly [number, number, number, number, number, number];

/** A place to ask for bars. */
export interface Exchange extends AsyncDisposable {
  readonly timeframes: readonly string[];
  /** Most bars in one answer. */
  pageLimit(symbol: string): number;
  /** Names of its markets; fetched at the first call. `wanted` tells which kind is needed. */
  symbols(wanted: string): Promise<readonly string[]>;
  /** At most `limit` bars that open at or after `since`, oldest first, the unfinished one possibly among them. */
  bars(symbol: string, timeframe: string, since: number, limit: number): Promise<readonly Bar[]>;
  /** For an error that may pass: the least to wait before asking again, ms. Nothing for one that won't. */
  temporary(error: unknown): number | undefined;
  /** The exchange's clock as of its latest answer, ms UTC; Infinity when it does not tell. */
  time(): number;
  /** Requests sent so far. */
  requests(): number;
}

/** How to reach an exchange. */
export interface ExchangeOptions {
  /** Address that gets every request instead of the exchange: a local server. `http://127.0.0.1:PORT` */
  readonly endpoint?: string | undefined;
  /** Least time between requests, ms; ccxt's for the exchange when left out, 0 for none. */
  readonly rateLimit?: number | undefined;
  /** Never needed for candles; some exchanges allow more requests with them. */
  readonly apiKey?: Secret | undefined;
  readonly apiSecret?: Secret | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Exchanges that ccxt does not know, by name. All others go through ccxt. */
const own: Readonly<Record<string, (name: string, options: ExchangeOptions) => Promise<Exchange>>> = {};

/** Opens an exchange by its ccxt name. @throws {RangeError} if it is not known, naming the nearest */
export function openExchange(name: string, options: ExchangeOptions = {}): Promise<Exchange> {
  return (own[name] ?? openCcxt)(name, options);
}

/** What to fetch, and where to keep it. */
export interface FetchOptions extends ExchangeOptions {
  readonly exchange: string; // as ccxt calls it: "binance"
  readonly symbol: string; // "BTC/USDT"
  readonly timeframe: string; // "1h"
  readonly since: number | string; // ms UTC or a date
  readonly until?: number | string | undefined; // bars that open before it; now when left out
  readonly folder?: string; // relative to the project
  readonly onProgress?: OnProgress | undefined; // bars
  /** How often a request is tried again, and the first wait, ms. */
  readonly retries?: number;
  readonly firstWait?: number;
  /** Told of retries and of damaged files; logged as warnings when left out. */
  readonly onNote?: (note: string) => void;
  /** This machine's clock. */
  readonly now?: () => number;
}

/** What a fetch gave. */
export interface Fetched {
  readonly candles: Candles; // raw, in order; clean them before use
  readonly fetched: number; // bars that came from the exchange now
  readonly cached: number; // bars that were there already
  readonly requests: number; // 0 when all were there
  readonly retries: number;
}

/**
 * Fetches bars into the cache and returns all of the span. Only spans that the exchange has not answered for yet are
 * asked for; each page is kept as it comes (every few pages for bars of minutes), so that a fetch that is stopped or
 * killed goes on where it was. Failures that may pass (network, rate limit, 5xx) are retried with growing waits. A bar
 * that is unfinished, by this clock or the exchange's, is left out. No bars in a span is believed when the exchange says
 * so twice, and kept in mind once it is a day old.
 *
 * @throws {RangeError} if exchange, symbol or timeframe is not known (naming the nearest), `since` lies in the future
 *   or after `until`, or the exchange has no bars there
 * @throws {Error} if the exchange keeps failing; what was fetched is kept
 */
export async function fetchCandles(options: FetchOptions): Promise<Fetched> {
  const { exchange: name, symbol, timeframe, folder = "data/raw", now = Date.now } = options;
  const what = `${symbol} ${timeframe} from ${name}`;
  const step = parseTimeframe(timeframe);
  const wanted = wantedSpan(options, what, now());
  const note = options.onNote ?? ((text: string) => log("warn", text));
  const cache = openCache(folder, { exchange: name, symbol, timeframe }, note);
  await cache.mend(wanted);
  const counts = { fetched: 0, requests: 0, retries: 0 };
  const over = { ...wanted, to: Math.min(wanted.to, now() - step + 1) };
  if (over.from < over.to && (await cache.missing(over)).length > 0) {
    await using exchange = await openExchange(name, options);
    try {
      counts.fetched = await fillFrom(exchange, cache, wanted, options, () => counts.retries++, note);
    } catch (error) {
      throw explained(error, what, exchange, options.signal);
    } finally {
      counts.requests = exchange.requests();
    }
  }
  const candles = await cache.read(wanted);
  if (candles.length === 0) {
    throw new RangeError(
      `Cannot fetch ${what} as it has no bars from ${formatDate(wanted.from)} to ${formatDate(wanted.to)}`,
    );
  }
  return { candles, cached: candles.length - counts.fetched, ...counts };
}

/** Checks the names with the exchange, then pages. */
async function fillFrom(
  exchange: Exchange,
  cache: CandleCache,
  wanted: TimeRange,
  options: FetchOptions,
  onRetry: () => void,
  note: (text: string) => void,
): Promise<number> {
  const { symbol, timeframe, now = Date.now, onProgress, signal } = options;
  let unreached = 0;
  const temporary = (error: unknown) => { // what has never answered is no exchange that fails for a while
    const never = unreachable(error) && exchange.time() === Infinity;
    return never && ++unreached > 2 ? undefined : exchange.temporary(error);
  };
  const told = (error: unknown, attempt: number, wait: number) => {
    onRetry();
    note(`${options.exchange}: ${brief(error)}; trying again in ${(wait / 1000).toFixed(1)} s (${attempt})`);
  };
  const patiently = <T>(work: () => Promise<T>) => retrying(work, { ...options, temporary, onRetry: told });
  known("timeframe", timeframe, exchange.timeframes.filter((name) => !name.endsWith("M")), options);
  known("symbol", symbol, await patiently(() => exchange.symbols(symbol)), options);
  const step = parseTimeframe(timeframe);
  const source: PageSource = {
    ...{ step, pageLimit: exchange.pageLimit(symbol), hasDays: exchange.timeframes.includes("1d") },
    ask: (since, limit, days) => patiently(() => exchange.bars(symbol, days ?? timeframe, since, limit)),
    lastFinished: () => Math.min(now(), exchange.time()) - step,
  };
  const total = Math.round((wanted.to - wanted.from) / step);
  return await fillCache(cache, wanted, source, (share, bars) => {
    if (!signal?.aborted) onProgress?.(Math.round(share * total), total, `${symbol} ${timeframe}, ${bars} bars`);
  });
}

function known(kind: string, wanted: string, names: readonly string[], { exchange }: FetchOptions): void {
  if (names.includes(wanted)) return;
  throw new RangeError(`Cannot fetch "${wanted}" as ${exchange} has no such ${kind}: ${didYouMean(wanted, names)}`);
}

function wantedSpan({ since, until }: FetchOptions, what: string, now: number): TimeRange {
  const moment = (value: number | string) => (typeof value === "string" ? parseDate(value) : value);
  const from = moment(since);
  const to = until === undefined ? now : moment(until);
  if (!Number.isFinite(from) || !Number.isFinite(to)) {
    throw new RangeError(
      `Cannot fetch ${what} as since and until must be times: current values are ${since}, ${until}`,
    );
  }
  if (from >= now) {
    throw new RangeError(`Cannot fetch ${what} as since must lie in the past: current value is ${formatDate(from)}`);
  }
  if (from < to) return { from, to: Math.min(to, now) };
  throw new RangeError(
    `Cannot fetch ${what} as since must come before until: current values are ${formatDate(from)}, ${formatDate(to)}`,
  );
}

/** Whether there was no server to ask: no such name, nobody at the address, no network. */
const unreachable = (error: unknown) => /dns error|client error \(Connect\)/.test(brief(error));

/** What stopped a fetch, as one sentence; errors that are sentences of ours stay as they are. */
function explained(error: unknown, what: string, exchange: Exchange, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted || !(error instanceof Error) || error.message.startsWith("Cannot ")) return error;
  const why = unreachable(error)
    ? "it cannot be reached: is there a network?"
    : exchange.temporary(error) === undefined
    ? "the exchange refuses it"
    : "the exchange keeps failing";
  return new Error(
    `Cannot fetch ${what} as ${why}; what came so far is kept, and the next fetch goes on there: ${brief(error)}`,
    {
      cause: error,
    },
  );
}
