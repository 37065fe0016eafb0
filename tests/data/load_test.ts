import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { rng } from "../../lib/base/random.ts";
import { hashCandles, slice } from "../../lib/market/candles.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { openCache } from "../../lib/data/cache.ts";
import { writeCandles } from "../../lib/data/frames.ts";
import { loadCandles } from "../../lib/data/load.ts";
import { bars, hour, hours, start, temporaryFolder } from "./bars.ts";

const fetched = synthetic(2000, rng(1), { start, symbol: "SOL/USDT" });
const files = (path: string) => [...Deno.readDirSync(path)].map(({ name }) => name).sort();

/** Puts bars where fetching would have put them. */
const keep = (folder: string, exchange: string, candles = fetched, timeframe = "1h") =>
  openCache(`${folder}/raw`, { exchange, symbol: candles.symbol, timeframe })
    .add(candles, { from: candles.time[0], to: candles.time[candles.length - 1] + 1 });

Deno.test("a sample is loaded by its name and by its symbol, in the timeframe asked for", async () => {
  await using folder = await temporaryFolder();
  const inputs: [string, string | undefined, string, number][] = [
    ["BTC/USD", undefined, "coinbase BTC/USD 1h", 20_111],
    ["btc/usd", "1d", "bitstamp BTC/USD 1d", 1877],
    ["coinbase_BTC-USD_1h", "1d", "coinbase BTC/USD 1d", 837],
    ["BTC/USD", "4h", "coinbase BTC/USD 4h", 5027],
    ["ETH/USD", undefined, "bitstamp ETH/USD 1d", 800],
  ];
  for (const [input, timeframe, name, length] of inputs) {
    const loaded = await loadCandles(input, { folder: folder.path, ...(timeframe && { timeframe }) });
    assertEquals([loaded.name, loaded.candles.length], [name, length], input);
    assertStringIncludes(loaded.origin, "CryptoDataDownload");
    assert(!/[\\/](work|home|tmp)[\\/]/.test(loaded.origin + loaded.name));
  }
});

Deno.test("a time range cuts after cleaning: the first bar of the range may be a filled one", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/BTC-USDT.csv`;
  await writeCandles(path, bars([10, 11, 14, 15], { time: hours(0, 1, 25, 26) }));
  const { candles, report } = await loadCandles(path, { folder: folder.path, timerange: "20200102-20200103" });
  assertEquals([candles.time[0], candles.$close[0], candles.filled[0]], [start + 24 * hour, 11, 1]);
  assertEquals([candles.length, report.barsOut], [3, 27]);
  const few = loadCandles(path, { folder: folder.path, timerange: "20210101-" });
  await assertRejects(() => few, RangeError, "0 do, of 2020-01-01 to 2020-01-02 02:00");
});

Deno.test("a file is loaded, whatever folder its name has, and named without its path", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/own_ETH-BTC.parquet`;
  await writeCandles(path, bars([10, 11, 12]));
  const loaded = await loadCandles(path, { folder: folder.path });
  assertEquals([loaded.candles.symbol, loaded.origin, loaded.name], [
    "ETH/BTC",
    "the file own_ETH-BTC.parquet",
    "own_ETH-BTC 1h",
  ]);
  assertEquals((await loadCandles(path, { folder: folder.path, symbol: "X/Y" })).candles.symbol, "X/Y");
});

Deno.test("a fetched symbol goes before a sample of the same symbol", async () => {
  await using folder = await temporaryFolder();
  await keep(folder.path, "kraken", { ...fetched, symbol: "BTC/USD" });
  const loaded = await loadCandles("BTC/USD", { folder: folder.path });
  assertEquals([loaded.name, loaded.origin], ["kraken BTC/USD 1h", "fetched from kraken through ccxt"]);
  assertEquals(
    (await loadCandles("BTC/USD", { folder: folder.path, exchange: "coinbase" })).name,
    "coinbase BTC/USD 1h",
  );
  assertEquals((await loadCandles("coinbase_BTC-USD_1h", { folder: folder.path })).candles.length, 20_111);
});

Deno.test("a fetched symbol is made of the longest timeframe that divides the one asked for", async () => {
  await using folder = await temporaryFolder();
  await keep(folder.path, "binance");
  await keep(folder.path, "binance", {
    ...slice(fetched, 0, 40),
    step: 4 * hour,
    time: fetched.time.slice(0, 40).map((_, t) => start + 4 * t * hour),
  }, "4h");
  await assertRejects(
    () => loadCandles("SOL/USDT", { folder: folder.path }),
    RangeError,
    "several timeframes: say which of 1h, 4h",
  );
  assertEquals((await loadCandles("SOL/USDT", { folder: folder.path, timeframe: "1h" })).candles.length, 2000);
  const days = await loadCandles("SOL/USDT", { folder: folder.path, timeframe: "1d" });
  assertEquals([days.candles.length, days.origin], [6, "fetched from binance through ccxt, made of 4h bars"]);
  await assertRejects(
    () => loadCandles("SOL/USDT", { folder: folder.path, timeframe: "30m" }),
    RangeError,
    "can't be made of those there are: binance 1h, binance 4h; fetch it with: deno task lab fetch --exchange binance",
  );
  await keep(folder.path, "okx");
  await assertRejects(
    () => loadCandles("SOL/USDT", { folder: folder.path }),
    RangeError,
    "fetched from binance and okx: say which",
  );
  assertEquals((await loadCandles("SOL/USDT", { folder: folder.path, exchange: "okx" })).name, "okx SOL/USDT 1h");
});

Deno.test("cleaned candles are kept by the hash of the raw ones, and read from there", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/BTC-USDT.csv`;
  const processed = `${folder.path}/processed`;
  await writeCandles(path, bars([10, NaN, 14, 15], { extra: { funding: bars([1, 2, 3, 4]).$close } }));
  const first = await loadCandles(path, { folder: folder.path });
  const kept = files(processed);
  assertEquals(kept.map((name) => name.split(".").pop()), ["json", "parquet"]);
  const before = Deno.statSync(`${processed}/${kept[1]}`).mtime;
  const again = await loadCandles(path, { folder: folder.path });
  assertEquals(hashCandles(again.candles), hashCandles(first.candles));
  assertEquals(String(again.report), String(first.report));
  assertEquals(Deno.statSync(`${processed}/${kept[1]}`).mtime, before);
  await loadCandles(path, { folder: folder.path, gaps: "drop" });
  assertEquals(files(processed).length, 4);
  await writeCandles(path, bars([10, 11, 14]));
  assertEquals((await loadCandles(path, { folder: folder.path })).report.findings, []);
  assertEquals(files(processed).length, 4); // the one of the older raw bars is gone
});

Deno.test("kept candles that are damaged are made anew", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/BTC-USDT.csv`;
  await writeCandles(path, bars([10, 11, 14]));
  const first = await loadCandles(path, { folder: folder.path });
  for (const name of files(`${folder.path}/processed`)) {
    await Deno.truncate(`${folder.path}/processed/${name}`, 10);
    const again = await loadCandles(path, { folder: folder.path });
    assertEquals(hashCandles(again.candles), hashCandles(first.candles), name);
  }
});

Deno.test("a folder that can't be written is said, and the candles are there all the same", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/processed`, "in the way");
  assertEquals((await loadCandles("BTC/USD", { folder: folder.path })).candles.length, 20_111);
});

Deno.test("damaged months of a fetched symbol stop the loading, with the way to mend them", async () => {
  await using folder = await temporaryFolder();
  await keep(folder.path, "binance");
  await Deno.truncate(`${folder.path}/raw/binance/SOL-USDT/1h/2020-02.parquet`, 100);
  const error = await assertRejects(
    () => loadCandles("SOL/USDT", { folder: folder.path }),
    SyntaxError,
    "2020-02.parquet is damaged",
  );
  assertStringIncludes(
    error.message,
    "deno task lab fetch --exchange binance --symbol SOL/USDT --timeframe 1h --since",
  );
});

Deno.test("an input that is nothing names the nearest and how to fetch it", async () => {
  await using folder = await temporaryFolder();
  await keep(folder.path, "binance");
  const wrong: [string, string][] = [
    ["SOL/USDTT", 'nearest is "SOL/USDT"'],
    ["SOL/USDTT", "deno task lab fetch --exchange binance --symbol SOL/USDTT --timeframe 1h --since"],
    ["coinbase_BTC-USD", 'nearest is "coinbase_BTC-USD_1h"'],
    ["", "no file, bundled sample or fetched symbol"],
    ["../../etc", "no file, bundled sample or fetched symbol"],
  ];
  for (const [input, part] of wrong) {
    await assertRejects(() => loadCandles(input, { folder: folder.path }), RangeError, part);
  }
  await writeCandles(`${folder.path}/candles.csv`, bars([1, 2]));
  await assertRejects(
    () => loadCandles(`${folder.path}/candels.csv`, { folder: folder.path }),
    Deno.errors.NotFound,
    'nearest is "candles.csv"',
  );
  await assertRejects(() => loadCandles("BTC/USD", { timeframe: "1 hour" }), RangeError, "Cannot read the timeframe");
  await assertRejects(
    () => loadCandles("BTC/USD", { timerange: "yesterday" }),
    RangeError,
    "Cannot read the time range",
  );
  await assertRejects(() => loadCandles("deno.json"), RangeError, "must be .csv or .parquet");
});
