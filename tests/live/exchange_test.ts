import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { join } from "node:path";
import { backtest } from "../../lib/backtest/mod.ts";
import type { StageEvent } from "../../lib/base/events.ts";
import { below, rng } from "../../lib/base/random.ts";
import { Secret } from "../../lib/base/secret.ts";
import { loadConfig } from "../../lib/config/load.ts";
import type { StreamOptions } from "../../lib/data/shared_stream.ts";
import { kill, sessionRecords } from "../../lib/live/session.ts";
import { slice } from "../../lib/market/candles.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { costsOf } from "../../lib/pipeline/market.ts";
import { type PaperRequest, trackedPaper, verifySession } from "../../lib/pipeline/paper.ts";
import { exchangeSource } from "../../lib/pipeline/paper/source.ts";
import { makeStrategy } from "../../lib/strategies/mod.ts";
import { localExchange } from "../exchange/local_exchange.ts";
import type { Disturbance } from "../exchange/local_stream.ts";

const start = Date.UTC(2023, 0, 2);
const [hour, history, first] = [3_600_000, 80, 100];
const assets = ["BTC/USDT", "ETH/USDT"].map((symbol, k) =>
  synthetic(400, rng(k + 1), { start, symbol, volatility: 0.02, price: 1000 })
);
const strategy = { name: "momentum", fast: 4, slow: 12 };

/** Settings of a live session, and the exchange of the test. */
function setUp(more: readonly string[] = [], disturb?: () => Disturbance | undefined) {
  const exchange = localExchange({ candles: assets, now: start + first * hour, ...(disturb ? { disturb } : {}) });
  const live = exchange.stream();
  const { config, settings, ...rest } = loadConfig({
    values: { paper: { history }, strategy },
    set: ["run.track=false", "data.exchange=binance", "data.input=BTC/USDT,ETH/USDT", "data.timeframe=1h", ...more],
  });
  const keys = { exchangeApiKey: new Secret("test-network-key"), exchangeApiSecret: new Secret("test-network-secret") };
  const loaded = { config, settings: { ...settings, ...keys }, ...rest };
  // Where no message goes wrong, a bar is asked for late: an answer may be quicker than the message.
  const grace = disturb ? 0 : flow;
  const own: Partial<StreamOptions> = {
    ...{ endpoint: exchange.url, webSocketEndpoint: live.wsUrl, rateLimit: 0, now: flowing(exchange.now) },
    ...{
      maxSkew: Infinity,
      firstWait: 1,
      longestWait: 20,
      checkEvery: 2,
      grace,
      holeAfter: 1e12,
      random: rng(1),
      redisUrl: undefined,
    },
  };
  const run = (request: PaperRequest, onEvent: (event: StageEvent) => void = () => {}, signal?: AbortSignal) =>
    trackedPaper(loaded, exchangeSource(config, loaded.settings, own), request, {
      onEvent,
      ...(signal ? { signal } : {}),
    });
  return { exchange, live, run, config };
}

const flow = 3000; // ms

/** A clock that moves by jumps goes on for a while after each as time does. */
function flowing(now: () => number): () => number {
  let [last, at] = [now(), performance.now()];
  return () => {
    if (now() !== last) [last, at] = [now(), performance.now()];
    return last + Math.min(flow, performance.now() - at);
  };
}

/** Lets the next bar end once the trader has decided on the last one, `bars` times. */
function pacer({ exchange, live }: Pick<ReturnType<typeof setUp>, "exchange" | "live">, bars: number) {
  return ({ t }: { t: number }) => {
    const closed = (exchange.now() - start) / hour - (first - history); // bars of the session that have ended
    if (t < closed - 1 || bars-- <= 0) return;
    void live.whenSubscribed(4).then(() => live.tick()); // bars and books of two symbols
  };
}

const expected = (bars: number) =>
  backtest(
    {
      assets: assets.map((one) => slice(one, first - history, first + bars)),
      length: history + bars,
      costs: costsOf(loadConfig().config),
    },
    makeStrategy("momentum", { fast: 4, slow: 12 }),
    { cash: 1e4, from: history },
  );

Deno.test("live bars of an exchange, after history by REST, are traded as in a backtest, and gone on with later", async () => {
  const folder = await Deno.makeTempDir();
  const to = setUp();
  const { exchange, run } = to;
  try {
    const events: StageEvent[] = [];
    const request = { folder, name: "live" };
    const one = await run({ ...request, bars: 40, onBar: pacer(to, 40) }, (event) => events.push(event));
    assertEquals([one.end.bars, one.end.latency.count], [40, 40]);
    assertEquals(one.end.result!.equity, expected(40).equity);
    await to.live.tick(7); // nobody is there: they come by REST
    const two = await run({ ...request, resume: true, bars: 30, onBar: pacer(to, 23) });
    assertEquals(two.retraced!.bars, history + 40);
    assertEquals({ ...two.end.result!, turnover: 0 }, { ...expected(70), turnover: 0 });
    assertEquals((await verifySession(join(folder, "live"))).decisions, 70);
    const kinds = new Set(events.map(({ kind }) => kind));
    for (const kind of ["feed", "bar", "account", "fill"]) assert(kinds.has(kind as never), `no event of ${kind}`);
    assertEquals(events.filter(({ kind }) => kind === "account").length, 40);
    assertEquals(events.filter(({ kind }) => kind === "bar").length, 2 * (history + 40));
  } finally {
    await exchange.close();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("whatever the connection does, the books come out as those of the backtest", async () => {
  const random = rng(5);
  const wrong: readonly Disturbance[] = ["drop", "duplicate", "garbage", "truncated", "nan", "cut", "cut in frame", {
    late: 3,
  }];
  const to = setUp([], () => random() < 0.05 ? wrong[below(wrong.length, random)] : undefined);
  const { exchange, run } = to;
  try {
    const { end } = await run({ bars: 60, onBar: pacer(to, 60) });
    assertEquals({ ...end.result!, turnover: 0 }, { ...expected(60), turnover: 0 });
  } finally {
    await exchange.close();
  }
});

Deno.test("orders go to the test network beside the books, and are counted when the session goes on", async () => {
  const folder = await Deno.makeTempDir();
  const to = setUp(["paper.orders=sandbox"]);
  const { exchange, run } = to;
  try {
    const request = { folder, name: "orders", sandboxEndpoint: exchange.url };
    await run({ ...request, bars: 30, onBar: pacer(to, 30) });
    await to.live.tick();
    const { end } = await run({ ...request, resume: true, bars: 30, onBar: pacer(to, 29) });
    assertEquals(end.result!.equity, expected(60).equity); // they change nothing of the books
    const orders = Array.from(sessionRecords(join(folder, "orders")), ({ record }) => record)
      .flatMap((record) => record.kind === "order" ? [record] : []);
    assert(exchange.orders.length > 4);
    assertEquals(orders.map(({ id }) => id), exchange.orders.map(({ id }) => id));
    const held = (symbol: string) =>
      exchange.orders.filter((order) => order.symbol === symbol).reduce(
        (sum, { side, quantity }) => sum + (side === "BUY" ? quantity : -quantity),
        0,
      );
    for (const symbol of ["BTCUSDT", "ETHUSDT"]) assert(held(symbol) >= -1e-9, `${symbol}: ${held(symbol)}`);
    assert((await verifySession(join(folder, "orders"))).ordered.every(Number.isFinite));
  } finally {
    await exchange.close();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the kill switch sells at the exchange's last prices at once, on the test network too, between two bars", async () => {
  const folder = await Deno.makeTempDir();
  const to = setUp(["paper.orders=sandbox"]);
  const { exchange, run } = to;
  try {
    const request = { folder, name: "kill", sandboxEndpoint: exchange.url };
    const pace = pacer(to, 60);
    let pressed = false;
    const { end } = await run({
      ...request,
      onBar(bar) {
        if (pressed) return;
        if (!bar.did?.held.some((weight) => weight > 0)) return pace(bar);
        pressed = true; // no bar ends any more
        setTimeout(() => void kill(join(folder, "kill"), "enough"), 50);
      },
    });
    assertEquals([end.why, end.result!.weights.slice(-2).every((weight) => weight === 0)], ["the kill switch", true]);
    for (const symbol of ["BTCUSDT", "ETHUSDT"]) {
      const sum = exchange.orders.filter((order) => order.symbol === symbol)
        .reduce((held, { side, quantity }) => held + (side === "BUY" ? quantity : -quantity), 0);
      assertAlmostEquals(sum, 0, 1e-4);
    }
    const { bars } = await verifySession(join(folder, "kill"));
    await to.live.tick(3); // the bar that was made up is over by now, and two more
    const again = await run({ ...request, resume: true, clearKill: true, bars: 2 });
    assertEquals([again.retraced!.bars, again.end.why], [bars, "as many bars as asked for"]);
    assertEquals(again.end.faults, { late: 0, damaged: 0, missing: 0 });
  } finally {
    await exchange.close();
    await Deno.remove(folder, { recursive: true });
  }
});
