import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { density, normalCdf, normalQuantile } from "../../lib/base/normal.ts";

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

Deno.test("the quantile undoes the distribution, and is scipy's", () => {
  for (
    const [p, x] of [
      [0.05, -1.6448536269514729],
      [0.01, -2.3263478740408408],
      [0.5, 0],
      [0.999, 3.090232306167813],
      [1e-12, -7.034483825301131],
    ]
  ) assertAlmostEquals(normalQuantile(p), x, 1e-12, String(p));
  for (let p = 0.001; p < 1; p += 0.0107) assertAlmostEquals(normalCdf(normalQuantile(p)), p, 1e-15);
  assertEquals([0, 1, -0.1, 1.1, NaN].map(normalQuantile), [-Infinity, Infinity, NaN, NaN, NaN]);
});
