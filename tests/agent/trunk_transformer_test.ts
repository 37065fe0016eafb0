import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { Tensors } from "../../lib/agent/trunk.ts";
import { trunkDefaults } from "../../lib/agent/trunk.ts";
import { attendEach, attendLast, transformer } from "../../lib/agent/trunk_transformer.ts";
import { normal, rng } from "../../lib/base/random.ts";
import { discrete, furthest, openSmall, samples, tiny } from "./engines.ts";

tf.enableProdMode();
await tf.setBackend("cpu");

const options = { ...trunkDefaults, d_model: 8, n_heads: 2 };
const [B, W, D] = [3, 6, options.d_model];
const random = rng(3);
const { parameters } = transformer({ window: W, features: 4, stateSize: 0 }, options, random);
const p: Tensors = Object.fromEntries(
  Object.entries(parameters).map(([name, { shape, values }]) => [
    name,
    tf.tensor(values.map((value) => value + 0.3 * normal(random)), [...shape]), // biases too
  ]),
);
const values = Float32Array.from({ length: 2 * B * W * D }, () => normal(random));
const seen = tf.tensor3d(values, [2, B * W, D]);

Deno.test("attention of the last bar alone is the last bar of everyone's attention", () => {
  const each = tf.reshape(attendEach(tf, p, "0", seen, W, options), [2, B, W, D]);
  const last = tf.slice(each, [0, 0, W - 1, 0], [2, B, 1, D]).dataSync();
  const alone = attendLast(tf, p, "0", seen, W, options).dataSync();
  assertEquals(alone.length, 2 * B * D);
  alone.forEach((value, i) => assertAlmostEquals(value, last[i], 1e-5));
});

Deno.test("a bar attends to itself and those before it, not to later ones, and no tower to the other", () => {
  const before = attendEach(tf, p, "0", seen, W, options).dataSync();
  const changed = values.slice();
  for (let b = 0; b < B; b++) changed.fill(9, (b * W + 4) * D, (b + 1) * W * D); // bars 4 and 5, of the actor
  const after = attendEach(tf, p, "0", tf.tensor3d(changed, [2, B * W, D]), W, options).dataSync();
  for (let i = 0; i < before.length; i++) {
    const [bar, tower] = [Math.floor(i / D) % W, Math.floor(i / (B * W * D))];
    if (bar < 4 || tower === 1) assertEquals(after[i], before[i]);
  }
  assert(before.some((value, i) => value !== after[i]));
});

Deno.test("two blocks are compiled as they are eager", async () => {
  await using compiled = await openSmall(discrete, { trunk: "transformer", n_layers: 2 });
  await using eager = await openSmall(discrete, { trunk: "transformer", n_layers: 2, engine: "tfjs", backend: "cpu" });
  const { table, batches } = samples(discrete, 5, tiny.batch_size);
  for (const net of [compiled, eager]) await net.learn(table, batches, 1e-3);
  assert(furthest(compiled, eager) < 1e-4);
});
