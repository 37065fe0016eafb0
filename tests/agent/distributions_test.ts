import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { draw, judge, newDrawn, policySize, preferences } from "../../lib/agent/distributions.ts";
import { rng } from "../../lib/base/random.ts";
import { box, discrete } from "./engines.ts";

tf.enableProdMode();
await tf.setBackend("cpu");

Deno.test("choices are drawn as often as their logits say", () => {
  const logits = [Math.log(0.5), Math.log(0.2), Math.log(0.3)];
  const rows = 20_000;
  const drawn = newDrawn(discrete, rows);
  draw(discrete, Float32Array.from({ length: 3 * rows }, (_, i) => 5 + logits[i % 3]), rng(1), drawn);
  for (const [choice, share] of [0.5, 0.2, 0.3].entries()) {
    const times = drawn.actions.filter((action) => action === choice).length;
    assertAlmostEquals(times / rows, share, 0.015);
  }
  drawn.actions.forEach((action, i) => assertAlmostEquals(drawn.logProbs[i], logits[action], 1e-5));
});

Deno.test("a box's numbers are normal before they are squashed", () => {
  const space = { kind: "box", size: 1 } as const;
  const rows = 20_000;
  const drawn = newDrawn(space, rows);
  draw(space, Float32Array.from({ length: 2 * rows }, (_, i) => i % 2 ? Math.log(0.5) : 0.3), rng(1), drawn);
  const mean = drawn.raw.reduce((sum, value) => sum + value, 0) / rows;
  const variance = drawn.raw.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rows;
  assertAlmostEquals(mean, 0.3, 0.02);
  assertAlmostEquals(variance, 0.25, 0.01);
  drawn.raw.forEach((value, i) => {
    assertAlmostEquals(drawn.actions[i], Math.tanh(value), 1e-6);
    const density = Math.exp(-((value - 0.3) ** 2) / 0.5) / Math.sqrt(2 * Math.PI * 0.25);
    assertAlmostEquals(drawn.logProbs[i], Math.log(density), 1e-5);
  });
});

Deno.test("greedy takes the likeliest, and uses no random numbers", () => {
  const random = rng(1);
  const before = random.state.slice();
  const one = newDrawn(discrete, 2);
  draw(discrete, Float32Array.of(0, 2, 1, 3, 3, 1), random, one, true);
  assertEquals([...one.actions], [1, 0]);
  const two = newDrawn(box, 1);
  draw(box, Float32Array.of(0.5, -0.5, 0, 0), random, two, true);
  assertEquals(two.actions, Float32Array.of(Math.tanh(0.5), Math.tanh(-0.5)));
  assertEquals(random.state, before);
});

Deno.test("logits so far apart that exponentials overflow are still drawn and judged", () => {
  const drawn = newDrawn(discrete, 1);
  draw(discrete, Float32Array.of(-1000, 500, 90), rng(1), drawn);
  assertEquals([drawn.actions[0], drawn.logProbs[0]], [1, 0]);
});

for (const space of [discrete, box]) {
  Deno.test(`what was drawn from a ${space.kind} policy has the same log-probability when judged`, () => {
    const [rows, width, random] = [50, policySize(space), rng(3)];
    const policy = Float32Array.from({ length: rows * width }, () => 2 * random() - 1);
    const drawn = newDrawn(space, rows);
    draw(space, policy, random, drawn);
    const raw = tf.tensor(drawn.raw, space.kind === "discrete" ? [rows] : [rows, space.size]);
    const { logProb } = judge(tf, space, tf.tensor2d(policy, [rows, width]), raw);
    logProb.dataSync().forEach((value, i) => assertAlmostEquals(value, drawn.logProbs[i], 1e-5));
  });
}

Deno.test("a discrete policy's entropy is at most that of a die, and 0 when it is sure", () => {
  const policy = tf.tensor2d([0, 0, 0, 50, 0, 0], [2, 3]);
  const entropy = judge(tf, discrete, policy, tf.tensor1d([0, 1])).entropy.dataSync();
  assertAlmostEquals(entropy[0], Math.log(3), 1e-6);
  assertAlmostEquals(entropy[1], 0, 1e-6);
});

Deno.test("a squashed normal's entropy is what sampling says, and has a greatest deviation", () => {
  const space = { kind: "box", size: 1 } as const;
  const entropyOf = (mean: number, logDeviation: number) =>
    judge(tf, space, tf.tensor2d([mean, logDeviation], [1, 2]), tf.tensor2d([0], [1, 1])).entropy.dataSync()[0];
  for (const [mean, logDeviation] of [[0, -1], [0.5, -0.7], [-1, -2]]) {
    const rows = 100_000;
    const drawn = newDrawn(space, rows);
    draw(space, Float32Array.from({ length: 2 * rows }, (_, i) => i % 2 ? logDeviation : mean), rng(7), drawn);
    const sampled = drawn.actions.reduce(
      (sum, action, i) => sum - drawn.logProbs[i] + Math.log(1 - action * action),
      0,
    );
    assertAlmostEquals(entropyOf(mean, logDeviation), sampled / rows, 0.02);
  }
  assert(entropyOf(0, 3) < entropyOf(0, 0), "more deviation is not always more entropy");
});

Deno.test("preferences are probabilities that sum to 1, or squashed means", () => {
  const chances = preferences(discrete, Float32Array.of(0, 0, 0, 1, 2, 3));
  assertAlmostEquals(chances[0], 1 / 3, 1e-6);
  assertAlmostEquals(chances[3] + chances[4] + chances[5], 1, 1e-6);
  assertEquals(preferences(box, Float32Array.of(1, -1, 9, 9)), Float32Array.of(Math.tanh(1), Math.tanh(-1)));
});
