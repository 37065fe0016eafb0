import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { overfitting } from "../../lib/backtest/overfitting.ts";
import { normal, rng } from "../../lib/base/random.ts";
import { vectors } from "./overfitting_vectors.ts";

const random = rng(8);
const noise = (trials: number, bars: number) =>
  Array.from({ length: trials }, () => Float64Array.from({ length: bars }, () => 0.01 * normal(random)));

Deno.test("the probability of overfitting equals an independent implementation, bars left over and all", () => {
  for (const { returns, blocks, ...wanted } of vectors.overfitting) {
    const found = overfitting(returns, blocks);
    assertEquals(found.probability, wanted.probability);
    assertEquals(found.loss, wanted.loss);
    assertAlmostEquals(found.logits.reduce((sum, logit) => sum + logit, 0), wanted.logits, 1e-9);
    assertAlmostEquals(found.slope, wanted.slope, 1e-9);
  }
});

Deno.test("one trial that is truly better is chosen everywhere: no overfitting", () => {
  const trials = noise(10, 640);
  const found = overfitting(trials.with(4, trials[4].map((r) => r + 0.01)), 8);
  assertEquals([found.probability, found.loss], [0, 0]);
});

Deno.test("among trials that are noise, the best of one half is a coin's toss in the other", () => {
  const share = Array.from({ length: 20 }, () => overfitting(noise(20, 320), 8).probability);
  assertAlmostEquals(share.reduce((sum, p) => sum + p, 0) / share.length, 0.5, 0.12);
});

Deno.test("trials whose parts make up for each other are overfitting itself", () => {
  const [rise, T] = [0.005, 128]; // each is good in one half of time and as bad in the other
  const trials = Array.from({ length: 8 }, (_, n) =>
    Float64Array.from(
      { length: T },
      (_, t) => rise * (Math.floor(t / (T / 8)) === n ? 1 : -1 / 7) + 1e-4 * normal(random),
    ));
  const { probability, slope } = overfitting(trials, 8);
  assert(probability > 0.9, `${probability}`);
  assert(slope < 0);
});

Deno.test("every split is there with its mirror", () => {
  assertEquals(overfitting(noise(3, 64), 8).logits.length, 70);
  assertEquals(overfitting(noise(3, 64), 2).logits.length, 2);
});

Deno.test("trials that never trade have a Sharpe ratio of 0, and do not spoil the others", () => {
  const found = overfitting([new Float64Array(64), ...noise(3, 64)], 4);
  assert(found.logits.every(Number.isFinite));
  assertEquals(overfitting([new Float64Array(64), new Float64Array(64)], 4).probability, 1);
});

Deno.test("one trial, uneven lengths, too few bars and odd blocks are refused in words", () => {
  assertThrows(() => overfitting([[1, 2, 3, 4]], 2), RangeError, "2 trials or more: current value is 1");
  assertThrows(() => overfitting([[1, 2, 3, 4], [1, 2, 3]], 2), RangeError, "same 4 bars: current value is 3");
  assertThrows(() => overfitting([[1, 2, 3], [1, 2, 3]], 2), RangeError, "4 bars or more for 2 blocks");
  assertThrows(() => overfitting(noise(2, 100), 5), RangeError, "even, from 2 to 20: current value is 5");
});
