import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { rng } from "../../lib/base/random.ts";
import { Secret } from "../../lib/base/secret.ts";
import { type Candles, slice } from "../../lib/market/candles.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { openStream, type StreamOptions } from "../../lib/data/shared_stream.ts";
import { openRedisBars } from "../../lib/data/redis_bars.ts";
import type { Bar, StreamEvent } from "../../lib/data/stream.ts";
import { localExchange } from "../exchange/local_exchange.ts";
import { noRedis, redisServer } from "../exchange/redis_server.ts";
import { hour, start } from "./bars.ts";

const btc = synthetic(400, rng(1), { start, symbol: "BTC/USDT" });
const eth = synthetic(400, rng(2), { start, symbol: "ETH/USDT" });
const at = (n: number) => start + n * hour;
const rowsOf = ({ length, ...own }: Candles): Bar[] =>
  Array.from({ length }, (_, t) => ({
    ...{ time: own.time[t], open: own.$open[t], high: own.$high[t], low: own.$low[t], close: own.$close[t] },
    volume: own.$volume[t],
  }));
const truth = (candles: Candles, from: number, to: number) => rowsOf(slice(candles, from, to));

/** Somebody who reads a stream. */
interface Trader extends AsyncDisposable {
  readonly events: StreamEvent[];
  until(done: (events: readonly StreamEvent[]) => boolean): Promise<void>;
  bars(symbol?: string): Bar[];
}

async function bench() {
  const redis = await redisServer();
  const exchange = localExchange({ candles: [btc, eth], now: at(100) });
  const live = exchange.stream();
  const trader = async (own: Partial<StreamOptions> = {}): Promise<Trader> => {
    const stream = await openStream({
      ...{ exchange: "binance", symbols: ["BTC/USDT"], timeframe: "1h", rateLimit: 0, now: exchange.now },
      ...{ endpoint: exchange.url, webSocketEndpoint: live.wsUrl, firstWait: 1, longestWait: 20, checkEvery: 2 },
      ...{ maxSkew: Infinity, random: rng(1), holeAfter: 1e9, grace: 1e12, leaseFor: 60_000 },
      ...{ redisUrl: new Secret(redis.url), ...own },
    });
    const events: StreamEvent[] = [];
    const reader = stream[Symbol.asyncIterator]();
    return {
      events,
      async until(done) {
        while (!done(events)) {
          const next = await reader.next();
          if (next.done) throw new Error("the stream ended");
          events.push(next.value);
        }
      },
      bars: (symbol = "BTC/USDT") =>
        events.flatMap((event) => event.kind === "bar" && event.symbol === symbol ? [event.bar] : []),
      [Symbol.asyncDispose]: () => stream[Symbol.asyncDispose](),
    };
  };
  return {
    ...{ redis, exchange, live, trader },
    async [Symbol.asyncDispose]() {
      await exchange.close();
      await redis[Symbol.asyncDispose]();
    },
  };
}

const count = (number: number) => (events: readonly StreamEvent[]) =>
  events.filter(({ kind }) => kind === "bar").length >= number;
const ignore = noRedis() !== undefined;
const reason = ignore ? ` (skipped: ${noRedis()})` : "";

Deno.test({
  name: `traders that share a Redis need one connection, and each gets every bar once${reason}`,
  ignore,
  async fn() {
    await using to = await bench();
    await using first = await to.trader();
    await to.live.whenSubscribed(1);
    await to.live.tick(3);
    await first.until(count(3));
    await using late = await to.trader({ since: at(101) }); // 101 and 102 are in Redis
    await using early = await to.trader({ since: at(95) }); // 95 to 99 never were
    for (const end of [104, 105]) {
      await to.live.tick();
      for (const [trader, from] of [[first, 100], [late, 101], [early, 95]] as const) {
        await trader.until(count(end - from));
        assertEquals(trader.bars(), truth(btc, from, end));
      }
    }
    const sources = (trader: Trader) => trader.events.flatMap((event) => event.kind === "bar" ? [event.source] : []);
    assertEquals(sources(first), Array(5).fill("stream"));
    assertEquals(sources(late), ["rest", "rest", "stream", "stream"]); // what was over before it came is history
    assertEquals(to.live.connections, 1);
  },
});

Deno.test({
  name: `when the feeder ends another goes on where it stopped, with nothing lost or doubled${reason}`,
  ignore,
  async fn() {
    await using to = await bench();
    const first = await to.trader({ leaseFor: 6000 });
    await to.live.whenSubscribed(1);
    await using second = await to.trader({ leaseFor: 6000 });
    await to.live.tick(2);
    await first.until(count(2));
    await second.until(count(2));
    await first[Symbol.asyncDispose]();
    await to.live.tick(2); // while nobody feeds
    await to.live.whenConnected(2);
    await to.live.whenSubscribed(1);
    await to.live.tick(2);
    await second.until(count(6));
    assertEquals(second.bars(), truth(btc, 100, 106));
    assertEquals(to.live.connections, 2);
  },
});

Deno.test({
  name: `when the feeder dies without a word another takes over once its lease is over${reason}`,
  ignore,
  async fn() {
    await using to = await bench();
    const others = { url: new Secret(to.redis.url), exchange: "binance", timeframe: "1h", keep: 100, onError() {} };
    await using dead = await openRedisBars({ ...others, beside: "books=0,trades=false" });
    const shared = { symbol: "BTC/USDT", bar: truth(btc, 100, 101)[0], source: "stream" } as const;
    assertEquals([await dead.add(shared), await dead.add(shared)], [true, false]); // it is there already
    assert(await dead.lease("BTC/USDT", 60_000));
    await using trader = await to.trader({ since: at(99), leaseFor: 150 });
    await trader.until(count(2));
    assertEquals(to.live.connections, 0);
    assert(await dead.lease("BTC/USDT", 100)); // and is never heard of again
    await to.live.whenConnected(1);
    await to.live.whenSubscribed(1);
    await to.live.tick(3);
    await trader.until(count(4));
    assertEquals(trader.bars(), truth(btc, 99, 103));
  },
});

Deno.test({
  name: `traders of other symbols feed what nobody else does${reason}`,
  ignore,
  async fn() {
    await using to = await bench();
    await using one = await to.trader();
    await to.live.whenSubscribed(1);
    await using both = await to.trader({ symbols: ["BTC/USDT", "ETH/USDT"] });
    await to.live.whenSubscribed(2);
    await to.live.tick(3);
    await one.until(count(3));
    await both.until(count(6));
    assertEquals(one.bars(), truth(btc, 100, 103));
    assertEquals(both.bars("BTC/USDT"), truth(btc, 100, 103));
    assertEquals(both.bars("ETH/USDT"), truth(eth, 100, 103));
    assertEquals([...to.live.subscribed].sort(), ["btcusdt@kline_1h", "ethusdt@kline_1h"]);
  },
});

Deno.test({
  name: `a Redis that dies and comes back empty costs nobody a bar${reason}`,
  ignore,
  async fn() {
    await using to = await bench();
    await using first = await to.trader({ leaseFor: 3000 });
    await to.live.whenSubscribed(1);
    await using second = await to.trader({ grace: 0, leaseFor: 3000 });
    await to.live.tick(2);
    await first.until(count(2));
    await second.until(count(2));
    await to.redis.kill();
    await to.live.tick(3);
    await first.until(count(5)); // feeds itself
    await second.until(count(5)); // asks the exchange
    await to.redis.start();
    await second.until((events) =>
      events.filter((event) => event.kind === "feed" && event.state === "connected").length >= 2
    );
    await to.live.tick(2);
    await first.until(count(7));
    await second.until(count(7));
    for (const trader of [first, second]) assertEquals(trader.bars(), truth(btc, 100, 107));
  },
});

Deno.test({
  name: `books and trades reach those who do not feed${reason}`,
  ignore,
  async fn() {
    await using to = await bench();
    const wants = { books: 2, trades: true };
    await using first = await to.trader(wants);
    await to.live.whenSubscribed(3);
    await first.until((events) => events.some(({ kind }) => kind === "book"));
    await using second = await to.trader(wants);
    await to.live.tick(2);
    const all = (events: readonly StreamEvent[]) =>
      events.filter(({ kind }) => kind === "trade").length >= 2 && events.some(({ kind }) => kind === "book");
    await first.until(all);
    await second.until(all);
    const trades = ({ events }: Trader) => events.filter(({ kind }) => kind === "trade");
    assertEquals(trades(second), trades(first));
    assertEquals(to.live.connections, 3);
  },
});

Deno.test("a Redis that is not there is said, without its password", async () => {
  const redisUrl = new Secret("redis://:hunter2hunter2@127.0.0.1:1");
  await using exchange = localExchange({ candles: [btc], now: at(100) });
  const common = { exchange: "binance", symbols: ["BTC/USDT"], timeframe: "1h", endpoint: exchange.url, rateLimit: 0 };
  const error = await assertRejects(() => openStream({ ...common, redisUrl }), Error);
  assertStringIncludes(error.message, "Cannot share bars through REDIS_URL as Redis does not answer");
  assert(!error.message.includes("hunter2"));
});
