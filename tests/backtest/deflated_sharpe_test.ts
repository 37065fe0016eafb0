import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  deflatedSharpe,
  expectedMaxSharpe,
  probabilisticSharpe,
  sharpeSample,
} from "../../lib/backtest/deflated_sharpe.ts";
import { normal, rng } from "../../lib/base/random.ts";
import { vectors } from "./overfitting_vectors.ts";

Deno.test("the example of the paper comes out: 100 trials deflate a Sharpe ratio of 2.5 to 0.90, 46 to 0.95", () => {
  // Bailey and López de Prado 2014, "A numerical example": 5 years of 250 days, skew −3, kurtosis 10, variance ½ a year
  const sample = { sharpe: 2.5 / Math.sqrt(250), bars: 1250, skew: -3, kurtosis: 10 };
  const expected = expectedMaxSharpe(100, 0.5 / 250);
  assertAlmostEquals(expected, 0.1132, 5e-5);
  assertAlmostEquals(probabilisticSharpe(sample, expected), 0.9004, 5e-5);
  assertAlmostEquals(probabilisticSharpe(sample, expectedMaxSharpe(46, 0.5 / 250)), 0.9505, 5e-5);
  const likeNormal = { ...sample, skew: 0, kurtosis: 3 };
  assertAlmostEquals(probabilisticSharpe(likeNormal, expectedMaxSharpe(88, 0.5 / 250)), 0.9505, 5e-4);
});

Deno.test("deflation equals an independent implementation", () => {
  for (const { returns, trials, sharpes, ...wanted } of vectors.deflated) {
    const found = deflatedSharpe(sharpeSample(returns), trials, sharpes);
    for (const key of ["sharpe", "skew", "kurtosis", "expectedMax", "probabilistic", "deflated"] as const) {
      assertAlmostEquals(found[key], wanted[key], 1e-9, `${key} of ${trials} trials`);
    }
  }
});

Deno.test("more trials never make a Sharpe ratio more believable, and one trial leaves it as it is", () => {
  const sample = sharpeSample(Float64Array.from({ length: 500 }, () => 0.001 + 0.01 * normal(random)));
  let before = Infinity;
  for (const trials of [1, 2, 5, 20, 100, 1e4]) {
    const { deflated, probabilistic } = deflatedSharpe(sample, trials, [0.01, -0.02, 0.03]);
    assert(deflated <= before && deflated <= probabilistic);
    if (trials === 1) assertEquals(deflated, probabilistic);
    before = deflated;
  }
});

Deno.test("the best of many tries without skill is as good as expected", () => {
  const [trials, bars] = [50, 400];
  const best = Array.from({ length: 60 }, () => {
    const sharpes = Array.from(
      { length: trials },
      () => sharpeSample(Float64Array.from({ length: bars }, () => normal(random))).sharpe,
    );
    return Math.max(...sharpes);
  });
  const found = best.reduce((sum, sharpe) => sum + sharpe, 0) / best.length;
  assertAlmostEquals(found, expectedMaxSharpe(trials, 1 / (bars - 1)), 0.008);
});

Deno.test("so many bars as are said to be needed bring the deflated ratio to 0.95", () => {
  const sample = { sharpe: 0.1, bars: 100, skew: -0.5, kurtosis: 6 };
  const { barsNeeded, expectedMax } = deflatedSharpe(sample, 20, [0.01, 0.03, -0.02]);
  assertAlmostEquals(probabilisticSharpe({ ...sample, bars: barsNeeded }, expectedMax), 0.95, 1e-3);
  assertEquals(deflatedSharpe({ ...sample, sharpe: 0.001 }, 20, [0.01, 0.03, -0.02]).barsNeeded, Infinity);
});

Deno.test("nothing can be said of returns that never vary, and there must be a trial", () => {
  assertEquals(deflatedSharpe(sharpeSample(new Float64Array(50).fill(0.01)), 3, []).deflated, NaN);
  assertEquals(deflatedSharpe(sharpeSample([]), 3, []).deflated, NaN);
  assertThrows(() => expectedMaxSharpe(0, 1), RangeError, "1 trial or more: current value is 0");
});

const random = rng(3);
