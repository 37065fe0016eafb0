import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { rng } from "../../lib/base/random.ts";
import { buildFeatures } from "../../lib/features/build.ts";
import { codeVersion, featureStore, hashOfFeatures } from "../../lib/features/store.ts";
import { newCandles } from "../../lib/market/candles.ts";
import { synthetic } from "../../lib/market/synthetic.ts";

const candles = newCandles({
  ...synthetic(400, rng(1)),
  extra: { funding: Float64Array.from({ length: 400 }, (_, t) => (t < 50 ? NaN : Math.sin(t))) },
});
const specs = ["rsi", "sma(20)/$close - 1", "funding", "$close/zscore(9)"];

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Files of a folder without the locks. */
async function files(folder: string): Promise<string[]> {
  const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  return names.filter((name) => !name.endsWith(".lock")).sort();
}

Deno.test("the second request is a read, and gives the same to the last bit", () =>
  inFolder(async (folder) => {
    const store = featureStore(join(folder, "features"));
    const first = await store.load(candles, specs);
    const second = await store.load(candles, specs);
    assertEquals([first.cached, second.cached], [false, true]);
    assertEquals(second.matrix, buildFeatures(candles, specs));
    assertEquals([second.hash, second.key], [first.hash, first.key]);
    assertEquals(second.hash, hashOfFeatures(second.matrix));
    assertEquals((await files(join(folder, "features"))).map((name) => name.replace(/^[0-9a-f]{32}/, "")), [
      ".json",
      ".parquet",
    ]);
    assertMatch(first.hash, /^[0-9a-f]{64}$/);
  }));

Deno.test("specs that say the same are the same features, under the names they are asked by", () =>
  inFolder(async (folder) => {
    const store = featureStore(folder);
    const first = await store.load(candles, ["rsi", "$volume/sma(20, $volume)"]);
    const second = await store.load(candles, ["rsi( 14 )", "$volume / sma($volume, timeperiod=20)"]);
    assertEquals([second.cached, second.hash], [true, first.hash]);
    assertEquals(second.matrix.names, ["rsi( 14 )", "$volume / sma($volume, timeperiod=20)"]);
  }));

Deno.test("what was guarded is kept", () =>
  inFolder(async (folder) => {
    const quiet = newCandles({ ...candles, $volume: candles.$volume.map((v, t) => (t > 100 && t < 150 ? 0 : v)) });
    const store = featureStore(folder);
    const first = await store.load(quiet, ["$volume/sma(20, $volume)"]);
    const second = await store.load(quiet, ["$volume/sma(20,$volume)"]);
    assert(first.matrix.guarded["$volume/sma(20, $volume)"] > 0);
    assertEquals(Object.values(second.matrix.guarded), Object.values(first.matrix.guarded));
  }));

Deno.test("other candles, other specs or another order are another file", () =>
  inFolder(async (folder) => {
    const store = featureStore(folder);
    const other = newCandles({ ...candles, $close: candles.$close.map((x, t) => (t === 399 ? x * 1.0001 : x)) });
    const keys = [
      (await store.load(candles, specs)).key,
      (await store.load(other, specs)).key,
      (await store.load(candles, specs.slice(1))).key,
      (await store.load(candles, specs.toReversed())).key,
    ];
    assertEquals(new Set(keys).size, 4);
    assertEquals((await files(folder)).length, 8);
  }));

Deno.test("a damaged file is told of and computed anew, whichever way it is damaged", () =>
  inFolder(async (folder) => {
    const store = featureStore(folder);
    const { hash, key } = await store.load(candles, specs);
    const parquet = join(folder, `${key.slice(0, 32)}.parquet`);
    const json = parquet.replace("parquet", "json");
    const flip = async () => {
      const bytes = await Deno.readFile(parquet);
      for (let i = 200; i < 260; i++) bytes[i] ^= 0xff;
      await Deno.writeFile(parquet, bytes);
    };
    const edit = (change: (text: string) => string) => async () =>
      Deno.writeTextFile(json, change(await Deno.readTextFile(json)));
    for (
      const damage of [
        () => Deno.truncate(parquet, 1000),
        () => Deno.truncate(parquet, 0),
        () => Deno.writeTextFile(parquet, "this is no parquet"),
        () => Deno.remove(parquet),
        flip,
        edit(() => "{"),
        edit((text) => text.replace(hash.slice(0, 9), "000000000")),
        edit((text) => text.replace(/"warmup": \d+/, '"warmup": 3')),
      ]
    ) {
      await damage();
      const again = await store.load(candles, specs);
      assertEquals([again.cached, again.hash], [false, hash]);
      assertStringIncludes(again.note ?? "", "are damaged");
      assertEquals(again.matrix, buildFeatures(candles, specs));
      assertEquals((await store.load(candles, specs)).cached, true);
    }
    await Deno.remove(json); // as if the writer had been stopped in between
    assertEquals((await store.load(candles, specs)).cached, false);
  }));

Deno.test("a folder that cannot be written to costs the store, not the features", () =>
  inFolder(async (folder) => {
    const path = join(folder, "taken");
    await Deno.writeTextFile(path, "a file where a folder should be");
    const { matrix, cached, note } = await featureStore(join(path, "features")).load(candles, specs);
    assertEquals([matrix, cached], [buildFeatures(candles, specs), false]);
    assertStringIncludes(note ?? "", "cannot be kept");
  }));

Deno.test("specs that are wrong fail as they do without a store, and leave nothing", () =>
  inFolder(async (folder) => {
    const store = featureStore(folder);
    await assertRejects(() => store.load(candles, ["rsii(3)"]), SyntaxError, 'nearest is "rsi"');
    await assertRejects(() => store.load(candles, ["filled/log"]), RangeError, "-Infinity");
    assertEquals(await files(folder), []);
  }));

Deno.test("several at once in one process: one computes", () =>
  inFolder(async (folder) => {
    const store = featureStore(folder);
    const found = await Promise.all(Array.from({ length: 6 }, () => store.load(candles, specs)));
    assertEquals(found.filter(({ cached }) => !cached).length, 1);
    assertEquals(new Set(found.map(({ hash }) => hash)).size, 1);
  }));

Deno.test("several processes at once: one computes, all get the same", () =>
  inFolder(async (folder) => {
    const root = new URL("../../", import.meta.url);
    const script = join(folder, "load.ts");
    const from = (path: string) => JSON.stringify(new URL(path, root).href);
    await Deno.writeTextFile(
      script,
      `import { rng } from ${from("lib/base/random.ts")};
       import { synthetic } from ${from("lib/market/synthetic.ts")};
       import { featureStore } from ${from("lib/features/store.ts")};
       const store = featureStore(${JSON.stringify(join(folder, "store"))});
       const { cached, hash } = await store.load(synthetic(3000, rng(4)), ["rsi", "natr", "macd.hist/$close"]);
       console.log(JSON.stringify({ cached, hash }));`,
    );
    const run = async () => {
      const args = ["run", "-A", "--no-check", "--config", fileURLToPath(new URL("deno.json", root)), script];
      const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), { args }).output();
      assert(success, new TextDecoder().decode(stderr));
      return JSON.parse(new TextDecoder().decode(stdout)) as { cached: boolean; hash: string };
    };
    const found = await Promise.all([run(), run(), run()]);
    assertEquals(found.filter(({ cached }) => !cached).length, 1);
    assertEquals(new Set(found.map(({ hash }) => hash)).size, 1);
  }));

Deno.test("the code's version is the same each time it is asked", async () => {
  assertEquals(await codeVersion(), await codeVersion());
  assertNotEquals(await codeVersion(), "");
});
