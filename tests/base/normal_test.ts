import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { density, normalCdf } from "../../lib/base/normal.ts";

Deno.test("the normal distribution is scipy's, far into the tail", () => {
  for (
    const [x, p] of [
      [0, 0.5],
      [1, 0.8413447460685429],
      [-1.96, 0.024997895148220435],
      [-5.9, 1.8175078630994235e-09],
      [-6.1, 5.303423262948808e-10],
      [-8, 6.22096057427174e-16],
      [-20, 2.7536241186061556e-89],
    ]
  ) assertAlmostEquals(normalCdf(x) / p, 1, 1e-12, String(x));
});

Deno.test("both sides add up to 1, ends and NaN are what they must be", () => {
  for (let x = -7; x <= 7; x += 0.37) assertAlmostEquals(normalCdf(x) + normalCdf(-x), 1, 1e-15);
  assertEquals([normalCdf(-Infinity), normalCdf(Infinity), normalCdf(NaN)], [0, 1, NaN]);
});

Deno.test("the density is the slope", () => {
  for (const x of [-3, -0.5, 0, 2]) {
    assert(Math.abs((normalCdf(x + 1e-4) - normalCdf(x - 1e-4)) / 2e-4 - density(x)) < 1e-8);
  }
});
