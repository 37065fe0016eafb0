import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { below, normal, rng, shuffle } from "../../lib/base/random.ts";
import { mean, std } from "../../lib/base/stats.ts";

const draws = (n: number, draw: () => number) => Float64Array.from({ length: n }, draw);

Deno.test("equal seeds give equal sequences, other seeds others", () => {
  assertEquals(draws(50, rng(7)), draws(50, rng(7)));
  const firsts = new Set(Array.from({ length: 1000 }, (_, seed) => rng(seed)()));
  assertEquals(firsts.size, 1000);
  for (const seed of [-1, 0, 2 ** 32, 2 ** 32 + 7, Number.MAX_SAFE_INTEGER]) {
    assertNotEquals(draws(5, rng(seed)), draws(5, rng(7)));
  }
});

Deno.test("the sequence is pinned: results of old seeds stay what they were", () => {
  assertEquals(Array.from(draws(3, rng(1)), (x) => Math.floor(x * 2 ** 32)), [
    2677044200, // as an implementation in another language has it
    355546957,
    1053930227,
  ]);
});

Deno.test("the state is the whole generator", () => {
  const random = rng(3);
  draws(10, random);
  const kept = random.state.slice();
  const next = draws(20, random);
  const other = rng(99);
  other.state.set(kept);
  assertEquals(draws(20, other), next);
});

Deno.test("a seed that is no whole number is refused", () => {
  for (const seed of [0.5, NaN, Infinity, 2 ** 53]) assertThrows(() => rng(seed), RangeError, "seed");
});

Deno.test("numbers are uniform in [0, 1), normals have mean 0 and deviation 1", () => {
  const random = rng(11);
  const uniform = draws(20_000, random);
  assert(uniform.every((x) => x >= 0 && x < 1));
  assertAlmostEquals(mean(uniform), 0.5, 0.01);
  assertAlmostEquals(std(uniform), Math.sqrt(1 / 12), 0.005);
  const normals = draws(20_000, () => normal(random));
  assert(normals.every(Number.isFinite));
  assertAlmostEquals(mean(normals), 0, 0.03);
  assertAlmostEquals(std(normals), 1, 0.02);
});

Deno.test("below takes every value and no other, shuffle keeps every element", () => {
  const random = rng(5);
  assertEquals(new Set(draws(300, () => below(6, random))), new Set([0, 1, 2, 3, 4, 5]));
  const values = Uint32Array.from({ length: 100 }, (_, i) => i);
  const mixed = shuffle(values.slice(), random);
  assertNotEquals(mixed, values);
  assertEquals(mixed.toSorted(), values);
  assertEquals(shuffle(new Float64Array(0), random).length, 0);
});
