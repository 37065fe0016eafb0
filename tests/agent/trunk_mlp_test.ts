import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { windowsOf } from "../../lib/agent/model.ts";
import { trunkDefaults } from "../../lib/agent/trunk.ts";
import { mlp } from "../../lib/agent/trunk_mlp.ts";
import { normal, rng } from "../../lib/base/random.ts";
import { cpu, numbersOf, tensorsOf } from "./tensors.ts";

await cpu();

for (const activation of ["tanh", "relu"] as const) {
  Deno.test(`both towers are plain layers of ${activation} over window and state, written out`, () => {
    const [W, F, A, H1, H2] = [3, 2, 2, 4, 3];
    const seen = { window: W, features: F, stateSize: A };
    const random = rng(5);
    const { parameters, encode, decide, width } = mlp(
      seen,
      { ...trunkDefaults, net_arch: [H1, H2], activation },
      random,
    );
    for (const { values } of Object.values(parameters)) values.forEach((_, i) => values[i] += 0.3 * normal(random)); // biases too
    const p = tensorsOf(parameters);
    const table = Float32Array.from({ length: 10 * F }, () => normal(random));
    const [bar, state] = [7, [0.4, -1.2]];
    const windows = windowsOf(tf, seen, tf.tensor2d(table, [10, F]), tf.tensor1d([bar], "int32"));
    const towers = decide(tf, p, encode!(tf, p, windows), tf.tensor2d([state]));
    assertEquals(width, H2);

    const bend = (x: number) => activation === "tanh" ? Math.tanh(x) : Math.max(0, x);
    const market = [...table.subarray((bar - W + 1) * F, (bar + 1) * F)];
    const at = (name: string, i: number) => parameters[name].values[i];
    for (const [tower, name] of (["actor", "critic"] as const).entries()) {
      const first = Array.from({ length: H1 }, (_, h) => {
        const unit = tower * H1 + h;
        let sum = at("first.bias", unit);
        market.forEach((x, i) => sum += x * at("first.market", unit * W * F + i));
        state.forEach((x, i) => sum += x * at("first.state", i * 2 * H1 + unit));
        return bend(sum);
      });
      const second = Array.from({ length: H2 }, (_, h) => {
        let sum = at("layer.0.bias", tower * H2 + h);
        first.forEach((x, i) => sum += x * at("layer.0.weights", (tower * H1 + i) * H2 + h));
        return bend(sum);
      });
      numbersOf(towers[name]).forEach((value, i) => assertAlmostEquals(value, second[i], 1e-5));
    }
  });
}

Deno.test("a unit's weights over window and state together are of one length, and towers start apart", () => {
  const [W, F, A, H] = [4, 3, 2, 5];
  const { parameters } = mlp({ window: W, features: F, stateSize: A }, { ...trunkDefaults, net_arch: [H] }, rng(2));
  const { "first.market": market, "first.state": state } = parameters;
  assertEquals([market.shape, state.shape], [[2 * H, W * F], [A, 2 * H]]);
  for (let unit = 0; unit < 2 * H; unit++) {
    let square = 0;
    for (let i = 0; i < W * F; i++) square += market.values[unit * W * F + i] ** 2;
    for (let i = 0; i < A; i++) square += state.values[i * 2 * H + unit] ** 2;
    assertAlmostEquals(square, 2, 1e-5); // orthogonal, gain √2
  }
  assert(market.values.slice(0, H * W * F).every((value, i) => value !== market.values[H * W * F + i]));
});
