import { dense, denseParameters } from "./dense.ts";
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
  const parameters: Record<string, Parameter> = {};
  for (const tower of towers) {
    if (reads) {
      const [input, hidden] = [features, units].map((inputs) =>
        blocks(inputs, units, () => orthogonal(inputs, units, 1, random))
      );
      parameters[`${tower}.lstm.input`] = { shape: [features, 4 * units], values: input };
      parameters[`${tower}.lstm.hidden`] = { shape: [units, 4 * units], values: hidden };
      const bias = new Float32Array(4 * units).fill(1, units, 2 * units);
      parameters[`${tower}.lstm.bias`] = { shape: [4 * units], values: bias };
    }
    Object.assign(parameters, denseParameters(`${tower}.out`, (reads ? units : 0) + stateSize, width, random));
  }
  return {
    parameters,
    width,
    ...(reads && {
      encode: (tf: Tf, p: Tensors, windows: Windows) =>
        tf.concat(towers.map((tower) => lastHidden(tf, p, `${tower}.lstm`, windows.steps(), units)), 1),
    }),
    decide(tf, p, encoding, state) {
      const parts = encoding ? tf.split(encoding, 2, 1) : [undefined, undefined];
      const [actor, critic] = towers.map((tower, i) => {
        const seen = [parts[i], state].filter((part) => part !== undefined);
        return tf.tanh(dense(tf, p, `${tower}.out`, seen.length > 1 ? tf.concat(seen, 1) : seen[0]));
      });
      return { actor, critic };
    },
  };
};

const towers = ["actor", "critic"] as const;

/** The hidden state after the last of W steps: [W, B, F] → [B, units]. All inputs are multiplied at once, beforehand. */
function lastHidden(tf: Tf, p: Tensors, name: string, steps: Tensor, units: number): Tensor {
  const [window, , features] = steps.shape;
  const flat = tf.reshape(steps, [-1, features]);
  const inputs = tf.add(tf.matMul(flat as never, p[`${name}.input`] as never), p[`${name}.bias`]);
  let hidden: Tensor | undefined;
  let cell: Tensor | undefined;
  for (const input of tf.unstack(tf.reshape(inputs, [window, -1, 4 * units]), 0)) {
    const sum = hidden ? tf.add(input, tf.matMul(hidden as never, p[`${name}.hidden`] as never)) : input;
    const [keep, forget, write, show] = tf.split(sum, 4, 1);
    const written = tf.mul(tf.sigmoid(keep), tf.tanh(write));
    cell = cell ? tf.add(tf.mul(tf.sigmoid(forget), cell), written) : written;
    hidden = tf.mul(tf.sigmoid(show), tf.tanh(cell));
  }
  return hidden!;
}

/** Four [inputs, units] matrices side by side. */
function blocks(inputs: number, units: number, next: () => Float32Array): Float32Array {
  const joined = new Float32Array(inputs * 4 * units);
  for (let block = 0; block < 4; block++) {
    const matrix = next();
    for (let i = 0; i < inputs; i++) {
      joined.set(matrix.subarray(i * units, (i + 1) * units), i * 4 * units + block * units);
    }
  }
  return joined;
}
