/**
 * A long time of live bars in a short one:
 * `deno run -A --v8-flags=--expose-gc tests/bench/stream_soak.ts [bars] [seed]`.
 *
 * The real ccxt.pro client on the tests' exchange, which plays bars of a minute as fast as they are read, with a fault
 * every few hundred messages and a lost connection now and then. Prints memory on the way; fails if a bar is wrong.
 */
import { below, rng } from "../../lib/base/random.ts";
import { openCcxtStream } from "../../lib/data/ccxt_stream.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { type Fault, localExchange } from "../exchange/local_exchange.ts";
import type { Disturbance } from "../exchange/local_stream.ts";

const [bars = 100_000, seed = 1] = Deno.args.map(Number);
const minute = 60_000;
const random = rng(seed);
const candles = synthetic(bars + 10, rng(seed), {
  start: 1_500_000_000_000 - 1_500_000_000_000 % minute,
  step: minute,
});
const wrongs: readonly Disturbance[] = [
  ...(["drop", "duplicate", "garbage", "html", "truncated", "nan", "cut", "cut in frame", "error frame"] as const),
  ...[{ late: 1 }, { late: 5 }],
];
const restWrongs: readonly Fault[] = [{ status: 429 }, { status: 500 }, "html", "drop", "empty", { delay: 3 }];
let faults = 0;
const disturb = () => random() < 1 / 250 ? (faults++, wrongs[below(wrongs.length, random)]) : undefined;
await using exchange = localExchange({ candles: [candles], now: candles.time[0], disturb });
const live = exchange.stream();
await using stream = await openCcxtStream({
  ...{ exchange: "binance", symbols: [candles.symbol], timeframe: "1m", rateLimit: 0, now: exchange.now },
  ...{ endpoint: exchange.url, webSocketEndpoint: live.wsUrl, firstWait: 1, longestWait: 20, checkEvery: 5 },
  ...{ grace: minute / 2, maxSkew: Infinity, random: rng(seed), holeAfter: 1e12 },
});
await live.whenSubscribed(1);
const begin = performance.now();
let read = 0;
const report = () => {
  exchange.forget();
  (globalThis as { gc?: () => void }).gc?.();
  const { rss, heapUsed } = Deno.memoryUsage();
  const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(0);
  const seconds = ((performance.now() - begin) / 1000).toFixed(0);
  const { refilled, lost, late } = stream.counts;
  console.log(
    `${seconds} s, ${read} bars: rss ${mib(rss)} MiB, heap ${mib(heapUsed)} MiB; ${faults} faults, ` +
      `${lost} connections lost, ${refilled} bars by REST, ${late} late`,
  );
};
const play = async () => {
  for (let played = 0; played < bars; played++) {
    if (random() < 1 / 500) exchange.fail(restWrongs[below(restWrongs.length, random)]);
    await live.tick();
    while (played - read > 100) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  exchange.setNow(exchange.now() + minute / 2);
};
const playing = play();
for await (const event of stream) {
  if (event.kind !== "bar") continue;
  const { time, open, high, low, close, volume, filled } = event.bar;
  const { $open, $high, $low, $close, $volume } = candles;
  const same = time === candles.time[read] && open === $open[read] && high === $high[read] && low === $low[read] &&
    close === $close[read] && volume === $volume[read] && !filled;
  if (!same) throw new Error(`bar ${read} is not the exchange's: ${JSON.stringify(event)}`);
  if (++read % 10_000 === 0) report();
  if (read === bars) break;
}
await playing;
console.log("all bars are the exchange's, once each, in order");
