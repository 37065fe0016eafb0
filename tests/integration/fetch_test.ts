import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { exists } from "../../lib/base/files.ts";
import { rng } from "../../lib/base/random.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { localExchange } from "../exchange/local_exchange.ts";
import { temporaryProject } from "./project.ts";

const project = await temporaryProject();
Deno.test.afterAll(() => project[Symbol.asyncDispose]());
Deno.test.beforeEach(async () => {
  if (await exists(project.path("data/raw"))) await Deno.remove(project.path("data/raw"), { recursive: true });
});

const windows = Deno.build.os === "windows"; // no process groups
const start = Date.UTC(2023, 0, 1);
const bars = 24 * 31 * 4;
const market = () => synthetic(bars, rng(3), { symbol: "BTC/USDT", start });

/** `lab fetch` of everything that `exchange` has. */
const line = (url: string, ...more: string[]) => [
  ...["fetch", "--exchange", "binance", "--symbol", "BTC/USDT", "--since", "2023-01-01"],
  ...["--until", new Date(start + bars * 36e5).toISOString(), "--endpoint", url, "--json", ...more],
];

Deno.test("fetch, then only what is missing, then use: features and backtest by symbol", async () => {
  await using exchange = localExchange({ candles: [market()], pageLimit: 500 });
  const first = await project.lab(line(exchange.url, "--output", "candles.csv"));
  assertEquals(first.code, 0, first.stderr);
  const { fetched, cached, cleaning: [{ findings }] } = JSON.parse(first.stdout);
  assertEquals([fetched, cached, findings], [bars, 0, []]);
  assertEquals((await Deno.readTextFile(project.path("candles.csv"))).trimEnd().split("\n").length, bars + 1);
  const asked = exchange.seen.length;
  const again = JSON.parse((await project.lab(line(exchange.url))).stdout);
  assertEquals([again.fetched, again.cached, again.requests, exchange.seen.length], [0, bars, 0, asked]);
  const [listed, features, backtest, wrong] = await project.each([
    ["list", "fetched", "--json"],
    ["features", "--input", "BTC/USDT", "--output", "features.parquet", "--json"],
    ["backtest", "--input", "BTC/USDT", "--no-track", "--json"],
    [...line(exchange.url).slice(0, 3), "--symbol", "BTC/UDST", ...line(exchange.url).slice(5)],
  ]);
  assertEquals(JSON.parse(listed.stdout), [{ symbol: "BTC/USDT", timeframe: "1h", exchange: "binance" }]);
  assertEquals(JSON.parse(features.stdout).bars, bars);
  assertEquals(JSON.parse(backtest.stdout).data, "BTC/USDT 1h");
  assertEquals(wrong.code, 1);
  assertStringIncludes(wrong.stderr, 'nearest is "BTC/USDT"');
});

Deno.test({
  name: "Ctrl-C in the middle of a fetch ends it with 130 and keeps what came; the next one goes on there",
  ignore: windows,
  async fn() {
    await using exchange = localExchange({ candles: [market()], pageLimit: 100, delay: 30 });
    const running = project.start(line(exchange.url));
    await exchange.asked(8);
    running.interrupt();
    const { code, stdout, stderr } = await running.ended;
    assertEquals([code, stdout], [130, ""]);
    assertStringIncludes(stderr, "run the same command again to go on");
    const before = exchange.klines().length;
    const { fetched, cached } = JSON.parse((await project.lab(line(exchange.url))).stdout);
    assert(cached >= 500 && fetched + cached === bars, `${cached} were kept`);
    assert(exchange.klines().length - before <= fetched / 100 + 2, "some of what was kept was asked for again");
  },
});

Deno.test("two processes that fetch the same at once both get all of it, and so does the next", async () => {
  await using exchange = localExchange({ candles: [market()], pageLimit: 200, delay: 10 });
  const both = await Promise.all([project.lab(line(exchange.url)), project.lab(line(exchange.url))]);
  for (const { code, stdout, stderr } of both) {
    assertEquals(code, 0, stderr);
    assertEquals(JSON.parse(stdout).bars, bars);
  }
  const { fetched, cached } = JSON.parse((await project.lab(line(exchange.url))).stdout);
  assertEquals([fetched, cached], [0, bars]);
});
