import type { Rng } from "../base/random.ts";
import { orthogonal } from "./initial.ts";
import type { Tensor, Tf } from "./tfjs.ts";
import type { Parameter, Tensors } from "./trunk.ts";

/** Parameters of a layer `x · weights + bias`: orthogonal weights, no bias at first. */
export function denseParameters(
  name: string,
  inputs: number,
  outputs: number,
  random: Rng,
  gain = Math.SQRT2,
): Record<string, Parameter> {
  return {
    [`${name}.weights`]: { shape: [inputs, outputs], values: orthogonal(inputs, outputs, gain, random) },
    [`${name}.bias`]: { shape: [outputs], values: new Float32Array(outputs) },
  };
}

/** The layer: [B, inputs] → [B, outputs]. */
export function dense(tf: Tf, p: Tensors, name: string, x: Tensor): Tensor {
  return tf.add(tf.matMul(x as never, p[`${name}.weights`] as never), p[`${name}.bias`]);
}

/**
 * The same for two towers at once, actor and critic, which have a layer each and share nothing: [2, inputs, outputs].
 * Both are worked out by one operation, each on a core of its own.
 */
export function pairParameters(
  name: string,
  inputs: number,
  outputs: number,
  random: Rng,
  gain = Math.SQRT2,
): Record<string, Parameter> {
  return {
    [`${name}.weights`]: pairOf([inputs, outputs], () => orthogonal(inputs, outputs, gain, random)),
    [`${name}.bias`]: pairOf([1, outputs], () => new Float32Array(outputs)),
  };
}

/** The layers of both towers: [2, B, inputs] → [2, B, outputs]. */
export function pair(tf: Tf, p: Tensors, name: string, x: Tensor): Tensor {
  return tf.add(tf.matMul(x, p[`${name}.weights`]), p[`${name}.bias`]);
}

/** A parameter of both towers, [2, …shape]. */
export function pairOf(shape: readonly number[], values: () => Float32Array): Parameter {
  return { shape: [2, ...shape], values: Float32Array.from([...values(), ...values()]) };
}

/** Shows both towers the same: [B, n] → [2, B, n]. */
export function forBoth(tf: Tf, x: Tensor): Tensor {
  return tf.stack([x, x]);
}

/** What each tower made of it: [2, B, n] → two of [B, n]. */
export function apart(tf: Tf, x: Tensor): { actor: Tensor; critic: Tensor } {
  const [actor, critic] = tf.unstack(x);
  return { actor, critic };
}
