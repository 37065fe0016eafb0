import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { normal, rng } from "../../lib/base/random.ts";
import { correlation } from "../../lib/base/stats.ts";
import { rollingBeta, rollingContributions } from "../../lib/risk/rolling.ts";

const random = rng(1);
const market = Float64Array.from({ length: 200 }, () => 0.01 * normal(random));
const noise = Float64Array.from({ length: 200 }, () => 0.01 * normal(random));

Deno.test("twice the market has a beta of two; correlation is Pearson's of the window", () => {
  const twice = rollingBeta(market.map((r) => 2 * r + 0.001), market, 30);
  assert(twice.beta.subarray(0, 29).every(Number.isNaN));
  assertAlmostEquals(twice.beta[150], 2, 1e-12);
  assertAlmostEquals(twice.correlation[150], 1, 1e-12);
  const mixed = rollingBeta(market.map((r, t) => r + noise[t]), market, 50);
  const y = Array.from(market.subarray(71, 121), (r, i) => r + noise[71 + i]);
  assertAlmostEquals(mixed.correlation[120], correlation(y, market.subarray(71, 121)), 1e-12);
});

Deno.test("a flat market has no beta, a flat account one of zero without correlation", () => {
  assert(rollingBeta(market, new Float64Array(200), 20).beta.every(Number.isNaN));
  const { beta, correlation } = rollingBeta(new Float64Array(200), market, 20);
  assertEquals([beta[100], correlation[100]], [0, NaN]);
  assertThrows(() => rollingBeta(market, market, 1), RangeError, "2 or more");
});

Deno.test("contributions add up to one where something is held, and are not there where nothing is", () => {
  const weights = new Float64Array(400).fill(0.5).fill(0, 0, 200);
  const [a, b] = rollingContributions(weights, [market, noise.map((r) => 3 * r)], 60);
  assertEquals([a[90], b[90]], [NaN, NaN]);
  assertAlmostEquals(a[150] + b[150], 1, 1e-12);
  assert(a[150] > 0.03 && a[150] < 0.35);
});
