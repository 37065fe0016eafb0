import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { apart, dense, denseParameters, forBoth, pair, pairParameters } from "../../lib/agent/dense.ts";
import { rng } from "../../lib/base/random.ts";
import { cpu, numbersOf, tensorsOf } from "./tensors.ts";

await cpu();

Deno.test("a layer is x · weights + bias", () => {
  const p = {
    "a.weights": tf.tensor2d([[1, 2, 3], [4, 5, 6]]),
    "a.bias": tf.tensor1d([10, 20, 30]),
  };
  assertEquals(numbersOf(dense(tf, p, "a", tf.tensor2d([[1, 1], [0, 2]]))), [15, 27, 39, 18, 30, 42]);
});

Deno.test("layers start without a bias, with columns at right angles and of the length asked for", () => {
  const { "a.weights": weights, "a.bias": bias } = denseParameters("a", 6, 3, rng(1), 0.01);
  assertEquals([weights.shape, bias], [[6, 3], { shape: [3], values: new Float32Array(3) }]);
  const dot = (i: number, j: number) =>
    Array.from({ length: 6 }, (_, row) => weights.values[row * 3 + i] * weights.values[row * 3 + j])
      .reduce((a, b) => a + b);
  for (const [i, j] of [[0, 0], [1, 1], [2, 2], [0, 1], [0, 2], [1, 2]]) {
    assertAlmostEquals(dot(i, j), i === j ? 1e-4 : 0, 1e-9);
  }
});

Deno.test("two towers start apart, see the same, and neither reads the other", () => {
  const parameters = pairParameters("a", 4, 2, rng(1));
  const p = tensorsOf(parameters);
  const x = tf.randomNormal([3, 4], 0, 1, "float32", 7);
  const { actor, critic } = apart(tf, pair(tf, p, "a", forBoth(tf, x)));
  assertEquals([actor.shape, critic.shape], [[3, 2], [3, 2]]);
  for (const [tower, said] of [actor, critic].entries()) {
    const own = {
      "a.weights": tf.slice(p["a.weights"], [tower, 0, 0], [1, -1, -1]).reshape([4, 2]),
      "a.bias": tf.slice(p["a.bias"], [tower, 0, 0], [1, -1, -1]).reshape([2]),
    };
    assertEquals(numbersOf(said), numbersOf(dense(tf, own, "a", x)));
  }
  assert(numbersOf(actor).every((value, i) => value !== numbersOf(critic)[i]));
});
