import { type Rng, shuffle } from "../base/random.ts";
import type { Env } from "../env/env.ts";
import { actionSize } from "./distributions.ts";
import type { Minibatches } from "./net.ts";

/** What S steps of R rows were: sample i is row i % R at step ⌊i / R⌋. Windows are kept as the number of their last bar. */
export interface Rollout {
  readonly steps: number; // S
  readonly rows: number; // R
  readonly bars: Int32Array; // [S, R]
  readonly state: Float32Array; // [S, R, A]
  readonly raw: Float32Array; // [S, R] or [S, R, size]
  readonly logProbs: Float32Array; // [S, R]
  readonly values: Float32Array; // [S, R]
  readonly rewards: Float32Array; // [S, R]
  readonly ended: Uint8Array; // [S, R] this step ended the episode, one way or the other
  readonly bootstrap: Float32Array; // [S, R] V(final observation) where the episode was cut off, else 0
  readonly advantages: Float32Array; // [S, R]
  readonly returns: Float32Array; // [S, R]
}

/** Room for `steps` steps of an env, all zeros. */
export function newRollout({ rows, stateSize, actions }: Env, steps: number): Rollout {
  const n = steps * rows;
  const column = () => new Float32Array(n);
  return {
    steps,
    rows,
    bars: new Int32Array(n),
    state: new Float32Array(n * stateSize),
    raw: new Float32Array(n * actionSize(actions)),
    logProbs: column(),
    values: column(),
    rewards: column(),
    ended: new Uint8Array(n),
    bootstrap: column(),
    advantages: column(),
    returns: column(),
  };
}

/**
 * Generalised advantage estimation: Schulman et al. 2016, eq. 16. An episode that was cut off is worth V(final
 * observation) beyond its end, one that terminated nothing (Pardo et al. 2018).
 *
 * @param last V of each row after the last step [R]
 */
export function gae(rollout: Rollout, last: Float32Array, gamma: number, lambda: number): void {
  const { steps, rows, values, rewards, ended, bootstrap, advantages, returns } = rollout;
  for (let row = 0; row < rows; row++) {
    let [advantage, next] = [0, last[row]];
    for (let i = (steps - 1) * rows + row; i >= 0; i -= rows) {
      if (ended[i]) [advantage, next] = [0, bootstrap[i]];
      const delta = rewards[i] + gamma * next - values[i];
      advantages[i] = advantage = delta + gamma * lambda * advantage;
      returns[i] = advantages[i] + values[i];
      next = values[i];
    }
  }
}

/** Deals the samples of a rollout into minibatches, in a new random order for each epoch. */
export interface Dealer {
  /** Of one epoch. The arrays are overwritten by the next. */
  deal(random: Rng): Minibatches;
}

/** @param normalize whether the advantages of a minibatch get mean 0 and standard deviation 1 */
export function newDealer(rollout: Rollout, size: number, normalize: boolean): Dealer {
  const n = rollout.bars.length;
  const order = new Uint32Array(n);
  const widths = { bars: 1, logProbs: 1, advantages: 1, returns: 1, values: 1 };
  const names = Object.keys(widths) as (keyof typeof widths)[];
  const A = rollout.state.length / n;
  const P = rollout.raw.length / n;
  const dealt = {
    count: n / size,
    bars: new Int32Array(n),
    state: new Float32Array(n * A),
    raw: new Float32Array(n * P),
    logProbs: new Float32Array(n),
    advantages: new Float32Array(n),
    returns: new Float32Array(n),
    values: new Float32Array(n),
  } satisfies Minibatches;
  return {
    deal(random) {
      for (let i = 0; i < n; i++) order[i] = i; // so that the order depends on `random` alone
      shuffle(order, random);
      for (const name of names) {
        const [from, to] = [rollout[name], dealt[name]];
        for (let i = 0; i < n; i++) to[i] = from[order[i]];
      }
      rearrange(rollout.state, dealt.state, order, A);
      rearrange(rollout.raw, dealt.raw, order, P);
      if (normalize && size > 1) {
        for (let at = 0; at < n; at += size) standardise(dealt.advantages.subarray(at, at + size));
      }
      return dealt;
    },
  };
}

function rearrange(from: Float32Array, to: Float32Array, order: Uint32Array, width: number): void {
  for (let i = 0, at = 0; i < order.length; i++) {
    for (let j = 0, source = order[i] * width; j < width; j++) to[at++] = from[source++];
  }
}

function standardise(values: Float32Array): void {
  const n = values.length;
  let [mean, square] = [0, 0];
  for (let i = 0; i < n; i++) mean += values[i];
  mean /= n;
  for (let i = 0; i < n; i++) square += (values[i] - mean) ** 2;
  const deviation = Math.sqrt(square / (n - 1)) + 1e-8;
  for (let i = 0; i < n; i++) values[i] = (values[i] - mean) / deviation;
}
