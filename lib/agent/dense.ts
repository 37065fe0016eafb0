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
