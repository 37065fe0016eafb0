import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { rng } from "../../../lib/base/random.ts";
import { cyclePeriod } from "../../../lib/features/indicators/cycle_period.ts";

Deno.test("a bar that turns by a twentieth of a circle belongs to a cycle of 20 bars", () => {
  for (const bars of [6.5, 10, 20, 37.25, 49.9]) {
    const angle = 2 * Math.PI / bars;
    assertAlmostEquals(cyclePeriod(3 * Math.cos(angle), 3 * Math.sin(angle)), bars, 1e-13 * bars);
  }
});

Deno.test("cycles are kept within 6 and 50 bars, and a turn backwards is the quickest", () => {
  assertEquals([cyclePeriod(0, 1), cyclePeriod(1, 1e-9), cyclePeriod(1, 0)], [6, 50, 50]);
  assertEquals([cyclePeriod(1, -1), cyclePeriod(-1, 1), cyclePeriod(-1, -1e-9)], [6, 6, 50]);
  assertEquals([cyclePeriod(0, 0)], [6]);
});

Deno.test("the period is 2π over the arc tangent to 1e-14, and does not jump where cells meet", () => {
  const random = rng(1);
  for (let i = 0; i < 20_000; i++) {
    const bars = 6 + 44 * random();
    const r = 1 / Math.tan(2 * Math.PI / bars);
    const wanted = 2 * Math.PI / Math.atan2(1, r);
    assert(Math.abs(cyclePeriod(r, 1) - wanted) <= 1e-14 * wanted, `${cyclePeriod(r, 1)}, not ${wanted}`);
  }
  for (let edge = Math.ceil(32 / Math.tan(Math.PI / 3)); edge < 32 / Math.tan(Math.PI / 25); edge++) {
    const [before, after] = [edge / 32 * (1 - 2 ** -52), edge / 32];
    assert(Math.abs(cyclePeriod(after, 1) - cyclePeriod(before, 1)) <= 2e-14 * cyclePeriod(after, 1), String(edge));
  }
});
