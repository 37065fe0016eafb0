import { brief } from "../base/brief.ts";
import { log } from "../base/log.ts";
import { rng } from "../base/random.ts";
import type { Secret } from "../base/secret.ts";
import { parseTimeframe } from "../base/time.ts";
import {
  type CcxtStream,
  type CcxtStreamOptions,
  checkNames,
  checkSymbols,
  explained,
  firstOpen,
  openCcxtStream,
  patience,
} from "./ccxt_stream.ts";
import { type Exchange, openExchange } from "./exchange.ts";
import type { RedisBars, SharedBar } from "./redis_bars.ts";
import { pause } from "./retry.ts";
import type { MarketStream, StreamEvent } from "./stream.ts";
import { type Lanes, lanes } from "./stream_lanes.ts";
import { streamQueue } from "./stream_queue.ts";

/** A live stream, shared through Redis where one is named. */
export interface StreamOptions extends CcxtStreamOptions {
  /** `REDIS_URL`: processes that name the same Redis need one connection to the exchange. */
  readonly redisUrl?: Secret | undefined;
  /** A feeder that has not been heard of for so long is replaced by another process, ms. */
  readonly leaseFor?: number;
  /** Bars of each symbol that Redis keeps, about. */
  readonly keep?: number;
}

type Shared = StreamOptions & { readonly redisUrl: Secret };

/**
 * Opens a live stream. With `redisUrl`, one of the processes that want the same feeds the others: its closed bars go
 * through Redis streams, its books and trades through channels. Each process reads on from the bar that it needs, so none
 * lacks at the start, or when another becomes the feeder: at once when one ends, after `leaseFor` when one dies. What
 * Redis does not have comes from the exchange by REST, and while Redis is away all bars do, but for the feeder's.
 *
 * @throws {RangeError} if exchange, symbol or timeframe is not known
 * @throws {Error} if the exchange or Redis does not answer
 */
export async function openStream(options: StreamOptions): Promise<MarketStream> {
  const { redisUrl, exchange: name, timeframe, trades = false, books = 0, keep = 10_000 } = options;
  if (redisUrl === undefined) return await openCcxtStream(options);
  const { openRedisBars } = await import("./redis_bars.ts"); // only those who share need the client
  checkSymbols(options);
  parseTimeframe(timeframe);
  const stop = new AbortController();
  await using opened = new AsyncDisposableStack();
  const exchange = opened.use(await openExchange(name, { ...options, signal: stop.signal }));
  let told = -Infinity;
  const redis = opened.use(
    await openRedisBars({
      ...{ url: redisUrl, exchange: name, timeframe, keep, beside: `books=${books},trades=${trades}` },
      onError(error) {
        if (performance.now() - told < 60_000) return;
        told = performance.now();
        log("warn", `Redis, which shares bars, fails: ${brief(error)}`);
      },
    }),
  );
  const stream = await share({ ...options, redisUrl }, redis, exchange, stop)
    .catch((error) => Promise.reject(explained(error, options, exchange)));
  const kept = opened.move();
  return {
    ...stream,
    [Symbol.asyncIterator]: () => stream[Symbol.asyncIterator](),
    async [Symbol.asyncDispose]() {
      await stream[Symbol.asyncDispose]();
      await kept.disposeAsync();
    },
  };
}

async function share(
  options: Shared,
  redis: RedisBars,
  exchange: Exchange,
  stop: AbortController,
): Promise<MarketStream> {
  const { exchange: name, symbols, timeframe, since, leaseFor = 10_000, grace = 1500, checkEvery = 200 } = options;
  const { now = Date.now, firstWait = 1000, longestWait = 60_000, holeAfter = 30_000, random = rng(Deno.pid) } =
    options;
  const step = parseTimeframe(timeframe);
  const { signal } = stop;
  const patiently = patience(options, exchange, signal);
  await checkNames(options, exchange, patiently);
  const from = await patiently(() => firstOpen(options, step, exchange, now()));

  const queue = streamQueue();
  const bars = lanes({
    ...{ symbols, step, from, now, firstWait, longestWait, holeAfter, random, signal },
    ...{ pageLimit: exchange.pageLimit, temporary: exchange.temporary },
    grace: () => redis.ready ? grace + 2 * leaseFor : grace, // until then somebody else becomes the feeder
    ask: async (symbol, first, limit) =>
      (await exchange.bars(symbol, timeframe, first, limit))
        .map(([time, open, high, low, close, volume]) => ({ time, open, high, low, close, volume })),
    onBar: (symbol, bar, received, source) => queue.push({ kind: "bar", symbol, bar, received, source }),
    onTrouble: (symbol, error) => log("warn", `Cannot refill ${symbol} from ${name}, trying on: ${brief(error)}`),
  });
  let feeds = (_symbol: string) => false; // what one feeds comes back from Redis, too
  if (options.books || options.trades) await redis.listen(symbols, (event) => feeds(event.symbol) || queue.push(event));
  const feeder = feeding(options, redis, bars, (event) => queue.push(event), signal);
  feeds = feeder.feeds;
  const after = new Map(symbols.map((symbol) => [symbol, (since ?? from) - 1]));
  const opened = now();
  const take = ({ symbol, bar, source }: SharedBar) => {
    // What was over before, or long ago, is history, however it came to whoever shared it.
    const past = bar.time + step <= opened || bar.time + 2 * step <= now();
    bars.take(symbol, bar, performance.now(), past ? "rest" : source);
  };
  const reading = readOn(after, redis, take, (state, note) => queue.push({ kind: "feed", state, note }), signal);
  const timer = setInterval(bars.check, checkEvery);
  return {
    symbols,
    step,
    [Symbol.asyncIterator]: () => queue[Symbol.asyncIterator](),
    async [Symbol.asyncDispose]() {
      queue.close();
      clearInterval(timer);
      stop.abort(new DOMException("the stream was closed", "AbortError"));
      await feeder.close();
      await Promise.all([bars.idle(), redis.stopReading()]);
      await reading;
    },
  };
}

/** Reads bars that others bring, until the signal aborts. */
async function readOn(
  after: Map<string, number>,
  redis: RedisBars,
  take: (shared: SharedBar) => void,
  feed: (state: "connected" | "reconnecting", note: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let there = false;
  while (!signal.aborted) {
    try {
      if (!there) feed("connected", "bars come through Redis");
      there = true;
      for (const shared of await redis.read(after, 5000)) {
        after.set(shared.symbol, shared.bar.time);
        take(shared);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (there) feed("reconnecting", `Redis is away, bars come by REST: ${brief(error)}`);
      there = false;
      while (!redis.ready && !signal.aborted) await quietly(pause(100, signal));
    }
  }
}

/** Feeds the symbols that nobody else does. */
function feeding(
  options: Shared,
  redis: RedisBars,
  bars: Lanes,
  onEvent: (event: StreamEvent) => void,
  signal: AbortSignal,
) {
  const { symbols, leaseFor = 10_000, keep = 10_000, now = Date.now } = options;
  const step = parseTimeframe(options.timeframe);
  let fed: readonly string[] = [];
  let own: { stream: CcxtStream; reading: Promise<void> } | undefined;
  const unsent: SharedBar[] = [];
  let sending: Promise<void> | undefined;

  /** Brings bars to Redis in order; what comes while it is away waits. */
  const send = async () => {
    while (unsent.length > 0 && !signal.aborted) {
      try {
        await redis.add(unsent[0]);
        unsent.shift();
      } catch {
        await quietly(pause(100, signal)); // its client says that Redis is away
      }
    }
  };
  const pass = async (stream: CcxtStream) => {
    for await (const event of stream) {
      if (event.kind !== "bar") {
        onEvent(event);
        if (event.kind !== "feed") redis.tell(event);
        continue;
      }
      const source = event.source === "rest" ? "rest" : "stream";
      bars.take(event.symbol, event.bar, event.received, source);
      unsent.push({ symbol: event.symbol, bar: event.bar, source });
      if (unsent.length > keep * symbols.length) unsent.shift();
      sending ??= send().finally(() => sending = undefined);
    }
  };
  const end = async () => {
    const ending = own;
    own = undefined;
    await ending?.stream[Symbol.asyncDispose]();
    await ending?.reading;
  };
  /** Where a symbol's bars are to go on: behind those that Redis has, unless these are old. */
  const goOn = async (symbol: string) => {
    const latest = await redis.latest(symbol);
    return (now() - latest) / step < keep ? Math.min(latest + step, now()) : bars.next(symbol);
  };
  const look = async () => {
    const mine: string[] = [];
    for (const symbol of symbols) if (await redis.lease(symbol, leaseFor)) mine.push(symbol);
    if (mine.join() === fed.join()) return;
    const since = mine.length === 0 ? 0 : Math.min(...await Promise.all(mine.map(goOn)));
    await end();
    fed = mine;
    if (mine.length === 0) return;
    const stream = await openCcxtStream({ ...options, symbols: mine, since });
    own = { stream, reading: pass(stream) };
  };
  const looking = (async () => {
    while (!signal.aborted) {
      try {
        await look();
      } catch (error) {
        fed = own === undefined ? [] : fed;
        if (redis.ready && !signal.aborted) {
          log("warn", `Cannot feed ${symbols.join(", ")}, trying on: ${brief(error)}`);
        }
      }
      await quietly(pause(leaseFor / 3, signal));
    }
  })();
  return {
    feeds: (symbol: string) => own !== undefined && fed.includes(symbol),
    async close() {
      await looking;
      await end();
      await sending;
      if (redis.ready) await redis.release();
    },
  };
}

/** A wait that may be cut short. */
const quietly = (wait: Promise<void>) => wait.then(() => true, () => false);
