import { normal } from "../base/random.ts";
import { apart, forBoth, pair, pairOf, pairParameters } from "./dense.ts";
import { orthogonal } from "./initial.ts";
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
  const { d_model: D, n_heads, n_layers, net_arch } = options;
  if (D % n_heads !== 0) {
    throw new RangeError(`Cannot make a transformer as n_heads must divide d_model ${D}: current value is ${n_heads}`);
  }
  const width = net_arch.at(-1)!;
  const reads = window * features > 0;
  const parameters: Record<string, Parameter> = {};
  const layer = (name: string, inputs: number, outputs: number, gain?: number) =>
    Object.assign(parameters, pairParameters(name, inputs, outputs, random, gain));
  const norm = (name: string) => {
    parameters[`${name}.gain`] = pairOf([1, D], () => new Float32Array(D).fill(1));
    parameters[`${name}.bias`] = pairOf([1, D], () => new Float32Array(D));
  };
  if (reads) {
    layer("in", features, D, 1);
    parameters.places = pairOf(
      [1, window, D],
      () => Float32Array.from({ length: window * D }, () => 0.02 * normal(random)),
    );
    for (let i = 0; i < n_layers; i++) {
      norm(`${i}.first`);
      for (const part of ["query", "value", "join"]) layer(`${i}.${part}`, D, D, 1);
      // No bias: it would add the same to all scores of a query, which changes nothing.
      parameters[`${i}.key`] = pairOf([D, D], () => orthogonal(D, D, 1, random));
      norm(`${i}.second`);
      layer(`${i}.up`, D, 2 * D);
      layer(`${i}.down`, 2 * D, D, 1);
    }
    norm("last");
  }
  layer("out", (reads ? D : 0) + stateSize, width);
  return {
    parameters,
    width,
    ...(reads && {
      encode(tf: Tf, p: Tensors, windows: Windows) {
        const last = lastOutput(tf, p, windows.flat(), window, options); // [2, B, D]
        return tf.reshape(tf.transpose(last, [1, 0, 2]), [-1, 2 * D]);
      },
    }),
    decide(tf, p, encoding, state) {
      const read = encoding && tf.transpose(tf.reshape(encoding, [-1, 2, D]), [1, 0, 2]);
      const seen = [read, state && forBoth(tf, state)].filter((part) => part !== undefined);
      return apart(tf, tf.tanh(pair(tf, p, "out", seen.length > 1 ? tf.concat(seen, 2) : seen[0])));
    },
  };
};

/** What the encoders say of the last bar: [B, W · F] → [2, B, D]. */
function lastOutput(tf: Tf, p: Tensors, flat: Tensor, window: number, options: TrunkOptions): Tensor {
  const { d_model: D, n_layers } = options;
  const features = flat.shape[1]! / window;
  const embedded = pair(tf, p, "in", forBoth(tf, tf.reshape(flat, [-1, features])));
  const placed = tf.add(tf.reshape(embedded, [2, -1, window, D]), p.places);
  let x: Tensor = tf.reshape(placed, [2, -1, D]); // [2, B · W, D]
  for (let layer = 0; layer < n_layers; layer++) {
    const seen = layerNorm(tf, p, `${layer}.first`, x);
    x = layer < n_layers - 1
      ? tf.add(x, attendEach(tf, p, `${layer}`, seen, window, options))
      : tf.add(lastOf(tf, x, window), attendLast(tf, p, `${layer}`, seen, window, options)); // [2, B, D]
    const inner = tf.relu(pair(tf, p, `${layer}.up`, layerNorm(tf, p, `${layer}.second`, x)));
    x = tf.add(x, pair(tf, p, `${layer}.down`, inner));
  }
  return layerNorm(tf, p, "last", x);
}

/** The last bar of each row: [2, B · W, D] → [2, B, D]. */
function lastOf(tf: Tf, x: Tensor, window: number): Tensor {
  const D = x.shape[2]!;
  return tf.reshape(tf.slice(tf.reshape(x, [2, -1, window, D]), [0, 0, window - 1, 0], [2, -1, 1, D]), [2, -1, D]);
}

/** Multi-head attention of each bar to itself and those before it: [2, B · W, D] → [2, B · W, D]. */
export function attendEach(
  tf: Tf,
  p: Tensors,
  name: string,
  seen: Tensor,
  window: number,
  { d_model: D, n_heads }: TrunkOptions,
): Tensor {
  const size = D / n_heads;
  const heads = (x: Tensor) =>
    // [2 · B, heads, W, size]
    tf.transpose(tf.reshape(x, [-1, window, n_heads, size]), [0, 2, 1, 3]);
  const query = heads(pair(tf, p, `${name}.query`, seen));
  const key = heads(tf.matMul(seen, p[`${name}.key`]));
  const value = heads(pair(tf, p, `${name}.value`, seen));
  const scores = tf.mul(tf.matMul(query, key, false, true), 1 / Math.sqrt(size)); // [2 · B, heads, W, W]
  const mixed = tf.matMul(tf.softmax(tf.add(scores, futureMask(tf, window))), value);
  return pair(tf, p, `${name}.join`, tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [2, -1, D]));
}

/**
 * The same for the last bar alone, [2, B, D], without the keys and values of all bars: the query is taken through the
 * key weights, and what it mixes through the value weights, which are the same products in another order.
 */
export function attendLast(
  tf: Tf,
  p: Tensors,
  name: string,
  seen: Tensor,
  window: number,
  { d_model: D, n_heads }: TrunkOptions,
): Tensor {
  const size = D / n_heads;
  const each = tf.reshape(seen, [-1, window, D]); // [2 · B, W, D]
  const heads = (weights: Tensor) => tf.transpose(tf.reshape(weights, [2, D, n_heads, size]), [0, 2, 1, 3]); // [2, heads, D, size]
  const asks = tf.reshape(pair(tf, p, `${name}.query`, lastOf(tf, seen, window)), [2, -1, n_heads, size]);
  const query = tf.transpose(asks, [0, 2, 1, 3]); // [2, heads, B, size]
  const asked = tf.transpose(tf.matMul(query, heads(p[`${name}.key`]), false, true), [0, 2, 1, 3]); // [2, B, heads, D]
  const scores = tf.matMul(tf.reshape(asked, [-1, n_heads, D]), each, false, true); // [2 · B, heads, W]
  const mixed = tf.matMul(tf.softmax(tf.mul(scores, 1 / Math.sqrt(size))), each); // [2 · B, heads, D]
  const toHeads = tf.transpose(tf.reshape(mixed, [2, -1, n_heads, D]), [0, 2, 1, 3]); // [2, heads, B, D]
  const value = tf.transpose(tf.matMul(toHeads, heads(p[`${name}.value.weights`])), [0, 2, 1, 3]); // [2, B, heads, size]
  return pair(tf, p, `${name}.join`, tf.add(tf.reshape(value, [2, -1, D]), p[`${name}.value.bias`]));
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
