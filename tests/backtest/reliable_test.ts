import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  bootstrap,
  interquartileEstimate,
  interquartileMean,
  probabilityOfImprovement,
} from "../../lib/backtest/reliable.ts";

// scipy 1.x: trim_mean(x, 0.25, axis=None), which rliable uses, and mannwhitneyu.
const ours = [
  [0.126, -0.132, 0.64, 0.105, -0.536, 0.362],
  [1.304, 0.947, -0.704, -1.265, -0.623, 0.041],
  [-2.325, -0.219, -1.246, -0.732, -0.544, -0.316],
];
const theirs = [[0.412, 1.043, -0.129, 1.366], [-0.665, 0.352, 0.903, 0.094], [-0.743, -0.922, -0.458, 0.22]];

Deno.test("the interquartile mean is scipy's trimmed mean, whatever the count", () => {
  const wanted = {
    1: 0,
    2: 3.1,
    3: 2.966666666666667,
    4: 4.45,
    5: 4.766666666666667,
    7: 4.86,
    8: 4.725,
    10: 14.05 / 3,
  };
  for (const [n, value] of Object.entries(wanted)) {
    assertAlmostEquals(
      interquartileMean(Array.from({ length: Number(n) }, (_, i) => (i * 7919 % 97) / 10)),
      value,
      1e-12,
    );
  }
  assertAlmostEquals(interquartileMean(ours.flat()), -0.2802, 1e-12);
  assert(Number.isNaN(interquartileMean([])));
});

Deno.test("the interval of the interquartile mean is numpy's stratified bootstrap", () => {
  const { point, low, high } = interquartileEstimate(ours, { resamples: 20_000, seed: 3 });
  assertAlmostEquals(point, -0.2802, 1e-12);
  assertAlmostEquals(low, -0.566, 0.015);
  assertAlmostEquals(high, 0.037, 0.015);
});

Deno.test("the probability of improvement is Mann and Whitney's statistic, mean over tasks", () => {
  const { point, low, high } = probabilityOfImprovement(ours, theirs);
  assertAlmostEquals(point, 0.34722222222222227, 1e-12);
  assert(low < point && point < high);
  assertEquals(probabilityOfImprovement([[1, 2]], [[0]]), { point: 1, low: 1, high: 1 });
  assertEquals(probabilityOfImprovement([[1]], [[1]]).point, 0.5);
});

Deno.test("a single run has an interval of no width; equal seeds give equal intervals", () => {
  assertEquals(interquartileEstimate([[0.3]]), { point: 0.3, low: 0.3, high: 0.3 });
  assertEquals(interquartileEstimate(ours, { seed: 5 }), interquartileEstimate(ours, { seed: 5 }));
  assert(interquartileEstimate(ours, { level: 0.5 }).low > interquartileEstimate(ours).low);
});

Deno.test("scores that cannot be compared are refused", () => {
  assertThrows(
    () => probabilityOfImprovement([[1]], [[1], [2]]),
    RangeError,
    "equal tasks, one at least: they have 1 and 2",
  );
  assertThrows(() => bootstrap([[[]]], () => 0), RangeError, "at least one run each");
});
