import { apart, pair, pairParameters } from "./dense.ts";
import { orthogonal } from "./initial.ts";
import type { Tensor, Tf } from "./tfjs.ts";
import type { Parameter, Tensors, TrunkOf } from "./trunk.ts";

/**
 * Two towers of dense layers, one for the actor and one for the critic, over the flattened window and the row's state:
 * Stable-Baselines3's `MlpPolicy`. Reads `net_arch` and `activation`.
 *
 * The first layers of both towers are one product of twice the width, [B, W · F] × [W · F, 2 · H], and its weights are
 * kept as [2 · H, W · F], which is how matrix kernels like to read and to write them.
 */
export const mlp: TrunkOf = ({ window, features, stateSize }, { net_arch, activation }, random) => {
  const [first, ...rest] = net_arch;
  const market = window * features;
  const parameters: Record<string, Parameter> = {};
  const starts = [0, 1].map(() => orthogonal(market + stateSize, first, Math.SQRT2, random));
  if (market > 0) {
    parameters["first.market"] = { shape: [2 * first, market], values: transposed(starts, market, first) };
  }
  if (stateSize > 0) {
    parameters["first.state"] = { shape: [stateSize, 2 * first], values: beside(starts, market, stateSize, first) };
  }
  parameters["first.bias"] = { shape: [2 * first], values: new Float32Array(2 * first) };
  rest.forEach((width, i) => Object.assign(parameters, pairParameters(`layer.${i}`, net_arch[i], width, random)));

  const bend = (tf: Tf, x: Tensor) => activation === "tanh" ? tf.tanh(x) : tf.relu(x);
  return {
    parameters,
    width: net_arch.at(-1)!,
    ...(market > 0 && {
      encode: (tf: Tf, p: Tensors, windows) =>
        tf.matMul(windows.flat() as never, p["first.market"] as never, false, true),
    }),
    decide(tf, p, encoding, state) {
      const own = state && tf.matMul(state as never, p["first.state"] as never);
      const biased = own ? tf.add(own, p["first.bias"]) : p["first.bias"];
      const wide = bend(tf, encoding ? tf.add(encoding, biased) : biased); // [B, 2 · H]
      const towers = tf.transpose(tf.reshape(wide, [-1, 2, first]), [1, 0, 2]); // [2, B, H]
      return apart(tf, rest.reduce((layer: Tensor, _, i) => bend(tf, pair(tf, p, `layer.${i}`, layer)), towers));
    },
  };
};

/** The first `inputs` rows of each [.., outputs] matrix, as columns: [2 · outputs, inputs]. */
function transposed(matrices: readonly Float32Array[], inputs: number, outputs: number): Float32Array {
  return Float32Array.from({ length: matrices.length * outputs * inputs }, (_, at) => {
    const [unit, input] = [Math.floor(at / inputs), at % inputs];
    return matrices[Math.floor(unit / outputs)][input * outputs + unit % outputs];
  });
}

/** Rows `from` … `from + inputs` of each [.., outputs] matrix, side by side: [inputs, 2 · outputs]. */
function beside(matrices: readonly Float32Array[], from: number, inputs: number, outputs: number): Float32Array {
  const width = matrices.length * outputs;
  return Float32Array.from({ length: inputs * width }, (_, at) => {
    const [input, unit] = [from + Math.floor(at / width), at % width];
    return matrices[Math.floor(unit / outputs)][input * outputs + unit % outputs];
  });
}
