import type { Rng } from "../base/random.ts";
import type { ActionSpace } from "../env/env.ts";
import { dense, denseParameters } from "./dense.ts";
import type { Tensor, Tf } from "./tfjs.ts";
import type { Parameter, Seen, Tensors, TrunkOf, TrunkOptions, Windows } from "./trunk.ts";

/**
 * A policy–value network: a trunk and two heads. Written once, as functions of TensorFlow.js: the eager engine runs
 * them, the compiled one records them.
 */
export interface Model {
  readonly seen: Seen;
  readonly actions: ActionSpace;
  readonly parameters: Readonly<Record<string, Parameter>>;
  encode?(tf: Tf, p: Tensors, windows: Windows): Tensor; // [B, E]
  /** What the policy says, [B, P] as `policySize` has it, and what the state is worth, [B]. */
  decide(
    tf: Tf,
    p: Tensors,
    encoding: Tensor | undefined,
    state: Tensor | undefined,
  ): { policy: Tensor; value: Tensor };
}

/**
 * Puts the heads on a trunk. Weights are orthogonal: 0.01 for the policy, so that it starts out undecided, 1 for the
 * value; a box's log standard deviations are numbers of their own, 0 at first.
 *
 * @throws {RangeError} if there is nothing to see or nothing to choose
 */
export function newModel(
  seen: Seen,
  actions: ActionSpace,
  trunkOf: TrunkOf,
  options: TrunkOptions,
  random: Rng,
): Model {
  const size = actions.kind === "discrete" ? actions.n : actions.size;
  if (!(size >= (actions.kind === "discrete" ? 2 : 1))) {
    throw new RangeError(`Cannot make a policy as there must be something to choose: the action space has ${size}`);
  }
  if (seen.window * seen.features + seen.stateSize === 0) {
    throw new RangeError("Cannot make a policy as there must be something to see: no window, no features, no state");
  }
  const trunk = trunkOf(seen, options, random);
  const parameters: Record<string, Parameter> = {
    ...trunk.parameters,
    ...denseParameters("policy", trunk.width, size, random, 0.01),
    ...denseParameters("value", trunk.width, 1, random, 1),
    ...(actions.kind === "box" && { log_std: { shape: [size], values: new Float32Array(size) } }),
  };
  return {
    seen,
    actions,
    parameters,
    ...(trunk.encode && { encode: trunk.encode }),
    decide(tf, p, encoding, state) {
      const { actor, critic } = trunk.decide(tf, p, encoding, state);
      const said = dense(tf, p, "policy", actor);
      const value = tf.reshape(dense(tf, p, "value", critic), [-1]);
      if (actions.kind === "discrete") return { policy: said, value };
      const deviations = tf.add(tf.mul(said, 0), p.log_std);
      return { policy: tf.concat([said, deviations], 1), value };
    },
  };
}

/** The windows that end at `bars`: rows `bar - window + 1 … bar` of the table, gathered when asked for. */
export function windowsOf(tf: Tf, { window, features }: Seen, table: Tensor, bars: Tensor): Windows {
  const before = tf.tensor1d(Array.from({ length: window }, (_, i) => i - window + 1), "int32");
  return {
    flat() {
      const at = tf.add(tf.expandDims(bars, 1), tf.expandDims(before, 0));
      return tf.reshape(tf.gather(table, at as never), [-1, window * features]);
    },
    steps: () => tf.gather(table, tf.add(tf.expandDims(before, 1), tf.expandDims(bars, 0)) as never),
  };
}

/**
 * How a model's parameters lie in memory: large ones each in a vector of their own, all small ones together in another,
 * because each operation on a vector costs a little, however short it is.
 */
export interface Layout {
  readonly sizes: readonly number[]; // of the vectors
  readonly slots: Readonly<Record<string, { vector: number; at: number; size: number; shape: readonly number[] }>>;
}

const LARGE = 2 ** 15; // numbers

/** Gives each parameter its place. */
export function layoutOf(parameters: Readonly<Record<string, Parameter>>): Layout {
  const sizes = [0];
  const slots: Record<string, Layout["slots"][string]> = {};
  for (const [name, { shape, values }] of Object.entries(parameters)) {
    const vector = values.length >= LARGE ? sizes.push(0) - 1 : 0;
    slots[name] = { vector, at: sizes[vector], size: values.length, shape };
    sizes[vector] += values.length;
  }
  return { sizes, slots };
}

/** The parameters' first values, laid out. */
export function startOf(parameters: Readonly<Record<string, Parameter>>, { sizes, slots }: Layout): Float32Array[] {
  const vectors = sizes.map((size) => new Float32Array(size));
  for (const [name, { values }] of Object.entries(parameters)) vectors[slots[name].vector].set(values, slots[name].at);
  return vectors;
}

/** The parameters as tensors, cut out of their vectors. */
export function parametersOf(tf: Tf, { slots }: Layout, vectors: readonly Tensor[]): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(slots).map(([name, { vector, at, size, shape }]) => [
      name,
      tf.reshape(tf.slice(vectors[vector] as never, [at], [size]), [...shape]),
    ]),
  );
}

/** The inverse of `parametersOf`. */
export function vectorsOf(tf: Tf, { sizes, slots }: Layout, tensors: Tensors): Tensor[] {
  return sizes.map((_, vector) => {
    const parts = Object.entries(slots).filter(([, slot]) => slot.vector === vector)
      .map(([name, { size }]) => tf.reshape(tensors[name], [size]));
    return parts.length === 1 ? parts[0] : tf.concat(parts);
  });
}
