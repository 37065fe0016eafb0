import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { sharpeDifference } from "../../lib/backtest/sharpe_difference.ts";
import { normal, rng } from "../../lib/base/random.ts";

function walk(seed: number, drift: number, T = 2001): Float64Array {
  const random = rng(seed);
  const equity = new Float64Array(T).fill(1);
  for (let t = 1; t < T; t++) equity[t] = equity[t - 1] * (1 + 0.01 * (normal(random) + drift));
  return equity;
}

Deno.test("a curve beside itself differs by nothing, and is no test", () => {
  const { difference, z } = sharpeDifference(walk(1, 0), walk(1, 0));
  assertEquals(difference, 0);
  assert(Number.isNaN(z));
});

Deno.test("without drift and correlation the error is √(2 / T)", () => {
  const { error } = sharpeDifference(walk(1, 0), walk(2, 0));
  assertAlmostEquals(error, Math.sqrt(2 / 2000), 0.001);
});

Deno.test("of 200 pairs without a difference about one in twenty is beyond 1.96, of those with a large one nearly all", () => {
  const beyond = (drift: number) =>
    Array.from({ length: 200 }, (_, i) => sharpeDifference(walk(2 * i + 1, drift, 501), walk(2 * i + 2, 0, 501)).z)
      .filter((z) => Math.abs(z) > 1.96).length;
  const chance = beyond(0);
  assert(chance >= 3 && chance <= 20, `${chance} of 200`);
  assert(beyond(0.3) > 190);
});

Deno.test("curves that do not vary or do not match", () => {
  assert(Number.isNaN(sharpeDifference(new Float64Array(10).fill(1), walk(1, 0, 10)).z));
  assertThrows(() => sharpeDifference(walk(1, 0, 10), walk(1, 0, 11)), RangeError, "same bars: 10 and 11");
});
