import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { normal, rng } from "../../lib/base/random.ts";
import { equityBand } from "../../lib/live/band.ts";

Deno.test("of independent normal returns the band is what the normal distribution says, the mean's own error included", () => {
  const random = rng(1);
  const [drift, deviation] = [2e-4, 0.01];
  const returns = Float64Array.from({ length: 20_000 }, () => drift + deviation * normal(random));
  const mean = returns.reduce((sum, r) => sum + r, 0) / returns.length;
  const band = equityBand(returns, { level: 0.9, paths: 2000 });
  for (const bars of [16, 200, 4096, 8192]) {
    const known = Math.min(bars, 4096); // beyond it goes on as straight as it was
    const spread = 1.645 * deviation * Math.sqrt(known + known ** 2 / returns.length) * bars / known;
    const { low, high } = band(bars);
    assertAlmostEquals(Math.log(low), mean * bars - spread, 0.12 * spread);
    assertAlmostEquals(Math.log(high), mean * bars + spread, 0.12 * spread);
  }
});

Deno.test("a band begins at 1, widens, and is the same again", () => {
  const random = rng(2);
  const returns = Float64Array.from({ length: 500 }, () => 0.01 * normal(random));
  const band = equityBand(returns, { level: 0.9 });
  assertEquals(band(0), { low: 1, high: 1 });
  assertEquals(equityBand(returns, { level: 0.9 })(77), band(77));
  const width = (bars: number) => Math.log(band(bars).high / band(bars).low);
  for (const bars of [1, 10, 100, 1000, 10_000]) assert(width(2 * bars) > width(bars));
  assertThrows(() => equityBand(Float64Array.of(0.1)), RangeError);
  assertThrows(() => equityBand(Float64Array.of(0.1, NaN)), RangeError);
});
