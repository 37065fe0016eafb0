import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { correlation, mean, quantile, quantileSorted, ranks, std } from "../../lib/base/stats.ts";

fc.configureGlobal({ seed: 20260101 });

Deno.test("mean, std and quantile are numpy's on a hand-checked list", () => {
  const x = [1, 2, 4, 8];
  assertEquals(mean(x), 3.75);
  assertAlmostEquals(std(x), 3.0956959368344519, 1e-15);
  assertAlmostEquals(std(x, 0), 2.680951323690902, 1e-15);
  assertEquals([0, 0.25, 0.5, 0.9, 1].map((q) => quantile(x, q)), [1, 1.75, 3, 6.800000000000001, 8]);
});

Deno.test("nothing gives NaN, one value has no spread", () => {
  assertEquals([mean([]), std([]), quantile([], 0.5), std([3])], [NaN, NaN, NaN, NaN]);
  assertEquals([mean([3]), std([3], 0), quantile([3], 0.3)], [3, 0, 3]);
  assertEquals(correlation([], []), NaN);
});

Deno.test("quantile does not reorder what it is given and keeps infinite ends", () => {
  const x = Float64Array.of(3, 1, Infinity);
  assertEquals([quantile(x, 0), quantile(x, 0.5), quantile(x, 1)], [1, 3, Infinity]);
  assertEquals([...x], [3, 1, Infinity]);
  assertEquals(quantileSorted(Float64Array.of(1, Infinity), 1), Infinity);
});

Deno.test("std keeps its digits at a large offset", () => {
  const x = [1, 2, 3, 4].map((v) => v + 1e9);
  assertAlmostEquals(std(x, 0), Math.sqrt(1.25), 1e-12);
});

Deno.test("correlation is ±1 on a line and NaN when a side does not vary, rounding or not", () => {
  assertAlmostEquals(correlation([1, 2, 3], [10, 20, 30]), 1, 1e-15);
  assertAlmostEquals(correlation([1, 2, 3], [3, 2, 1]), -1, 1e-15);
  assertEquals(correlation([1, 2, 3], [5, 5, 5]), NaN);
  // The mean of ten times 0.1 is not 0.1.
  assertEquals(correlation(Array(10).fill(0.1), Array.from({ length: 10 }, (_, i) => i)), NaN);
});

Deno.test("ranks share the mean of ties and add up to n(n + 1)/2", () => {
  assertEquals([...ranks([10, 20, 20, 5])], [2, 3.5, 3.5, 1]);
  assertEquals([...ranks([])], []);
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 40 }), (x) => {
    const r = ranks(x);
    assertEquals(r.reduce((a, b) => a + b, 0), x.length * (x.length + 1) / 2);
    for (let i = 0; i < x.length; i++) {
      for (let j = 0; j < x.length; j++) assert(Math.sign(x[i] - x[j]) === Math.sign(r[i] - r[j]));
    }
  }));
});
