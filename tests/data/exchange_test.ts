import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { rng } from "../../lib/base/random.ts";
import { Secret } from "../../lib/base/secret.ts";
import { type Candles, hashCandles, mapColumns, slice } from "../../lib/market/candles.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { openCache } from "../../lib/data/cache.ts";
import { fetchCandles, type Fetched, type FetchOptions } from "../../lib/data/exchange.ts";
import { type LocalExchange, localExchange, type LocalExchangeOptions } from "../exchange/local_exchange.ts";
import { hour, start, temporaryFolder } from "./bars.ts";

const whole = synthetic(5200, rng(1), { start, symbol: "BTC/USDT" });
const end = start + whole.length * hour;
const key = { exchange: "binance", symbol: "BTC/USDT", timeframe: "1h" };
const at = (n: number) => start + n * hour;
const without = (candles: Candles, from: number, to: number): Candles =>
  mapColumns(candles, (column) => column.filter((_, t) => t < from || t >= to) as typeof column);

interface Bench extends AsyncDisposable {
  readonly server: LocalExchange;
  readonly folder: string;
  readonly notes: string[];
  fetch(options?: Partial<FetchOptions>): Promise<Fetched>;
}

/** A local exchange, an empty cache, and the real ccxt client between them. */
async function bench(options: Partial<LocalExchangeOptions> = {}): Promise<Bench> {
  const server = localExchange({ candles: [whole], ...options });
  const folder = await temporaryFolder();
  const notes: string[] = [];
  const common = { ...key, since: start, until: end, endpoint: server.url, folder: folder.path };
  return {
    ...{ server, notes, folder: folder.path },
    fetch: (own) => fetchCandles({ ...common, rateLimit: 0, firstWait: 1, onNote: (note) => notes.push(note), ...own }),
    async [Symbol.asyncDispose]() {
      await server.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const since = (server: LocalExchange) => server.klines().map(({ query }) => (Number(query.startTime) - start) / hour);

Deno.test("bars are paged, kept, and not asked for again", async () => {
  await using to = await bench();
  const first = await to.fetch();
  assertEquals(hashCandles(first.candles), hashCandles(whole));
  assertEquals([first.fetched, first.cached, first.requests, first.retries], [5200, 0, 7, 0]);
  assertEquals(since(to.server), [0, 1000, 2000, 3000, 4000, 5000]);
  const again = await to.fetch();
  assertEquals(hashCandles(again.candles), hashCandles(whole));
  assertEquals([again.fetched, again.cached, again.requests], [0, 5200, 0]);
});

Deno.test("only the missing spans are asked for: before, between and after", async () => {
  await using to = await bench();
  await to.fetch({ since: at(500), until: at(700) });
  await to.fetch({ since: at(900), until: at(1200) });
  const { candles, fetched, cached } = await to.fetch({ since: at(400), until: at(1300) });
  assertEquals(hashCandles(candles), hashCandles(slice(whole, 400, 1300)));
  assertEquals([fetched, cached], [400, 500]);
  assertEquals(to.server.klines().map(({ query }) => [(Number(query.startTime) - start) / hour, Number(query.limit)]), [
    ...[[500, 200], [900, 300], [400, 100], [700, 200], [1200, 100]],
  ]);
});

Deno.test("429, 500, a broken connection and a proxy's page are tried again; nothing is lost", async () => {
  await using to = await bench();
  to.server.fail({ status: 429 }, { status: 500 }, "drop", "html", { status: 418 }, { delay: 20 }, "drop");
  const { candles, retries } = await to.fetch();
  assertEquals(hashCandles(candles), hashCandles(whole));
  assertEquals(retries, 6);
  assertEquals(to.notes.length, 6);
  assertStringIncludes(to.notes[0], "binance: DDoSProtection");
});

Deno.test("an empty answer is not believed at once: a hiccup makes no hole", async () => {
  await using to = await bench();
  to.server.fail({ delay: 0 }, "empty");
  const { candles } = await to.fetch();
  assertEquals(hashCandles(candles), hashCandles(whole));
});

Deno.test("the server's Retry-After is kept", async () => {
  await using to = await bench();
  to.server.fail({ status: 429, retryAfter: 1 });
  const before = performance.now();
  await to.fetch({ until: at(10) });
  assert(performance.now() - before >= 1000);
});

Deno.test("an exchange that keeps failing ends the fetch with what came so far; the next one goes on there", async () => {
  await using to = await bench();
  to.server.fail({ delay: 0 }, { delay: 0 }, ...Array(3).fill({ status: 503 }));
  const error = await assertRejects(
    () => to.fetch({ retries: 2 }),
    Error,
    "the exchange keeps failing; what came so far is kept",
  );
  assertStringIncludes(error.message, "BTC/USDT 1h from binance");
  const { candles, fetched, cached } = await to.fetch();
  assertEquals(hashCandles(candles), hashCandles(whole));
  assertEquals([fetched, cached], [3200, 2000]);
});

Deno.test("without a network a fetch says so after three tries, instead of waiting a minute for an exchange", async () => {
  await using to = await bench();
  const error = await assertRejects(
    () => to.fetch({ endpoint: "http://127.0.0.1:1" }), // nobody listens there
    Error,
    "it cannot be reached: is there a network?",
  );
  assertStringIncludes(error.message, "BTC/USDT 1h from binance");
  assertEquals(to.notes.length, 2);
});

Deno.test("a refusal is not tried again", async () => {
  await using to = await bench();
  to.server.fail({ status: 451 });
  await assertRejects(() => to.fetch(), Error, "the exchange refuses it");
  assertEquals(to.server.klines().length, 1);
});

Deno.test("a gap of the exchange's own stays a gap and is not asked for again", async () => {
  await using to = await bench({ candles: [without(whole, 1500, 1700)] });
  assertEquals((await to.fetch()).candles.length, 5000);
  const before = to.server.klines().length;
  assertEquals((await to.fetch()).requests, 0);
  assertEquals((await to.fetch({ since: at(1550), until: at(1750) })).candles.length, 50);
  await assertRejects(() => to.fetch({ since: at(1550), until: at(1600) }), RangeError, "has no bars from 2020-03-05");
  assertEquals(to.server.klines().length, before);
});

Deno.test("time before a listing is skipped by days, on an exchange that answers for windows only", async () => {
  const listed = synthetic(7200, rng(4), { start: at(30 * 24), step: 6e4, symbol: "BTC/USDT" });
  await using to = await bench({ candles: [listed], windowed: true });
  const span = { timeframe: "1m", until: at(35 * 24) };
  assertEquals(hashCandles((await to.fetch(span)).candles), hashCandles(listed));
  assertEquals(to.server.klines().length, 3 + 8); // empty, empty again, days; then pages. Without days 86 empty ones
  assertEquals((await to.fetch(span)).requests, 0);
});

Deno.test("a coin that is listed no more: nothing after its end is asked for twice", async () => {
  for (const windowed of [false, true]) {
    await using to = await bench({ candles: [slice(whole, 0, 1500)], windowed });
    assertEquals((await to.fetch()).candles.length, 1500);
    assertEquals((await to.fetch()).requests, 0);
  }
});

Deno.test("the unfinished bar is left out, and fetched once it is over", async () => {
  await using to = await bench({ now: at(100) + hour / 2 });
  const clock = { now: () => at(100) + hour / 2, until: undefined as never };
  const first = await to.fetch(clock);
  assertEquals(hashCandles(first.candles), hashCandles(slice(whole, 0, 100)));
  assertEquals((await to.fetch(clock)).requests, 0);
  to.server.setNow(at(103));
  const next = await to.fetch({ ...clock, now: () => at(103) });
  assertEquals(hashCandles(next.candles), hashCandles(slice(whole, 0, 103)));
  assertEquals([next.fetched, next.cached], [3, 100]);
});

Deno.test("a clock that runs ahead of the exchange's does not make an unfinished bar final", async () => {
  const now = Math.floor(Date.now() / hour) * hour; // the server's Date header is the real time
  const recent = synthetic(48, rng(2), { start: now - 47 * hour, symbol: "BTC/USDT" });
  await using to = await bench({ candles: [recent], now: Date.now() });
  const { candles } = await to.fetch({
    since: now - 47 * hour,
    until: undefined as never,
    now: () => Date.now() + 5 * hour,
  });
  assertEquals(candles.time[candles.length - 1], now - hour);
});

Deno.test("a bar that the exchange is late with is fetched the next time", async () => {
  await using to = await bench({ candles: [slice(whole, 0, 98)], now: at(100) });
  const clock = { now: () => at(100), until: undefined as never };
  assertEquals((await to.fetch(clock)).candles.length, 98);
  assert((await to.fetch(clock)).requests > 0);
});

Deno.test("unknown names are answered with the nearest, times that can't be with the reason", async () => {
  await using to = await bench();
  const wrong: [Partial<FetchOptions>, string][] = [
    [{ exchange: "binanse" }, 'nearest is "binance"'],
    [{ symbol: "BTCUSDT" }, 'has no such symbol: nearest is "BTC/USDT"'],
    [{ symbol: "btc/usdt" }, 'nearest is "BTC/USDT"'],
    [{ timeframe: "7m" }, "has no such timeframe"],
    [{ timeframe: "1M" }, "whole number of s, m, h, d or w"],
    [{ since: at(10), until: at(10) }, "since must come before until"],
    [{ since: Date.now() + 1e9, until: Date.now() + 2e9 }, "since must lie in the past"],
    [{ since: "2020-13-01" }, "Cannot read the date"],
    [{ since: NaN }, "must be times"],
    [{ symbol: "../../x" }, "Cannot keep candles under"],
  ];
  for (const [options, part] of wrong) await assertRejects(() => to.fetch(options), RangeError, part);
  assertEquals(to.server.klines().length, 0);
  assertEquals([...Deno.readDirSync(to.folder)], []);
});

Deno.test("a cut-off month on disk is said, set aside and fetched again, and only that", async () => {
  await using to = await bench();
  await to.fetch();
  await Deno.truncate(`${to.folder}/binance/BTC-USDT/1h/2020-03.parquet`, 1000);
  const { candles, fetched } = await to.fetch();
  assertEquals(hashCandles(candles), hashCandles(whole));
  assertEquals(fetched, 31 * 24);
  assertEquals(to.notes.length, 1);
  assertStringIncludes(to.notes[0], "2020-03.parquet is damaged, was set aside as 2020-03.parquet.damaged");
});

Deno.test("a folder that can't be written ends the fetch with a clear error", async () => {
  await using to = await bench();
  await Deno.writeTextFile(`${to.folder}/binance`, "in the way");
  await assertRejects(() => to.fetch(), Error, "as it can't be written");
});

Deno.test("a stop by signal ends at once, keeps what came, and the next fetch completes", async () => {
  await using to = await bench({ delay: 20 });
  const stop = new AbortController();
  const stopped = to.fetch({ signal: stop.signal });
  await to.server.asked(3);
  stop.abort(new DOMException("Ctrl-C", "AbortError"));
  await assertRejects(() => stopped, DOMException, "Ctrl-C");
  assertEquals(await openCache(to.folder, key).missing({ from: start, to: end }), [{ from: at(2000), to: end }]);
  assertEquals(hashCandles((await to.fetch()).candles), hashCandles(whole));
});

Deno.test("bars of minutes are written every few pages, and all are there after a stop", async () => {
  const minutes = synthetic(12_000, rng(3), { start, step: 6e4, symbol: "BTC/USDT" });
  await using to = await bench({ candles: [minutes], delay: 5 });
  const stop = new AbortController();
  const span = { timeframe: "1m", until: start + 12_000 * 6e4 };
  const stopped = to.fetch({ ...span, signal: stop.signal });
  await to.server.asked(4);
  stop.abort();
  await assertRejects(() => stopped, DOMException);
  assertEquals((await openCache(to.folder, { ...key, timeframe: "1m" }).read({ from: 0, to: Infinity })).length, 3000);
  assertEquals(hashCandles((await to.fetch(span)).candles), hashCandles(minutes));
});

Deno.test("progress goes from nothing to all", async () => {
  await using to = await bench();
  const seen: number[] = [];
  await to.fetch({ onProgress: (done, total) => void (seen.push(done), assertEquals(total, 5200)) });
  assertEquals([seen[0], seen[seen.length - 1]], [0, 5200]);
  assertEquals(seen, seen.toSorted((a, b) => a - b));
});

Deno.test("keys are not needed, and show nowhere when given", async () => {
  await using to = await bench();
  const keys = { apiKey: new Secret("key-1234567890"), apiSecret: new Secret("secret-1234567890") };
  to.server.fail(...Array(2).fill({ status: 500 }));
  const error = await assertRejects(() => to.fetch({ ...keys, retries: 1 }));
  for (const text of [error.message, ...to.notes, JSON.stringify(to.server.seen)]) assert(!text.includes("1234567890"));
});

const child = (options: object) =>
  new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      new URL("./fetching_child.ts", import.meta.url).pathname,
      JSON.stringify(options),
    ],
    ...{ stdout: "piped", stderr: "piped" },
  });

Deno.test("a fetch killed in the middle (kill −9) goes on where it was", async () => {
  await using to = await bench({ delay: 10 });
  const options = { ...key, since: start, until: end, endpoint: to.server.url, folder: to.folder, rateLimit: 0 };
  const process = child(options).spawn();
  await to.server.asked(4);
  process.kill("SIGKILL");
  assertEquals((await process.output()).signal, "SIGKILL");
  const { candles, fetched, cached } = await to.fetch();
  assertEquals(hashCandles(candles), hashCandles(whole));
  assertEquals([fetched, cached], [2200, 3000]); // each page was on disk before the next was asked for
  assertEquals(to.notes, []);
});

Deno.test("two processes that fetch into one cache lose nothing", async () => {
  await using to = await bench({ delay: 2 });
  const options = { ...key, endpoint: to.server.url, folder: to.folder, rateLimit: 0 };
  const both = await Promise.all([
    child({ ...options, since: start, until: at(3500) }).output(),
    child({ ...options, since: at(1700), until: end }).output(),
  ]);
  for (const { code, stderr } of both) assertEquals(code, 0, new TextDecoder().decode(stderr));
  const { candles, requests } = await to.fetch();
  assertEquals(hashCandles(candles), hashCandles(whole));
  assertEquals(requests, 0);
});
