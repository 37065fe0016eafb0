import type { Exchange as Client, OrderBook, Trade } from "ccxt";
import { brief } from "../base/brief.ts";
import { log } from "../base/log.ts";
import { type Rng, rng } from "../base/random.ts";
import { redact } from "../base/secret.ts";
import { didYouMean } from "../base/suggest.ts";
import { parseTimeframe } from "../base/time.ts";
import { ccxtClient } from "./ccxt_rest.ts";
import type { Bar as Row, Exchange, ExchangeOptions } from "./exchange.ts";
import { pause, retrying } from "./retry.ts";
import type { Bar, MarketStream, StreamEvent } from "./stream.ts";
import { serverClock } from "./stream_clock.ts";
import { lanes } from "./stream_lanes.ts";
import { type StreamQueue, streamQueue } from "./stream_queue.ts";
import { ownSockets, type Sockets } from "./stream_socket.ts";

/** What to stream, from where, and when it counts as broken. */
export interface CcxtStreamOptions extends Omit<ExchangeOptions, "signal"> {
  readonly exchange: string; // as ccxt calls it: "binance"
  readonly symbols: readonly string[]; // "BTC/USDT"
  readonly timeframe: string; // "1m"
  /** The first bar wanted opens at or after it, ms UTC; those that are over by now come by REST. Else: the open bar. */
  readonly since?: number | undefined;
  readonly trades?: boolean;
  /** Levels of the book on either side; 0 for no book. */
  readonly books?: number;
  /** Address that gets every WebSocket instead of the exchange (`WEB_SOCKET_ENDPOINT`): `ws://127.0.0.1:PORT` */
  readonly webSocketEndpoint?: string | undefined;
  /** A bar whose end was not told is asked for by REST so long after it, ms. */
  readonly grace?: number;
  /** A bar that REST, asked three times, does not have so long after its end did not trade, ms. */
  readonly holeAfter?: number;
  /** Connections are pinged so often; without a sign of life for twice as long they are dialled again. ms */
  readonly heartbeat?: number;
  /**
   * Without a message for so long a connection is stale, however alive, and dialled again, ms. Longer where messages are
   * rare: twice the longest pause lately.
   */
  readonly staleAfter?: number;
  /** How far this clock and the exchange's may lie apart before it is said, ms; Infinity: they are not compared. */
  readonly maxSkew?: number;
  readonly skewEvery?: number; // how often they are compared, ms
  /** First and longest wait before a dial after a loss, and how long a good connection lasts, ms. */
  readonly firstWait?: number;
  readonly longestWait?: number;
  readonly stableAfter?: number;
  /** How often all of the above is looked at, ms. */
  readonly checkEvery?: number;
  /** Shortens waits at random, so that traders who were cut off together come back at different times. */
  readonly random?: Rng;
  /** This machine's clock, ms UTC. */
  readonly now?: () => number;
}

/** What happened to a stream so far. */
export interface StreamCounts {
  readonly lost: number; // connections
  readonly refilled: number; // bars that came by REST
  readonly filled: number; // bars that the exchange does not have
  readonly late: number; // closed bars that came again, or after they were refilled
  readonly damaged: number; // closed bars with numbers that are none
  readonly garbage: number; // messages that were no JSON object
  readonly droppedBooks: number; // the reader was slower than they came
  readonly droppedTrades: number;
}

/** A stream that counts. */
export interface CcxtStream extends MarketStream {
  readonly counts: StreamCounts;
}

const defaults = {
  ...{ trades: false, books: 0, grace: 1500, holeAfter: 30_000, heartbeat: 15_000, staleAfter: 60_000, maxSkew: 1000 },
  ...{ skewEvery: 600_000, firstWait: 1000, longestWait: 60_000, stableAfter: 30_000, checkEvery: 200 },
};
type Wanted = CcxtStreamOptions & Required<Pick<CcxtStreamOptions, keyof typeof defaults | "random" | "now">>;

/**
 * Streams an exchange that ccxt knows. A bar is given out once it is closed: when the exchange's message says so
 * (Binance), else once REST has it, asked when the next bar opens or `grace` has passed since its end by the exchange's
 * clock. What a lost, late or damaged message kept back comes by REST too: bars never lack, and never change.
 *
 * A lost connection is dialled again with growing, jittered waits; bars meanwhile come by REST. A slow reader gets every
 * bar, but only the latest book of each symbol and the latest 1000 trades.
 *
 * @throws {RangeError} if exchange, symbol or timeframe is not known, naming the nearest
 * @throws {Error} if the exchange keeps failing
 */
export async function openCcxtStream(options: CcxtStreamOptions): Promise<CcxtStream> {
  const wanted: Wanted = { ...defaults, random: rng(Deno.pid), now: Date.now, ...options };
  checkSymbols(wanted);
  const step = parseTimeframe(options.timeframe);
  const stop = new AbortController();
  const { client, exchange } = await ccxtClient(options.exchange, { ...options, signal: stop.signal }, "live");
  try {
    return await start(wanted, step, client, exchange, stop);
  } catch (error) {
    stop.abort(error);
    await exchange[Symbol.asyncDispose]();
    throw explained(error, options, exchange);
  }
}

/** What kept a stream from being opened, as one sentence; errors that are sentences of ours stay as they are. */
export function explained(
  error: unknown,
  { exchange: name, symbols, timeframe }: CcxtStreamOptions,
  exchange: Exchange,
) {
  if (!(error instanceof Error) || error.message.startsWith("Cannot ")) return error;
  const why = exchange.temporary(error) === undefined ? "the exchange refuses it" : "the exchange keeps failing";
  const what = `Cannot stream ${symbols.join(", ")} ${timeframe} from ${name}`;
  return new Error(`${what} as ${why}: ${brief(error)}`, { cause: error });
}

async function start(
  options: Wanted,
  step: number,
  client: Client,
  exchange: Exchange,
  stop: AbortController,
): Promise<CcxtStream> {
  const { exchange: name, symbols, timeframe, firstWait } = options;
  const { signal } = stop;
  const queue = streamQueue();
  const feed = (state: (StreamEvent & { kind: "feed" })["state"], note: string) =>
    queue.push({ kind: "feed", state, note: redact(note) });
  const patiently = patience(options, exchange, signal);

  redirect(client, options.webSocketEndpoint);
  await checkNames(options, exchange, patiently);
  const clock = serverClock({
    ...{ now: options.now, maxSkew: options.maxSkew, every: options.skewEvery },
    ask: async () => client.has.fetchTime ? await client.fetchTime() : undefined,
    onSkew: (note) => feed("skewed", note),
  });
  await patiently(clock.compare);
  const from = await patiently(() => firstOpen(options, step, exchange, clock.now()));
  const bars = lanes({
    ...options,
    ...{
      step,
      from,
      signal,
      now: clock.now,
      grace: () => options.grace,
      pageLimit: exchange.pageLimit,
      temporary: exchange.temporary,
    },
    ask: async (symbol, since, limit) => (await exchange.bars(symbol, timeframe, since, limit)).map(barOf),
    onBar: (symbol, bar, received, source) => queue.push({ kind: "bar", symbol, bar, received, source }),
    onTrouble: (symbol, error) => log("warn", `Cannot refill ${symbol} from ${name}, trying on: ${brief(error)}`),
  });

  const sockets = ownSockets(client, options, signal, {
    onLost: (url, wait) =>
      feed("reconnecting", `the connection to ${url} was lost; dialling again in ${(wait / 1000).toFixed(1)} s`),
    onStale: (why) => feed("stale", why),
    onConnected: () => feed("connected", `messages come from ${name}`),
  });
  listen(client, options, bars);

  const timer = setInterval(() => {
    sockets.check();
    bars.check();
    clock.check();
  }, options.checkEvery);
  const watching = watches(client, options, queue, sockets).map((watch) =>
    keepWatching(watch, signal, firstWait, (error) => {
      log("warn", `Cannot watch ${name}, trying on: ${brief(error)}`);
      sockets.drop();
    })
  );
  return {
    symbols,
    step,
    get counts() {
      const { books, trades } = queue.dropped;
      return {
        ...bars.counts,
        lost: sockets.lost,
        garbage: sockets.garbage,
        droppedBooks: books,
        droppedTrades: trades,
      };
    },
    [Symbol.asyncIterator]: () => queue[Symbol.asyncIterator](),
    async [Symbol.asyncDispose]() {
      queue.close();
      clearInterval(timer);
      stop.abort(new DOMException("the stream was closed", "AbortError"));
      await sockets.close();
      await Promise.all([...watching, bars.idle()]);
      await exchange[Symbol.asyncDispose]();
    },
  };
}

/** Asks again when a failure may pass, and says so. */
export function patience(
  { exchange: name, firstWait = defaults.firstWait }: CcxtStreamOptions,
  exchange: Exchange,
  signal: AbortSignal,
) {
  const onRetry = (error: unknown, attempt: number, wait: number) =>
    log("warn", `${name}: ${brief(error)}; trying again in ${(wait / 1000).toFixed(1)} s (${attempt})`);
  return <T>(work: () => Promise<T>) => retrying(work, { firstWait, signal, temporary: exchange.temporary, onRetry });
}

/** Open of the first bar that is wanted, ms UTC. Where on the clock bars open is seen at the exchange's latest. */
export async function firstOpen(
  { symbols, timeframe, since }: CcxtStreamOptions,
  step: number,
  exchange: Exchange,
  now: number,
): Promise<number> {
  const latest = (await exchange.bars(symbols[0], timeframe, now - 3 * step, 4)).at(-1);
  const phase = (latest?.[0] ?? 0) % step;
  if (since === undefined) return Math.floor((now - phase) / step) * step + phase;
  return Math.ceil((since - phase) / step) * step + phase;
}

/** A message of an exchange that is known to say when a bar is closed: which one that is. */
const closers: Readonly<Record<string, (message: KlineMessage) => { id: string; time: number } | undefined>> = {
  binance: ofBinance,
  binanceus: ofBinance,
  binanceusdm: ofBinance,
  binancecoinm: ofBinance,
};

interface KlineMessage {
  readonly e?: string;
  readonly k?: { readonly s: string; readonly t: number; readonly x: boolean };
}

function ofBinance({ e, k }: KlineMessage): { id: string; time: number } | undefined {
  return e === "kline" && k?.x === true ? { id: k.s, time: k.t } : undefined;
}

/**
 * Looks at every message once ccxt has read it. `watchOHLCV` itself would not do: it tells neither that a bar is closed,
 * nor of the second of two symbols whose messages come in together.
 */
function listen(client: Client, { symbols, timeframe }: Wanted, bars: ReturnType<typeof lanes>): void {
  client.options["OHLCVLimit"] = 10; // bars that ccxt remembers
  const closed = closers[client.id];
  const symbolOf = new Map(symbols.map((symbol) => [client.market(symbol).id, symbol]));
  const rows = (symbol: string) => client.ohlcvs?.[symbol]?.[timeframe] as unknown as readonly Row[] | undefined;
  const handle = client.handleMessage as (own: unknown, message: unknown) => void;
  client.handleMessage = function (this: Client, own: unknown, message: unknown) {
    const received = performance.now();
    handle.call(this, own, message);
    const told = closed?.(message as KlineMessage);
    const symbol = told && symbolOf.get(told.id);
    const row = symbol && rows(symbol)?.findLast(([time]) => time === told.time);
    if (symbol && row) bars.take(symbol, barOf(row), received);
    const kline = (message as KlineMessage).k?.s;
    for (const one of kline === undefined ? symbols : [symbolOf.get(kline) ?? ""]) {
      bars.seen(one, rows(one)?.at(-1)?.[0] ?? 0);
    }
  } as typeof client.handleMessage;
}

/**
 * What ccxt is to watch: each subscribes where that is to be done, and waits for something new. Bars are listened to
 * beside, so that watching them waits for a lost connection, which has to be subscribed anew.
 */
function watches(client: Client, options: Wanted, queue: StreamQueue, sockets: Sockets): (() => Promise<unknown>)[] {
  const { symbols, timeframe, trades, books, now } = options;
  const each = <T>(together: boolean, all: () => Promise<T>, one: (symbol: string) => Promise<T>) =>
    together ? [all] : symbols.map((symbol) => () => one(symbol));
  const then = (work: () => Promise<unknown>, tell: () => void) => async () => {
    await work();
    tell();
  };
  const bars = each<unknown>(
    Boolean(client.has["watchOHLCVForSymbols"]),
    () => client.watchOHLCVForSymbols(symbols.map((symbol) => [symbol, timeframe])),
    (symbol) => client.watchOHLCV(symbol, timeframe),
  );
  const trade = !trades ? [] : each<unknown>(
    Boolean(client.has["watchTradesForSymbols"]),
    () => client.watchTradesForSymbols([...symbols]),
    (symbol) => client.watchTrades(symbol),
  );
  const book = books === 0 ? [] : each<unknown>(
    Boolean(client.has["watchOrderBookForSymbols"]),
    () => client.watchOrderBookForSymbols([...symbols]),
    (symbol) => client.watchOrderBook(symbol),
  );
  const newTrades = tradeTeller(client, symbols, queue);
  const newBooks = bookTeller(client, symbols, queue, books, now);
  const untilLost = (work: () => Promise<unknown>) => async () => {
    const { lost } = sockets;
    await work();
    await sockets.loss(lost);
  };
  return [
    ...bars.map(untilLost),
    ...trade.map((work) => then(work, newTrades)),
    ...book.map((work) => then(work, newBooks)),
  ];
}

/** Trades of all symbols since it was last called: a wait of ccxt's ends with one symbol, others may have moved too. */
function tradeTeller(client: Client, symbols: readonly string[], queue: StreamQueue): () => void {
  const last = new Map<string, Trade>();
  return () => {
    for (const symbol of symbols) {
      const known = client.trades?.[symbol] as unknown as readonly Trade[] | undefined;
      if (known === undefined || known.length === 0) continue;
      const before = last.get(symbol);
      for (let i = before === undefined ? 0 : known.lastIndexOf(before) + 1; i < known.length; i++) {
        const { timestamp, price, amount, side } = known[i];
        if (timestamp === undefined || price === undefined || amount === undefined) continue;
        const event = { kind: "trade", symbol, time: timestamp, price, units: amount } as const;
        queue.push({ ...event, side: side === "sell" ? "sell" : "buy" });
      }
      last.set(symbol, known[known.length - 1]);
    }
  };
}

/** Books of all symbols that changed since it was last called. */
function bookTeller(client: Client, symbols: readonly string[], queue: StreamQueue, levels: number, now: () => number) {
  const told = new Map<string, number>();
  const side = (all: OrderBook["bids"]) =>
    Array.from(all.slice(0, levels), ([price, units]) => [price ?? NaN, units ?? NaN] as const);
  return () => {
    for (const symbol of symbols) {
      const book = client.orderbooks?.[symbol] as unknown as OrderBook | undefined;
      const version = book?.nonce ?? book?.timestamp;
      if (book === undefined || version === undefined || told.get(symbol) === version) continue;
      told.set(symbol, version);
      const time = book.timestamp ?? now();
      queue.push({ kind: "book", symbol, time, bids: side(book.bids), asks: side(book.asks) });
    }
  };
}

/** Watches until the signal aborts. After a lost connection the next watch dials, which waits as long as it must. */
async function keepWatching(
  watch: () => Promise<unknown>,
  signal: AbortSignal,
  firstWait: number,
  onRefused: (error: unknown) => void,
): Promise<void> {
  const { NetworkError, ChecksumError } = (await import("ccxt")).default;
  while (!signal.aborted) {
    try {
      await watch();
    } catch (error) {
      if (signal.aborted) return;
      // Of a book that has lost a change ccxt fetches a new one by itself.
      const passes = error instanceof NetworkError || error instanceof ChecksumError;
      if (!passes) onRefused(error);
      await pause(passes ? Math.min(50, firstWait) : firstWait, signal).catch(() => signal.aborted);
    }
  }
}

/** @throws {RangeError} if there is no symbol, one is twice, or kinds are mixed */
export function checkSymbols({ exchange, symbols }: CcxtStreamOptions): void {
  if (symbols.length === 0) {
    throw new RangeError(`Cannot stream from ${exchange} as there must be at least one symbol: none is given`);
  }
  const twice = symbols.find((symbol, i) => symbols.indexOf(symbol) < i);
  if (twice) {
    throw new RangeError(`Cannot stream from ${exchange} as each symbol must be named once: ${twice} is twice`);
  }
  if (symbols.some((symbol) => symbol.includes(":") !== symbols[0].includes(":"))) {
    throw new RangeError(
      `Cannot stream from ${exchange} as symbols must all be spot or all be contracts: current values are ${
        symbols.join(", ")
      }`,
    );
  }
}

/** @throws {RangeError} if the exchange knows no such timeframe or symbol, naming the nearest */
export async function checkNames(
  { exchange: name, symbols, timeframe }: CcxtStreamOptions,
  exchange: Exchange,
  patiently: <T>(work: () => Promise<T>) => Promise<T>,
): Promise<void> {
  const known = (kind: string, wanted: string, names: readonly string[]) => {
    if (names.includes(wanted)) return;
    throw new RangeError(`Cannot stream "${wanted}" as ${name} has no such ${kind}: ${didYouMean(wanted, names)}`);
  };
  known("timeframe", timeframe, exchange.timeframes.filter((one) => !one.endsWith("M")));
  const names = await patiently(() => exchange.symbols(symbols[0]));
  for (const symbol of symbols) known("symbol", symbol, names);
}

/** Sends every WebSocket of a client to `endpoint`, paths kept. */
function redirect(client: Client, endpoint: string | undefined): void {
  if (endpoint === undefined) return;
  if (!/^wss?:\/\/[^/]/.test(endpoint)) {
    throw new RangeError(
      `Cannot stream through WEB_SOCKET_ENDPOINT as it must start with ws:// or wss://: current value is ${
        redact(endpoint)
      }`,
    );
  }
  const base = endpoint.replace(/\/$/, "");
  const walk = (value: unknown): unknown => {
    if (typeof value === "string") return value.replace(/^wss?:\/\/[^/]+/, base);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, walk(inner)]));
  };
  client.urls["api"] = walk(client.urls["api"]) as never;
}

const barOf = ([time, open, high, low, close, volume]: Row): Bar => ({ time, open, high, low, close, volume });
