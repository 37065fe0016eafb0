import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { rng } from "../../lib/base/random.ts";
import { importance } from "../../lib/hyperopt/importance.ts";
import { choice, drawEach, float, fromUnit, log, type Space, when } from "../../lib/hyperopt/space.ts";
import type { Params } from "../../lib/hyperopt/trial.ts";

function trialsOf(space: Space, count: number, value: (params: Params) => number, seed = 3) {
  const random = rng(seed);
  return Array.from({ length: count }, () => {
    const params = drawEach(space, (_name, parameter) => fromUnit(parameter, random()));
    return { params, value: value(params) };
  });
}

Deno.test("shares of the variance of a sum are those of its terms", () => {
  const space = { a: float(0, 1), b: log(1e-4, 1), c: float(-5, 5) };
  const trials = trialsOf(space, 400, ({ a, b }) => 2 * Number(a) + Math.log10(Number(b)) / 4); // variances 4 : 1
  const { parameters, together, fit } = importance(space, trials);
  assertEquals(parameters.map(({ name }) => name), ["a", "b", "c"]);
  assertAlmostEquals(parameters[0].share, 0.8, 0.06);
  assertAlmostEquals(parameters[1].share, 0.2, 0.06);
  assert(parameters[2].share < 0.01);
  assert(together < 0.06 && fit > 0.9);
});

Deno.test("what two parameters only do together is told apart", () => {
  const space = { a: float(-1, 1), b: float(-1, 1) };
  const { parameters, together } = importance(space, trialsOf(space, 400, ({ a, b }) => Number(a) * Number(b)));
  assert(parameters.every(({ share }) => share < 0.15), JSON.stringify(parameters));
  assert(together > 0.75);
});

Deno.test("of values that are chance it says that it knows nothing", () => {
  const space = { a: float(0, 1), b: float(0, 1) };
  const random = rng(5);
  assert(importance(space, trialsOf(space, 120, () => random())).fit < 0.1);
});

Deno.test("one that went all wrong does not decide, and neither does a scale", () => {
  const space = { a: float(0, 1), b: float(0, 1) };
  const trials = trialsOf(space, 80, ({ a }) => Number(a));
  const worst = trials.reduce((low, { value }, i) => value < trials[low].value ? i : low, 0);
  const wild = trials.with(worst, { ...trials[worst], value: -1e9 });
  assertEquals(importance(space, wild), importance(space, trials));
  assertEquals(importance(space, trials.map((one) => ({ ...one, value: 1e6 * one.value }))), importance(space, trials));
});

Deno.test("choices and what depends on them count too", () => {
  const space: Space = { kind: choice("x", "y"), size: when("kind", "y", float(0, 1)), other: float(0, 1) };
  const { parameters } = importance(
    space,
    trialsOf(space, 200, ({ kind, size }) => kind === "x" ? 0 : 1 + Number(size)),
  );
  assertEquals(parameters.map(({ name }) => name), ["kind", "size", "other"]);
});

Deno.test("equal values explain nothing, and too few trials are refused", () => {
  const space = { a: float(0, 1) };
  const { parameters, together, fit } = importance(space, trialsOf(space, 10, () => 1));
  assertEquals([parameters[0].share, together, fit], [0, 0, 0]);
  assertThrows(() => importance(space, trialsOf(space, 3, () => 1)), RangeError, "there are 3");
});
