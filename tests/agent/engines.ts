import { normal, rng } from "../../lib/base/random.ts";
import type { ActionSpace } from "../../lib/env/env.ts";
import type { Minibatches, Net } from "../../lib/agent/net.ts";
import { type NetOptions, openNet } from "../../lib/agent/open_net.ts";
import { ppoDefaults, type PpoOptions } from "../../lib/agent/ppo_options.ts";

export const discrete: ActionSpace = { kind: "discrete", n: 3 };
export const box: ActionSpace = { kind: "box", size: 2 };

/** What a small net sees. */
export const small = { window: 5, features: 3, stateSize: 2 };

export const tiny: PpoOptions = {
  ...ppoDefaults,
  net_arch: [8, 8],
  lstm_hidden_size: 6,
  d_model: 8,
  n_heads: 2,
  batch_size: 16,
  ent_coef: 0.01,
  seed: 3,
};

export function openSmall(
  actions: ActionSpace,
  options: Partial<PpoOptions> & Partial<NetOptions>,
  seen = small,
): Promise<Net> {
  return openNet({ ...seen, actions }, { ...tiny, ...options });
}

/** A table of T bars and n minibatches of made-up samples. */
export function samples(actions: ActionSpace, count: number, size: number, seed = 1, seen = small) {
  const random = rng(seed);
  const T = Math.max(40, seen.window + 9);
  const numbers = (n: number) => Float32Array.from({ length: n }, () => normal(random));
  const n = count * size;
  const whole = (least: number, below: number) => least + Math.floor(random() * (below - least));
  const table = numbers(T * seen.features);
  const batches: Minibatches = {
    count,
    bars: Int32Array.from({ length: n }, () => whole(Math.max(0, seen.window - 1), T)),
    state: numbers(n * seen.stateSize),
    raw: actions.kind === "discrete"
      ? Float32Array.from({ length: n }, () => whole(0, actions.n))
      : numbers(n * actions.size),
    logProbs: Float32Array.from({ length: n }, () => -1.1 - 0.2 * random()),
    advantages: numbers(n),
    returns: numbers(n),
    values: numbers(n),
  };
  return { table, batches };
}

/** The largest difference of two nets' weights, relative to the size of the vector they are in. */
export function furthest(a: Net, b: Net): number {
  const [one, two] = [a.save(), b.save()];
  return Math.max(...one.weights.map((vector, i) => {
    let [apart, size] = [0, 0];
    vector.forEach((value, j) => {
      apart = Math.max(apart, Math.abs(value - two.weights[i][j]));
      size = Math.max(size, Math.abs(value));
    });
    return apart / size;
  }));
}
