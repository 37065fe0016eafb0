import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { rng } from "../../lib/base/random.ts";
import { hashCandles, slice } from "../../lib/market/candles.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { listCaches, openCache } from "../../lib/data/cache.ts";
import { hour, start, temporaryFolder } from "./bars.ts";

const key = { exchange: "binance", symbol: "BTC/USDT", timeframe: "1h" };
const always = { from: -Infinity, to: Infinity };
const whole = synthetic(2000, rng(1), { start, symbol: "BTC/USDT" }); // January to March 2020
const span = (from: number, to: number) => ({ from: start + from * hour, to: start + to * hour });
const files = (path: string) => [...Deno.readDirSync(path)].map(({ name }) => name).sort();

Deno.test("what is added is read back, month by month, in a file each", async () => {
  await using folder = await temporaryFolder();
  const cache = openCache(folder.path, key);
  assertEquals((await cache.read(always)).length, 0);
  for (const [from, to] of [[1000, 2000], [0, 700], [500, 1200]]) {
    await cache.add(slice(whole, from, to), span(from, to));
  }
  assertEquals(hashCandles(await cache.read(always)), hashCandles(whole));
  assertEquals(
    hashCandles(await openCache(folder.path, key).read(span(100, 800))),
    hashCandles(slice(whole, 100, 800)),
  );
  assertEquals(files(`${folder.path}/binance/BTC-USDT/1h`), [
    ...["2020-01.parquet", "2020-02.parquet", "2020-03.parquet", "coverage.json", "coverage.json.lock"],
  ]);
});

Deno.test("only what the exchange has not answered for is missing; an answered gap is not", async () => {
  await using folder = await temporaryFolder();
  const cache = openCache(folder.path, key);
  assertEquals(await cache.missing(span(0, 100)), [span(0, 100)]);
  await cache.add(slice(whole, 20, 30), span(10, 40));
  assertEquals(await cache.missing(span(0, 100)), [span(0, 10), span(40, 100)]);
  await cache.add(slice(whole, 0, 0), span(40, 100));
  assertEquals(await cache.missing(span(15, 100)), []);
});

Deno.test("a damaged, shortened or missing month is said, set aside, and must be fetched again; the others stay", async () => {
  const harm: [string, (file: string) => Promise<void>, string][] = [
    ["is damaged", (file) => Deno.truncate(file, 500), "was set aside as 2020-02.parquet.damaged"],
    ["is damaged", (file) => Deno.truncate(file, 0), "was set aside"],
    ["is gone", (file) => Deno.remove(file), "must be fetched again"],
    ["bars where 696 were written", (file) => Deno.copyFile(file.replace("-02", "-03"), file), "has 560 bars"],
  ];
  for (const [fault, break_, said] of harm) {
    await using folder = await temporaryFolder();
    await openCache(folder.path, key).add(whole, span(0, 2000));
    const file = `${folder.path}/binance/BTC-USDT/1h/2020-02.parquet`;
    await break_(file);
    const notes: string[] = [];
    const cache = openCache(folder.path, key, (note) => notes.push(note));
    await cache.mend(always);
    await cache.mend(always);
    assertEquals(notes.length, 1);
    assert(notes[0].includes(fault) && notes[0].includes(said), notes[0]);
    assertEquals(await cache.missing(span(0, 2000)), [{ from: Date.UTC(2020, 1), to: Date.UTC(2020, 2) }]);
    const rest = await cache.read(always);
    assertEquals(rest.length, 2000 - 29 * 24);
    await cache.add(whole, span(0, 2000));
    assertEquals(hashCandles(await cache.read(always)), hashCandles(whole));
  }
});

Deno.test("adding to a damaged month does not hide what it lost", async () => {
  await using folder = await temporaryFolder();
  await openCache(folder.path, key).add(whole, span(0, 2000));
  await Deno.truncate(`${folder.path}/binance/BTC-USDT/1h/2020-01.parquet`, 99);
  const notes: string[] = [];
  const cache = openCache(folder.path, key, (note) => notes.push(note));
  await cache.add(slice(whole, 0, 10), span(0, 10));
  assertEquals(notes.length, 1);
  assertEquals(await cache.missing(span(0, 2000)), [{ from: start + 10 * hour, to: Date.UTC(2020, 1) }]);
});

Deno.test("a damaged note of what was answered is set aside; no bar is lost", async () => {
  await using folder = await temporaryFolder();
  await openCache(folder.path, key).add(whole, span(0, 2000));
  await Deno.truncate(`${folder.path}/binance/BTC-USDT/1h/coverage.json`, 20);
  const notes: string[] = [];
  const cache = openCache(folder.path, key, (note) => notes.push(note));
  await cache.mend(always);
  assertEquals(await cache.missing(span(0, 2000)), [span(0, 2000)]);
  assertEquals(notes.length, 1);
  assertEquals((await cache.read(always)).length, 2000);
});

Deno.test("what a killed writer left half done is removed", async () => {
  await using folder = await temporaryFolder();
  const cache = openCache(folder.path, key);
  await cache.add(slice(whole, 0, 10), span(0, 10));
  const place = `${folder.path}/binance/BTC-USDT/1h`;
  await Deno.writeTextFile(`${place}/2020-01.parquet.99999.abcdef12.tmp`, "half");
  await cache.add(slice(whole, 10, 20), span(10, 20));
  assertEquals(files(place), ["2020-01.parquet", "coverage.json", "coverage.json.lock"]);
});

Deno.test("many writers at once lose nothing", async () => {
  await using folder = await temporaryFolder();
  const parts = Array.from({ length: 20 }, (_, i) => i);
  await Promise.all(
    parts.map((i) =>
      openCache(folder.path, key).add(slice(whole, 100 * i, 100 * i + 100), span(100 * i, 100 * i + 100))
    ),
  );
  const cache = openCache(folder.path, key);
  assertEquals(hashCandles(await cache.read(always)), hashCandles(whole));
  assertEquals(await cache.missing(span(0, 2000)), []);
});

Deno.test("another process's bars are seen without opening the cache anew", async () => {
  await using folder = await temporaryFolder();
  const [mine, other] = [openCache(folder.path, key), openCache(folder.path, key)];
  await mine.add(slice(whole, 0, 50), span(0, 50));
  assertEquals((await mine.read(always)).length, 50);
  await other.add(slice(whole, 50, 80), span(50, 80));
  assertEquals((await mine.read(always)).length, 80);
});

Deno.test("a folder that can't be written gives a clear error, and what was there stays", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/binance`, "a file in the way");
  const cache = openCache(folder.path, key);
  await assertRejects(() => cache.add(whole, span(0, 2000)), Error, "what was there is untouched");
  assertEquals(await Deno.readTextFile(`${folder.path}/binance`), "a file in the way");
});

Deno.test("names that would leave the folder are refused", () => {
  for (const symbol of ["../../x", "..", "", "A/B/../..", "a b", ".hidden"]) {
    assertThrows(() => openCache("data/raw", { ...key, symbol }), RangeError, "Cannot keep candles under");
  }
  assertThrows(() => openCache("data/raw", { ...key, exchange: "../x" }), RangeError, "Cannot keep candles under");
});

Deno.test("what is kept can be listed, derivatives included", async () => {
  await using folder = await temporaryFolder();
  const swap = { exchange: "okx", symbol: "BTC/USDT:USDT-231229", timeframe: "1d" };
  await openCache(folder.path, swap).add(slice(whole, 0, 1), span(0, 1));
  await openCache(folder.path, key).add(slice(whole, 0, 1), span(0, 1));
  assertEquals(await listCaches(folder.path), [key, swap]);
  assertEquals(await listCaches(`${folder.path}/none`), []);
});
