// How fast candles come in: fetching 20,000 bars through ccxt from a server on loopback, beside a bare ccxt loop that
// keeps nothing; a read of all of them from the cache; cleaning, CSV and parquet of a million bars. Interleaved, best
// of each. `deno run -A tests/bench/data.ts`
import ccxt from "ccxt";
import { rng } from "../../lib/base/random.ts";
import { clean } from "../../lib/data/clean.ts";
import { fetchCandles } from "../../lib/data/exchange.ts";
import { readCandles, readTable, writeCandles } from "../../lib/data/frames.ts";
import { resample } from "../../lib/data/resample.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { localExchange } from "../exchange/local_exchange.ts";

const start = Date.UTC(2020, 0, 1);
const candles = synthetic(20_000, rng(1), { start, symbol: "BTC/USDT" });
await using server = localExchange({ candles: [candles] });
const folder = await Deno.makeTempDir();
const best: Record<string, number> = {};

async function timed(name: string, work: () => unknown): Promise<void> {
  const before = performance.now();
  await work();
  best[name] = Math.min(best[name] ?? Infinity, performance.now() - before);
}

async function bareLoop(): Promise<void> {
  const client = new ccxt.binance({ enableRateLimit: false, options: { fetchMarkets: { types: ["spot"] } } });
  client.urls.api = JSON.parse(JSON.stringify(client.urls.api).replace(/https:\/\/[^/"]+/g, server.url));
  let bars = 0;
  for (let since = start;;) {
    const page = await client.fetchOHLCV("BTC/USDT", "1h", since, 1000);
    bars += page.length;
    if (page.length < 1000) break;
    since = Number(page[page.length - 1][0]) + candles.step;
  }
  if (bars !== candles.length) throw new Error(`the loop got ${bars} bars`);
}

for (let round = 0; round < 5; round++) {
  const options = { exchange: "binance", symbol: "BTC/USDT", timeframe: "1h", endpoint: server.url, rateLimit: 0 };
  const span = { ...options, since: start, until: start + candles.length * candles.step, folder: `${folder}/${round}` };
  await timed("fetch 20,000 bars, kept on disk", () => fetchCandles(span));
  await timed("a bare ccxt loop, nothing kept", bareLoop);
  await timed("the same fetch again, all cached", () => fetchCandles(span));
}

const million = synthetic(1_000_000, rng(2), { start, step: 6e4 });
for (let round = 0; round < 3; round++) {
  await timed("clean 1,000,000 bars", () => clean(million));
  await timed("resample 1,000,000 bars to 1h", () => resample(million, "1h"));
  await timed("write 1,000,000 bars as parquet", () => writeCandles(`${folder}/m.parquet`, million));
  await timed("read them", () => readCandles(`${folder}/m.parquet`, million));
  await timed("write 1,000,000 bars as CSV", () => writeCandles(`${folder}/m.csv`, million));
  await timed("read them as a user's CSV", () => readTable(`${folder}/m.csv`));
}
for (const [name, ms] of Object.entries(best)) console.log(`${ms.toFixed(0).padStart(6)} ms  ${name}`);
await Deno.remove(folder, { recursive: true });
