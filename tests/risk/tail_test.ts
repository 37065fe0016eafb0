import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { normal, rng } from "../../lib/base/random.ts";
import { historicalTail, tailForecasts, type TailMethod, tailMethods } from "../../lib/risk/tail.ts";
import { backtestTail, exceptions, kupiec } from "../../lib/risk/tail_backtest.ts";
import { vectors } from "./vectors.ts";

const names = Object.keys(tailMethods) as TailMethod[];

for (const [series, levels] of Object.entries(vectors.tails)) {
  Deno.test(`value at risk and expected shortfall of ${series} are scipy's`, () => {
    const returns = Float64Array.from(vectors.series[series]);
    for (const [level, methods] of Object.entries(levels)) {
      for (const name of names) {
        const { valueAtRisk, expectedShortfall, valid } = tailMethods[name](returns, { level: Number(level) });
        assertAlmostEquals(valueAtRisk, methods[name][0], 1e-10, `${name} ${level}`);
        assertAlmostEquals(expectedShortfall, methods[name][1], 1e-9, `${name} ${level}`);
        assertEquals(valid, methods[name][2] ?? true, `${name} ${level}`);
      }
    }
  });
}

Deno.test("Kupiec's and Christoffersen's tests are scipy's", () => {
  for (const [name, expected] of Object.entries(vectors.tests)) {
    const found = backtestTail(Uint8Array.from(vectors.hits[name]));
    for (const test of ["kupiec", "independence", "christoffersen"] as const) {
      assertAlmostEquals(found[test].statistic, expected[test][0], 1e-9, `${name} ${test}`);
      assertAlmostEquals(found[test].pValue, expected[test][1], 1e-10, `${name} ${test}`);
    }
  }
});

Deno.test("by hand: 21 even returns, their quantile and the mean beyond it", () => {
  const returns = Float64Array.from({ length: 21 }, (_, i) => (i - 10) / 100);
  const { valueAtRisk, expectedShortfall } = historicalTail(returns, { level: 0.9 });
  assertAlmostEquals(valueAtRisk, 0.08, 1e-15);
  assertAlmostEquals(expectedShortfall, 0.09, 1e-15); // of −10, −9 and −8 %
});

Deno.test("as many exceptions as expected are no reason to doubt; none and all are not a number's end", () => {
  assertAlmostEquals(kupiec(5, 100, 0.95).statistic, 0, 1e-12);
  assertAlmostEquals(kupiec(5, 100, 0.95).pValue, 1, 1e-6);
  for (const hits of [new Uint8Array(300), new Uint8Array(300).fill(1), Uint8Array.of(1), Uint8Array.of(0, 1)]) {
    const { kupiec, christoffersen } = backtestTail(hits);
    assert(kupiec.pValue >= 0 && kupiec.pValue <= 1);
    assertEquals(Number.isNaN(christoffersen.pValue), hits.length === 1);
  }
});

Deno.test("forecasts know nothing of the bar they are for, and are exceeded about as often as they say", () => {
  const random = rng(3);
  const returns = Float64Array.from({ length: 3000 }, () => 0.01 * normal(random));
  for (const name of names) {
    const { valueAtRisk, expectedShortfall } = tailForecasts(returns, name, { window: 200 });
    assert(valueAtRisk.subarray(0, 200).every(Number.isNaN) && !valueAtRisk.subarray(200).some(Number.isNaN));
    assert(expectedShortfall.subarray(200).every((value, i) => value >= valueAtRisk[200 + i]), name);
    const changed = returns.slice();
    changed.fill(-0.5, 1000);
    assertEquals(
      tailForecasts(changed, name, { window: 200 }).valueAtRisk.subarray(0, 1001),
      valueAtRisk.subarray(0, 1001),
    );
    const hits = exceptions(returns, valueAtRisk);
    const rate = hits.reduce((sum, hit) => sum + hit, 0) / hits.length;
    assert(rate > 0.04 && rate < 0.07, `${name} is exceeded at ${rate} of bars`);
  }
});

Deno.test("flat returns have no tail; what cannot be measured is refused in words", () => {
  for (const name of names) {
    const { valueAtRisk, expectedShortfall } = tailMethods[name](new Float64Array(50));
    assertAlmostEquals(valueAtRisk, 0);
    assertAlmostEquals(expectedShortfall, 0);
    assertThrows(() => tailMethods[name](new Float64Array(0)), RangeError, "must be at least");
    assertThrows(() => tailMethods[name](new Float64Array(50), { level: 1 }), RangeError, "level must be");
    assertThrows(() => tailMethods[name](new Float64Array(50).fill(NaN, 7, 8)), RangeError, "the one at 7 is NaN");
  }
  assertThrows(
    () => tailForecasts(new Float64Array(50), "normal", { window: 50 }),
    RangeError,
    "fewer than there are (50)",
  );
  assertThrows(() => backtestTail(new Uint8Array(0)), RangeError, "at least one");
  assertThrows(() => tailMethods.ewma(new Float64Array(50), { decay: 1 }), RangeError, "decay");
});
