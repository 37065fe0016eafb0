import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { backtest } from "../../lib/backtest/mod.ts";
import { rng } from "../../lib/base/random.ts";
import type { Setting, Settings } from "../../lib/base/setting.ts";
import { columns, hashCandles } from "../../lib/market/candles.ts";
import type { Market } from "../../lib/market/market.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { compose, makeScenario, scenarios } from "../../lib/scenarios/mod.ts";
import { buyAndHold } from "../../lib/strategies/mod.ts";

const costs = { transactionFee: 10, makerFee: 2, spread: 2, participation: 0.1 };

function market(K: number, length: number, seed = 1, volatility = 0.01): Market {
  const random = rng(seed);
  const assets = Array.from({ length: K }, (_, k) => {
    const made = synthetic(length, random, { volatility, symbol: `A${k}/USDT` });
    made.$volume.forEach((_, t) => {
      if (random() < 0.02) made.$volume[t] = 0;
    });
    return made;
  });
  return { assets, length, costs };
}

const hashes = ({ assets }: Market) => assets.map(hashCandles);

/** What every scenario's output must be. */
function assertValid(before: Market, after: Market): void {
  assertEquals(after.length, before.length);
  assertEquals(
    after.assets.map(({ symbol, step, length }) => ({ symbol, step, length })),
    before.assets.map(
      ({ symbol, step, length }) => ({ symbol, step, length }),
    ),
  );
  for (const [k, { time, $open, $high, $low, $close, $volume, $spread, filled, length }] of after.assets.entries()) {
    assertEquals(time, before.assets[k].time);
    for (const column of columns) assertEquals(after.assets[k][column].length, length);
    for (let t = 0; t < length; t++) {
      const [low, high] = [Math.min($open[t], $close[t]), Math.max($open[t], $close[t])];
      assert($low[t] > 0 && $low[t] <= low && high <= $high[t] && $high[t] < Infinity, `bar ${t}`);
      assert($volume[t] >= 0 && $volume[t] < Infinity, `volume of bar ${t}`);
      if ($spread !== undefined) assert($spread[t] >= 0 && $spread[t] <= 5000, `spread of bar ${t}`);
      assert(filled[t] === 0 || filled[t] === 1);
    }
  }
}

/** Values of a setting: its ends and something between. */
function valueOf(setting: Setting): fc.Arbitrary<number | string | boolean> {
  if ("choices" in setting) return fc.constantFrom(...setting.choices);
  if (!("min" in setting)) return fc.boolean();
  const top = Math.min(setting.max, 1e4);
  const between = setting.whole
    ? fc.integer({ min: setting.min, max: top })
    : fc.double({ min: setting.min, max: top, noNaN: true });
  return fc.oneof(fc.constantFrom(setting.min, setting.default), between);
}

for (const [name, entry] of Object.entries(scenarios)) {
  const K = name === "correlated_assets" ? 3 : 1;

  Deno.test(`${name} makes valid bars at the same times, and leaves its input as it is`, () => {
    for (const bars of [market(K, 400), market(3, 400), market(K, 400, 2, 0.2)]) {
      const kept = structuredClone(bars);
      assertValid(bars, makeScenario(name)(bars, rng(1)));
      assertEquals(bars, kept);
    }
  });

  Deno.test(`${name} gives the same bytes for the same seed, and others for another`, () => {
    const bars = market(K, 400);
    const run = (seed: number) => hashes(makeScenario(name)(bars, rng(seed)));
    assertEquals(run(1), run(1));
    assertNotEquals(run(1), run(2));
    assertNotEquals(run(1), hashes(bars));
  });

  Deno.test(`${name} can be traded through the books`, () => {
    const result = backtest(makeScenario(name)(market(K, 400), rng(1)), buyAndHold());
    assert(result.equity.every((value) => value >= 0 && value < Infinity));
  });

  Deno.test(`${name} holds for any settings in range, however short the market`, () => {
    const { earliest: _, latest: __, ...own } = entry.settings;
    const settings = fc.record(Object.fromEntries(Object.entries(own).map(([key, one]) => [key, valueOf(one)])));
    fc.assert(
      fc.property(settings, fc.constantFrom(1, 2, 5, 150), fc.nat(100), (given, length, seed) => {
        const bars = market(K, length, 7, 0.05);
        try {
          assertValid(bars, makeScenario(name, given as Settings)(bars, rng(seed)));
        } catch (error) {
          // Some cannot be: a GARCH of five bars, three assets at −0.9 to each other. They say so.
          if (!(error instanceof RangeError) || !/^Cannot (fit|correlate)/.test(error.message)) throw error;
        }
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  Deno.test(`${name} changes nothing before it begins`, () => {
    if (!("earliest" in entry.settings)) return;
    const bars = market(K, 300);
    const after = makeScenario(name, { earliest: 0.5, latest: 0.5 })(bars, rng(3));
    for (let k = 0; k < K; k++) {
      for (const column of columns) {
        assertEquals(after.assets[k][column].subarray(0, 150), bars.assets[k][column].subarray(0, 150));
      }
    }
  });
}

Deno.test("scenarios compose in order, drawing from one source", () => {
  const bars = market(1, 300);
  const both = compose(makeScenario("flash_crash"), makeScenario("low_liquidity"));
  const random = rng(5);
  const byHand = makeScenario("low_liquidity")(makeScenario("flash_crash")(bars, random), random);
  assertEquals(hashes(both(bars, rng(5))), hashes(byHand));
  assertValid(bars, both(bars, rng(5)));
  assertEquals(hashes(compose()(bars, rng(1))), hashes(bars), "nothing changes nothing");
});

Deno.test("an unknown scenario or setting is told, with what is near", () => {
  assertThrows(() => makeScenario("flash_crsh"), RangeError, 'nearest is "flash_crash"');
  assertThrows(() => makeScenario("flash_crash", { dept: 0.2 }), RangeError, 'nearest is "depth"');
  assertThrows(() => makeScenario("flash_crash", { depth: 1 }), RangeError, "a number from 0 to 0.95");
  assertThrows(
    () => makeScenario("gap", { earliest: 0.8 })(market(1, 50), rng(1)),
    RangeError,
    '"earliest" must not be after "latest"',
  );
});
