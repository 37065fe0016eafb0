import { assert, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { layoutOf, newModel, parametersOf, startOf, vectorsOf, windowsOf } from "../../lib/agent/model.ts";
import { trunkDefaults } from "../../lib/agent/trunk.ts";
import { trunks } from "../../lib/agent/trunks.ts";
import { rng } from "../../lib/base/random.ts";
import { box, discrete, small } from "./engines.ts";
import { cpu, numbersOf, tensorsOf } from "./tensors.ts";

await cpu();
const options = { ...trunkDefaults, net_arch: [8], lstm_hidden_size: 4, d_model: 4, n_heads: 2 };

Deno.test("windows are the rows that end at a bar, oldest first, flat or step by step", () => {
  const table = tf.tensor2d([[0, 1], [10, 11], [20, 21], [30, 31]]);
  const windows = windowsOf(tf, { window: 2, features: 2, stateSize: 0 }, table, tf.tensor1d([1, 3], "int32"));
  assertEquals(windows.flat().shape, [2, 4]);
  assertEquals(numbersOf(windows.flat()), [0, 1, 10, 11, 20, 21, 30, 31]);
  assertEquals(windows.steps().shape, [2, 2, 2]);
  assertEquals(numbersOf(windows.steps()), [0, 1, 20, 21, 10, 11, 30, 31]); // bars 0 and 2, then 1 and 3
});

Deno.test("large parameters lie in vectors of their own, small ones together, and come back as they were", () => {
  const parameter = (...shape: number[]) => {
    const size = shape.reduce((a, b) => a * b);
    return { shape, values: Float32Array.from({ length: size }, (_, i) => i + size) };
  };
  const parameters = { small: parameter(2, 3), large: parameter(300, 200), other: parameter(5) };
  const layout = layoutOf(parameters);
  assertEquals(layout.sizes, [11, 60_000]);
  const vectors = startOf(parameters, layout);
  assertEquals([...vectors[0]], [...parameters.small.values, ...parameters.other.values]);
  const tensors = parametersOf(tf, layout, vectors.map((vector) => tf.tensor1d(vector)));
  for (const [name, { shape, values }] of Object.entries(parameters)) {
    assertEquals([tensors[name].shape, tensors[name].dataSync()], [shape, values]);
  }
  assertEquals(vectorsOf(tf, layout, tensors).map((vector) => vector.dataSync()), vectors);
});

for (const trunk of Object.keys(trunks) as (keyof typeof trunks)[]) {
  Deno.test(`${trunk} starts undecided: every choice as likely, give or take 2 %; a box's deviations 1`, () => {
    const say = (actions: typeof discrete | typeof box) => {
      const model = newModel(small, actions, trunks[trunk], options, rng(1));
      const table = tf.randomNormal([20, small.features], 0, 1, "float32", 3);
      const bars = tf.tensor1d([6, 12, 19], "int32");
      const p = tensorsOf(model.parameters);
      const encoding = model.encode!(tf, p, windowsOf(tf, small, table, bars));
      return model.decide(tf, p, encoding, tf.randomNormal([3, small.stateSize], 0, 1, "float32", 4));
    };
    const { policy, value } = say(discrete);
    assertEquals([policy.shape, value.shape], [[3, 3], [3]]);
    for (const share of numbersOf(tf.softmax(policy))) assert(Math.abs(share - 1 / 3) < 0.02, String(share));
    const said = numbersOf(say(box).policy);
    for (let row = 0; row < 3; row++) {
      assert(said.slice(row * 4, row * 4 + 2).every((mean) => Math.abs(mean) < 0.05));
      assertEquals(said.slice(row * 4 + 2, row * 4 + 4), [0, 0]); // log deviations
    }
  });
}

Deno.test("nothing to choose or nothing to see is refused", () => {
  const make = (seen: typeof small, actions: Parameters<typeof newModel>[1]) =>
    newModel(seen, actions, trunks.mlp, options, rng(1));
  assertThrows(() => make(small, { kind: "discrete", n: 1 }), RangeError, "something to choose");
  assertThrows(() => make(small, { kind: "box", size: 0 }), RangeError, "something to choose");
  assertThrows(() => make({ window: 0, features: 3, stateSize: 0 }, discrete), RangeError, "something to see");
});
