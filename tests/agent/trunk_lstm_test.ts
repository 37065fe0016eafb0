import { assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { windowsOf } from "../../lib/agent/model.ts";
import { trunkDefaults } from "../../lib/agent/trunk.ts";
import { lstm } from "../../lib/agent/trunk_lstm.ts";
import { normal, rng } from "../../lib/base/random.ts";
import { cpu, numbersOf, tensorsOf } from "./tensors.ts";

await cpu();
const [W, F, U] = [5, 2, 3];
const seen = { window: W, features: F, stateSize: 0 };
const options = { ...trunkDefaults, lstm_hidden_size: U, net_arch: [4] };

Deno.test("each tower is the cell of Hochreiter and Schmidhuber with a forget gate, bar by bar", () => {
  const random = rng(5);
  const { parameters, encode } = lstm(seen, options, random);
  for (const { values } of Object.values(parameters)) values.forEach((_, i) => values[i] += 0.2 * normal(random));
  const table = Float32Array.from({ length: 9 * F }, () => normal(random));
  const bar = 7;
  const windows = windowsOf(tf, seen, tf.tensor2d(table, [9, F]), tf.tensor1d([bar], "int32"));
  const encoding = numbersOf(encode!(tf, tensorsOf(parameters), windows));
  assertEquals(encoding.length, 2 * U);

  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  for (const tower of [0, 1]) {
    const weight = (name: string, rows: number, row: number, column: number) =>
      parameters[name].values[(tower * rows + row) * 4 * U + column];
    let [hidden, cell] = [new Array<number>(U).fill(0), new Array<number>(U).fill(0)];
    for (let t = bar - W + 1; t <= bar; t++) {
      const gate = (which: number, unit: number) => {
        const column = which * U + unit;
        let sum = weight("lstm.bias", 1, 0, column);
        for (let f = 0; f < F; f++) sum += table[t * F + f] * weight("lstm.input", F, f, column);
        for (let u = 0; u < U; u++) sum += hidden[u] * weight("lstm.hidden", U, u, column);
        return sum;
      };
      const next = cell.map((c, u) => sigmoid(gate(1, u)) * c + sigmoid(gate(0, u)) * Math.tanh(gate(2, u)));
      [hidden, cell] = [next.map((c, u) => sigmoid(gate(3, u)) * Math.tanh(c)), next];
    }
    hidden.forEach((value, u) => assertAlmostEquals(encoding[tower * U + u], value, 1e-5));
  }
});

Deno.test("forget gates start open, all other biases at zero", () => {
  const { "lstm.bias": { values } } = lstm(seen, options, rng(1)).parameters;
  const tower = [...new Array(U).fill(0), ...new Array(U).fill(1), ...new Array(2 * U).fill(0)];
  assertEquals([...values], [...tower, ...tower]);
});
