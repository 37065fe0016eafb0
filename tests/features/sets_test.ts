import { assert, assertEquals, assertThrows } from "@std/assert";
import { rng } from "../../lib/base/random.ts";
import { buildFeatures } from "../../lib/features/build.ts";
import { featureSets, featureSpecs } from "../../lib/features/sets.ts";
import { synthetic } from "../../lib/market/synthetic.ts";

Deno.test("every set builds: no spec is wrong, none says the same as another", () => {
  for (const [name, set] of Object.entries(featureSets)) {
    const { warmup, names } = buildFeatures(synthetic(300, rng(1)), set);
    assert(warmup < 150 && names.length === set.length, name);
  }
});

Deno.test("a set's name stands for all of it, beside features and columns", () => {
  assertEquals(featureSpecs("bars, rsi(7)"), [...featureSets.bars, "rsi(7)"]);
  assertEquals(featureSpecs("rsi, quick, funding", { columns: ["funding"] }), ["rsi", ...featureSets.quick, "funding"]);
  assertEquals(featureSpecs("quick, quick"), featureSets.quick);
});

Deno.test("a mistyped set is told from a column when the columns are known", () => {
  assertThrows(() => featureSpecs("core4", { columns: [] }), RangeError, 'nearest is "core44"');
  assertThrows(() => featureSpecs("quik, rsi", { columns: ["funding"] }), RangeError, "nor a column of the data");
  assertEquals(featureSpecs("my_column"), ["my_column"]);
});
