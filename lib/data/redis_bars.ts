// @ts-types="./redis_client.d.ts"
import { createClient, type RedisClient } from "@redis/client";
import type { Secret } from "../base/secret.ts";
import type { Bar, StreamEvent } from "./stream.ts";

/** A closed bar that somebody shared. */
export interface SharedBar {
  readonly symbol: string;
  readonly bar: Bar;
  readonly source: "stream" | "rest"; // as whoever shared it had it
}

/** What is not kept: it is told to those who listen. */
export type Passing = Extract<StreamEvent, { kind: "book" | "trade" }>;

/** Bars of an exchange and timeframe that several processes share through Redis. */
export interface RedisBars extends AsyncDisposable {
  /** Adds a bar; false if the symbol has one of that time or later already. */
  add(shared: SharedBar): Promise<boolean>;
  /** Open of the latest bar of a symbol, ms UTC; -Infinity without one. */
  latest(symbol: string): Promise<number>;
  /** Waits up to `wait` ms for bars that open after those given by symbol, ms UTC; oldest first. */
  read(after: ReadonlyMap<string, number>, wait: number): Promise<SharedBar[]>;
  /** Ends a `read` that waits. */
  stopReading(): void;
  /** Takes or renews the right to feed a symbol for `ms`; false while another has it. */
  lease(symbol: string, ms: number): Promise<boolean>;
  /** Gives up the rights that were taken. */
  release(): Promise<void>;
  /** Tells those who listen, if there are any. */
  tell(event: Passing): void;
  /** Whether Redis is there. */
  readonly ready: boolean;
  /** From now on hears what others tell of these symbols. */
  listen(symbols: readonly string[], onEvent: (event: Passing) => void): Promise<void>;
}

/** What is shared, and with whom. */
export interface RedisBarsOptions {
  readonly url: Secret;
  readonly exchange: string;
  readonly timeframe: string;
  /** What feeders give beside bars, "books=10": those who want the same share a feeder. */
  readonly beside: string;
  /** Bars kept of each symbol, about. */
  readonly keep: number;
  /** Told of errors of the connection, which comes back by itself. */
  onError(error: Error): void;
}

// KEYS[1] lease, ARGV token, ms
const renew = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) " +
  "elseif redis.call('set', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 else return 0 end";
const giveUp = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end";

/**
 * Opens shared bars. A symbol's are a Redis stream whose entries are named by the bar's open, `<ms>-0`: Redis itself
 * refuses a bar that is there already, whoever brings it, and anybody can read on from any bar.
 *
 * @throws {Error} if Redis does not answer
 */
export async function openRedisBars(options: RedisBarsOptions): Promise<RedisBars> {
  const { exchange, timeframe, beside, keep, onError } = options;
  const commands = createClient({
    url: options.url.reveal(),
    socket: { connectTimeout: 5000, reconnectStrategy: (times: number) => Math.min(2000, 50 * 2 ** times) },
    disableOfflineQueue: true, // a command fails at once while Redis is away, instead of waiting
  });
  const reader = commands.duplicate();
  const listener = commands.duplicate();
  for (const client of [commands, reader, listener]) client.on("error", onError);
  const key = (kind: string, symbol: string) => `candelabra:${kind}:${exchange}:${timeframe}:${symbol}`;
  const leaseKey = (symbol: string) => `${key("feeder", symbol)}:${beside}`;
  const token = crypto.randomUUID();
  const leased = new Set<string>();
  let listening = false;
  await firstConnection(commands);
  await firstConnection(reader);

  return {
    async add({ symbol, bar, source }) {
      const id = `${bar.time}-0`;
      const trim = { TRIM: { strategy: "MAXLEN", strategyModifier: "~", threshold: keep } } as const;
      try {
        await commands.xAdd(key("bars", symbol), id, fieldsOf(bar, source), trim);
        return true;
      } catch (error) {
        if (error instanceof Error && /equal or smaller/.test(error.message)) return false;
        throw error;
      }
    },
    async latest(symbol) {
      const last = await commands.xRevRange(key("bars", symbol), "+", "-", { COUNT: 1 });
      return last.length === 0 ? -Infinity : Number.parseInt(last[0].id);
    },
    async read(after, wait) {
      const streams = [...after].map(([symbol, time]) => ({ key: key("bars", symbol), id: `${Math.max(0, time)}-0` }));
      const answer = await reader.xRead(streams, { BLOCK: wait, COUNT: 1000 });
      const symbolOf = new Map([...after.keys()].map((symbol) => [key("bars", symbol), symbol]));
      return (answer ?? []).flatMap(({ name, messages }) =>
        messages.map(({ id, message }): SharedBar => ({
          ...{ symbol: symbolOf.get(name) ?? "", bar: barOf(id, message) },
          source: message.s === "rest" ? "rest" : "stream",
        }))
      );
    },
    stopReading: () => reader.destroy(),
    async lease(symbol, ms) {
      const got = await commands.eval(renew, { keys: [leaseKey(symbol)], arguments: [token, String(ms)] }) === 1;
      if (got) leased.add(symbol);
      else leased.delete(symbol);
      return got;
    },
    async release() {
      for (const symbol of leased) await commands.eval(giveUp, { keys: [leaseKey(symbol)], arguments: [token] });
      leased.clear();
    },
    get ready() {
      return commands.isReady && reader.isReady;
    },
    tell(event) {
      if (!commands.isReady) return; // latest wins: this one is not worth waiting for
      commands.publish(`${key("told", event.symbol)}:${beside}`, JSON.stringify(event)).catch(onError);
    },
    async listen(symbols, onEvent) {
      await firstConnection(listener);
      listening = true;
      for (const symbol of symbols) {
        await listener.subscribe(
          `${key("told", symbol)}:${beside}`,
          (text: string) => onEvent(JSON.parse(text) as Passing),
        );
      }
    },
    async [Symbol.asyncDispose]() {
      if (reader.isOpen) reader.destroy(); // it may be waiting for bars
      if (listening) listener.destroy();
      if (commands.isReady) await commands.close();
      else commands.destroy();
    },
  };
}

/** Connects, or says what is wrong, where the client would try for ever. */
async function firstConnection(client: RedisClient): Promise<void> {
  const failed = Promise.withResolvers<never>();
  client.once("error", failed.reject);
  try {
    await Promise.race([client.connect(), failed.promise]);
  } catch (error) {
    client.destroy();
    throw new Error(`Cannot share bars through REDIS_URL as Redis does not answer: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    client.off("error", failed.reject);
  }
}

const fieldsOf = ({ open, high, low, close, volume, filled }: Bar, source: string): Record<string, string> => ({
  ...{ o: String(open), h: String(high), l: String(low), c: String(close), v: String(volume), s: source },
  ...(filled ? { f: "1" } : {}),
});

function barOf(id: string, { o, h, l, c, v, f }: Readonly<Record<string, string>>): Bar {
  const prices = { open: Number(o), high: Number(h), low: Number(l), close: Number(c) };
  return { time: Number.parseInt(id), ...prices, volume: Number(v), ...(f ? { filled: true } : {}) };
}
