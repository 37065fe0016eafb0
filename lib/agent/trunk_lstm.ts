import { apart, forBoth, pair, pairOf, pairParameters } from "./dense.ts";
import { orthogonal } from "./initial.ts";
import type { Tensor, Tf } from "./tfjs.ts";
import type { Parameter, Tensors, TrunkOf, Windows } from "./trunk.ts";

/**
 * Two LSTMs (Hochreiter and Schmidhuber 1997), one for the actor and one for the critic, that read the window from its
 * oldest bar to its newest; a dense layer then reads the last hidden state and the row's own state. Reads
 * `lstm_hidden_size` and the last width of `net_arch`.
 *
 * Forget gates start out open (bias 1: Jozefowicz, Zaremba and Sutskever 2015). Without a window there is nothing to read
 * in order: the dense layer is all there is.
 */
export const lstm: TrunkOf = ({ window, features, stateSize }, { lstm_hidden_size: units, net_arch }, random) => {
  const width = net_arch.at(-1)!;
  const reads = window * features > 0;
  const gates = (inputs: number) =>
    pairOf([inputs, 4 * units], () => beside(inputs, units, () => orthogonal(inputs, units, 1, random)));
  const parameters: Record<string, Parameter> = {
    ...(reads && {
      "lstm.input": gates(features),
      "lstm.hidden": gates(units),
      "lstm.bias": pairOf([1, 4 * units], () => new Float32Array(4 * units).fill(1, units, 2 * units)),
    }),
    ...pairParameters("out", (reads ? units : 0) + stateSize, width, random),
  };
  return {
    parameters,
    width,
    ...(reads && {
      encode(tf: Tf, p: Tensors, windows: Windows) {
        const hidden = lastHidden(tf, p, windows.steps(), units); // [2, B, units]
        return tf.reshape(tf.transpose(hidden, [1, 0, 2]), [-1, 2 * units]);
      },
    }),
    decide(tf, p, encoding, state) {
      const read = encoding && tf.transpose(tf.reshape(encoding, [-1, 2, units]), [1, 0, 2]);
      const seen = [read, state && forBoth(tf, state)].filter((part) => part !== undefined);
      return apart(tf, tf.tanh(pair(tf, p, "out", seen.length > 1 ? tf.concat(seen, 2) : seen[0])));
    },
  };
};

/** The hidden states after the last of W steps: [W, B, F] → [2, B, units]. All inputs are multiplied at once, beforehand. */
function lastHidden(tf: Tf, p: Tensors, steps: Tensor, units: number): Tensor {
  const [window, , features] = steps.shape;
  const both = forBoth(tf, tf.reshape(steps, [-1, features]));
  const inputs = tf.add(tf.matMul(both, p["lstm.input"]), p["lstm.bias"]); // [2, W · B, 4 · units]
  let hidden: Tensor | undefined;
  let cell: Tensor | undefined;
  for (const input of tf.unstack(tf.reshape(inputs, [2, window, -1, 4 * units]), 1)) {
    const sum = hidden ? tf.add(input, tf.matMul(hidden, p["lstm.hidden"])) : input;
    const [inputGate, forgetGate, candidate, outputGate] = tf.split(sum, 4, 2);
    const written = tf.mul(tf.sigmoid(inputGate), tf.tanh(candidate));
    cell = cell ? tf.add(tf.mul(tf.sigmoid(forgetGate), cell), written) : written;
    hidden = tf.mul(tf.sigmoid(outputGate), tf.tanh(cell));
  }
  return hidden!;
}

/** Four [inputs, units] matrices side by side. */
function beside(inputs: number, units: number, next: () => Float32Array): Float32Array {
  const joined = new Float32Array(inputs * 4 * units);
  for (let block = 0; block < 4; block++) {
    const matrix = next();
    for (let i = 0; i < inputs; i++) {
      joined.set(matrix.subarray(i * units, (i + 1) * units), i * 4 * units + block * units);
    }
  }
  return joined;
}
