import { normal } from "../base/random.ts";
import { dense, denseParameters } from "./dense.ts";
import type { Tensor, Tf } from "./tfjs.ts";
import type { Parameter, Tensors, TrunkOf, TrunkOptions, Windows } from "./trunk.ts";

/**
 * Two causal Transformer encoders (Vaswani et al. 2017), one for the actor and one for the critic, over the window's
 * bars; the last bar's output and the row's own state go through a dense layer. Layer norms come first in each block
 * (Xiong et al. 2020), places are learnt. Reads `d_model`, `n_heads`, `n_layers` and the last width of `net_arch`.
 *
 * Only the last bar's output is read, so the last block works it out for that bar alone.
 *
 * @throws {RangeError} if the heads do not divide the width
 */
export const transformer: TrunkOf = ({ window, features, stateSize }, options, random) => {
  const { d_model, n_heads, n_layers, net_arch } = options;
  if (d_model % n_heads !== 0) {
    throw new RangeError(
      `Cannot make a transformer as n_heads must divide d_model ${d_model}: current value is ${n_heads}`,
    );
  }
  const width = net_arch.at(-1)!;
  const reads = window * features > 0;
  const parameters: Record<string, Parameter> = {};
  const norm = (name: string) => {
    parameters[`${name}.gain`] = { shape: [d_model], values: new Float32Array(d_model).fill(1) };
    parameters[`${name}.bias`] = { shape: [d_model], values: new Float32Array(d_model) };
  };
  for (const tower of towers) {
    if (reads) {
      Object.assign(parameters, denseParameters(`${tower}.in`, features, d_model, random, 1));
      const places = Float32Array.from({ length: window * d_model }, () => 0.02 * normal(random));
      parameters[`${tower}.places`] = { shape: [window, d_model], values: places };
      for (let layer = 0; layer < n_layers; layer++) {
        const name = `${tower}.${layer}`;
        for (const part of ["query", "key", "value", "join"]) {
          Object.assign(parameters, denseParameters(`${name}.${part}`, d_model, d_model, random, 1));
        }
        Object.assign(parameters, denseParameters(`${name}.up`, d_model, 2 * d_model, random));
        Object.assign(parameters, denseParameters(`${name}.down`, 2 * d_model, d_model, random, 1));
        norm(`${name}.first`);
        norm(`${name}.second`);
      }
      norm(`${tower}.last`);
    }
    Object.assign(parameters, denseParameters(`${tower}.out`, (reads ? d_model : 0) + stateSize, width, random));
  }
  return {
    parameters,
    width,
    ...(reads && {
      encode: (tf: Tf, p: Tensors, windows: Windows) =>
        tf.concat(towers.map((tower) => lastOutput(tf, p, tower, windows.flat(), window, options)), 1),
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

/** What the encoder says of the last bar: [B, W · F] → [B, d_model]. */
function lastOutput(tf: Tf, p: Tensors, name: string, flat: Tensor, window: number, options: TrunkOptions): Tensor {
  const { d_model: D, n_heads: heads, n_layers } = options;
  const size = D / heads;
  const features = flat.shape[1]! / window;
  // A layer over every bar of every row: [B · n, inputs] at a time.
  const each = (part: string, x: Tensor) => dense(tf, p, `${name}.${part}`, x);
  const split = (x: Tensor, n: number) => tf.transpose(tf.reshape(x, [-1, n, heads, size]), [0, 2, 1, 3]);
  const last = (x: Tensor) =>
    tf.reshape(tf.slice(tf.reshape(x, [-1, window, D]), [0, window - 1, 0], [-1, 1, D]), [-1, D]);

  const embedded = tf.reshape(each("in", tf.reshape(flat, [-1, features])), [-1, window, D]);
  let x: Tensor = tf.reshape(tf.add(embedded, p[`${name}.places`]), [-1, D]); // [B · W, D]
  for (let layer = 0; layer < n_layers; layer++) {
    const final = layer === n_layers - 1;
    const asked = final ? 1 : window; // bars that the block's output is wanted for
    const seen = layerNorm(tf, p, `${name}.${layer}.first`, x);
    const query = split(each(`${layer}.query`, final ? last(seen) : seen), asked); // [B, heads, n, size]
    const key = split(each(`${layer}.key`, seen), window);
    const value = split(each(`${layer}.value`, seen), window);
    let scores: Tensor = tf.mul(tf.matMul(query, key, false, true), 1 / Math.sqrt(size)); // [B, heads, n, W]
    if (!final) scores = tf.add(scores, futureMask(tf, window));
    const mixed = tf.matMul(tf.softmax(scores), value); // [B, heads, n, size]
    const joined = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [-1, D]);
    x = tf.add(final ? last(x) : x, each(`${layer}.join`, joined));
    const inner = tf.relu(each(`${layer}.up`, layerNorm(tf, p, `${name}.${layer}.second`, x)));
    x = tf.add(x, each(`${layer}.down`, inner));
  }
  return layerNorm(tf, p, `${name}.last`, x);
}

/** Mean 0, variance 1 along the last axis, then a learnt gain and bias (Ba, Kiros and Hinton 2016). */
function layerNorm(tf: Tf, p: Tensors, name: string, x: Tensor): Tensor {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const scaled = tf.mul(centred, tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), 1e-5)));
  return tf.add(tf.mul(scaled, p[`${name}.gain`]), p[`${name}.bias`]);
}

/** Takes so much from the score of every later bar that it gets no weight: [W, W]. */
function futureMask(tf: Tf, window: number): Tensor {
  const mask = Float32Array.from({ length: window ** 2 }, (_, at) => at % window > Math.floor(at / window) ? -1e9 : 0);
  return tf.tensor2d(mask, [window, window]);
}
