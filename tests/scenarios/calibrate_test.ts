import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { normal, rng } from "../../lib/base/random.ts";
import { type Candles, newCandles } from "../../lib/market/candles.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { calibrate, certify, checkCalibration, makeScenario, stylisedFacts } from "../../lib/scenarios/mod.ts";

const HOUR = 3_600_000;

/** Hourly bars that stand still, but for what `moves` says: bar → log return. */
function quiet(weeks: number, moves: Readonly<Record<number, number>>, symbol = "X/USD"): Candles {
  const length = 168 * weeks;
  let price = 100;
  const random = rng(1);
  const $open = new Float64Array(length);
  const $close = $open.map((_, t) => {
    $open[t] = price;
    return price *= Math.exp((moves[t] ?? 0) + 1e-5 * normal(random));
  });
  return newCandles({
    symbol,
    step: HOUR,
    time: Float64Array.from({ length }, (_, t) => t * HOUR),
    $open,
    $high: $open.map((open, t) => Math.max(open, $close[t])),
    $low: $open.map((open, t) => Math.min(open, $close[t])),
    $close,
    $volume: new Float64Array(length).fill(10).map((v, t) => (moves[t] ? 5 * v : v)),
  });
}

Deno.test("depth is that of the worst 1 in N weeks, and what came back of such falls is seen", () => {
  // Ten weeks with one fall each, of 1 % to 10 %; half of each comes back ten hours later.
  const moves = Object.fromEntries(
    Array.from({ length: 10 }, (_, w) => [
      [168 * w + 50, Math.log(1 - 0.01 * (w + 1))],
      [168 * w + 60, -0.5 * Math.log(1 - 0.01 * (w + 1))],
    ]).flat(),
  );
  const bars = quiet(10, moves);
  const { settings, weeks, of } = calibrate([bars], 10);
  assertEquals([weeks, of], [10, 10]);
  assertAlmostEquals(Number(settings.flash_crash.depth), 0.091, 2e-3); // the 0.9 quantile of 1 % … 10 %
  assertAlmostEquals(Number(settings.flash_crash.recovery), 0.5, 0.02);
  assertEquals(settings.flash_crash.volume, 5);
  const half = calibrate([bars], 2).settings;
  assertAlmostEquals(Number(half.flash_crash.depth), 0.055, 2e-3);
  const [crash] = checkCalibration(calibrate([bars], 5), [quiet(4, { 20: -0.2, 200: -0.01, 400: -0.3 })]);
  assertEquals([crash.weeks, crash.worse, crash.expected], [4, 2, 0.8]);
  for (const [name, given] of Object.entries(settings)) makeScenario(name, given); // all within their ranges
});

Deno.test("several assets also say how closely they move together", () => {
  const random = rng(2);
  const a = synthetic(168 * 8, random, { symbol: "A" });
  const b = { ...a, symbol: "B", $close: a.$close.map((p) => p * Math.exp(0.003 * normal(random))) };
  const { correlation } = calibrate([a, b], 8).settings.correlated_assets;
  assert(Number(correlation) > 0.85 && Number(correlation) < 1, `${correlation}`);
  assertEquals("correlated_assets" in calibrate([a], 8).settings, false);
});

Deno.test("what has not been seen cannot be calibrated to", () => {
  const bars = quiet(10, {});
  assertEquals(calibrate([bars]).weeks, 10);
  assertThrows(() => calibrate([bars], 11), RangeError, "no more than there are: the candles have 10 whole weeks");
  assertThrows(() => calibrate([quiet(3, {})]), RangeError, "at least 4 whole weeks");
});

Deno.test("stylised facts of a walk are nothing, and of clustered moves are clusters and tails", () => {
  const walk = stylisedFacts(synthetic(5000, rng(1)));
  assertAlmostEquals(walk.kurtosis, 0, 0.3);
  assertAlmostEquals(walk.clustering, 0, 0.03);
  assertAlmostEquals(walk.leverage, 0, 0.05);
  const random = rng(3);
  const moves: Record<number, number> = {};
  for (let t = 0, h = 1e-4; t < 168 * 30; t++) {
    moves[t] = Math.sqrt(h) * normal(random);
    h = 4e-6 + 0.15 * moves[t] ** 2 + 0.8 * h;
  }
  const clustered = quiet(30, moves);
  const facts = stylisedFacts(clustered);
  assert(facts.kurtosis > 0.5 && facts.clustering > 0.1);
  const [kurtosis, clustering] = certify(clustered, clustered, { seeds: 10, method: "bootstrap" });
  assert(kurtosis.holds && clustering.generated > 0.5 * clustering.fitted, JSON.stringify(clustering));
  assertThrows(() => certify(clustered, quiet(1, {})), RangeError, "at least 200 bars");
});
