import * as tf from "@tensorflow/tfjs";
import type { Parameter } from "../../lib/agent/trunk.ts";

/** TensorFlow.js on the backend that is everywhere. */
export async function cpu(): Promise<void> {
  tf.enableProdMode();
  await tf.setBackend("cpu");
}

/** A model's parameters as tensors. */
export const tensorsOf = (parameters: Readonly<Record<string, Parameter>>): Record<string, tf.Tensor> =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, { shape, values }]) => [name, tf.tensor(values, [...shape])]),
  );

/** The numbers of a tensor, row-major. */
export const numbersOf = (tensor: tf.Tensor): number[] => Array.from(tensor.dataSync());
