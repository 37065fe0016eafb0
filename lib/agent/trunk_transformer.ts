import { normal } from "../base/random.ts";
import { dense, denseParameters } from "./dense.ts";
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
        for (const part of ["query", "value", "join"]) {
          Object.assign(parameters, denseParameters(`${name}.${part}`, d_model, d_model, random, 1));
        }
        // No bias: it would add the same to all scores of a query, which changes nothing.
        parameters[`${name}.key`] = { shape: [d_model, d_model], values: orthogonal(d_model, d_model, 1, random) };
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

/** What the encoder says of the last bar: [B, W · F] → [B, D]. */
function lastOutput(tf: Tf, p: Tensors, tower: string, flat: Tensor, window: number, options: TrunkOptions): Tensor {
  const { d_model: D, n_layers } = options;
  const features = flat.shape[1]! / window;
  const embedded = dense(tf, p, `${tower}.in`, tf.reshape(flat, [-1, features]));
  let x: Tensor = tf.add(tf.reshape(embedded, [-1, window, D]), p[`${tower}.places`]); // [B, W, D]
  for (let layer = 0; layer < n_layers; layer++) {
    const name = `${tower}.${layer}`;
    const seen = layerNorm(tf, p, `${name}.first`, x);
    if (layer < n_layers - 1) {
      x = tf.add(x, attendEach(tf, p, name, seen, options));
    } else {
      const last = (all: Tensor) => tf.reshape(tf.slice(all, [0, window - 1, 0], [-1, 1, D]), [-1, D]);
      x = tf.add(last(x), attendLast(tf, p, name, last(seen), seen, options)); // [B, D]
    }
    const normed = tf.reshape(layerNorm(tf, p, `${name}.second`, x), [-1, D]);
    const inner = dense(tf, p, `${name}.down`, tf.relu(dense(tf, p, `${name}.up`, normed)));
    x = tf.add(x, layer < n_layers - 1 ? tf.reshape(inner, [-1, window, D]) : inner);
  }
  return layerNorm(tf, p, `${tower}.last`, x);
}

/** Multi-head attention of each bar to itself and those before it: [B, W, D] → [B, W, D]. */
export function attendEach(
  tf: Tf,
  p: Tensors,
  name: string,
  seen: Tensor,
  { d_model: D, n_heads }: TrunkOptions,
): Tensor {
  const window = seen.shape[1]!;
  const size = D / n_heads;
  const flat = tf.reshape(seen, [-1, D]);
  const heads = (x: Tensor) => tf.transpose(tf.reshape(x, [-1, window, n_heads, size]), [0, 2, 1, 3]); // [B, heads, W, size]
  const query = heads(dense(tf, p, `${name}.query`, flat));
  const key = heads(tf.matMul(flat as never, p[`${name}.key`] as never));
  const value = heads(dense(tf, p, `${name}.value`, flat));
  const scores = tf.mul(tf.matMul(query, key, false, true), 1 / Math.sqrt(size)); // [B, heads, W, W]
  const mixed = tf.matMul(tf.softmax(tf.add(scores, futureMask(tf, window))), value);
  const joined = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [-1, D]);
  return tf.reshape(dense(tf, p, `${name}.join`, joined), [-1, window, D]);
}

/**
 * The same for the last bar alone, [B, D], without the keys and values of all bars: the query is taken through the key
 * weights, and what it mixes through the value weights, which are the same products in another order.
 */
export function attendLast(
  tf: Tf,
  p: Tensors,
  name: string,
  last: Tensor,
  seen: Tensor,
  { d_model: D, n_heads }: TrunkOptions,
): Tensor {
  const size = D / n_heads;
  const heads = (weights: Tensor) => tf.transpose(tf.reshape(weights, [D, n_heads, size]), [1, 0, 2]); // [heads, D, size]
  const query = tf.transpose(tf.reshape(dense(tf, p, `${name}.query`, last), [-1, n_heads, size]), [1, 0, 2]);
  const asked = tf.transpose(tf.matMul(query, heads(p[`${name}.key`]), false, true), [1, 0, 2]); // [B, heads, D]
  const scores = tf.mul(tf.matMul(asked, seen, false, true), 1 / Math.sqrt(size)); // [B, heads, W]
  const mixed = tf.transpose(tf.matMul(tf.softmax(scores), seen), [1, 0, 2]); // [heads, B, D]
  const value = tf.transpose(tf.matMul(mixed, heads(p[`${name}.value.weights`])), [1, 0, 2]); // [B, heads, size]
  return dense(tf, p, `${name}.join`, tf.add(tf.reshape(value, [-1, D]), p[`${name}.value.bias`]));
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
