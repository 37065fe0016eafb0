import { normal, type Rng } from "../base/random.ts";
import type { ActionSpace } from "../env/env.ts";
import type { Tensor, Tf } from "./tfjs.ts";

/**
 * How many numbers the policy says for a row: one logit per choice, or a mean and a log standard deviation per number
 * of a box.
 */
export function policySize(space: ActionSpace): number {
  return space.kind === "discrete" ? space.n : 2 * space.size;
}

/** How many numbers an action is. */
export function actionSize(space: ActionSpace): number {
  return space.kind === "discrete" ? 1 : space.size;
}

/** Actions drawn for R rows. */
export interface Drawn {
  readonly actions: Float32Array; // [R] or [R, size]: what the env is given
  readonly raw: Float32Array; // the same, before a box's numbers were squashed into -1..1: what is learnt from
  readonly logProbs: Float32Array; // [R]
}

/** Room for what `draw` writes, of so many rows. */
export function newDrawn(space: ActionSpace, rows: number): Drawn {
  const size = rows * actionSize(space);
  const raw = new Float32Array(size);
  const actions = space.kind === "discrete" ? raw : new Float32Array(size);
  return { actions, raw, logProbs: new Float32Array(rows) };
}

/**
 * Draws an action for each row: one of the choices, or the hyperbolic tangent of normal numbers.
 *
 * A box's log-probability is that of the normal numbers: the squashing would take the same away before and after an
 * update, and only ratios are used.
 *
 * @param policy [R, P]
 * @param greedy the likeliest action instead of a random one
 */
export function draw(space: ActionSpace, policy: Float32Array, random: Rng, into: Drawn, greedy = false): void {
  const { actions, raw, logProbs } = into;
  const [rows, width] = [logProbs.length, policySize(space)];
  for (let row = 0; row < rows; row++) {
    const at = row * width;
    if (space.kind === "discrete") {
      let most = at;
      for (let i = at + 1; i < at + width; i++) if (policy[i] > policy[most]) most = i;
      let total = 0;
      for (let i = at; i < at + width; i++) total += Math.exp(policy[i] - policy[most]);
      let chosen = most;
      if (!greedy) {
        let left = random() * total;
        for (chosen = at; chosen < at + width - 1; chosen++) {
          left -= Math.exp(policy[chosen] - policy[most]);
          if (left < 0) break;
        }
      }
      raw[row] = chosen - at;
      logProbs[row] = policy[chosen] - policy[most] - Math.log(total);
    } else {
      let sum = 0;
      for (let i = 0; i < space.size; i++) {
        const [mean, logDeviation] = [policy[at + i], policy[at + space.size + i]];
        const noise = greedy ? 0 : normal(random);
        const to = row * space.size + i;
        raw[to] = mean + Math.exp(logDeviation) * noise;
        actions[to] = Math.tanh(raw[to]);
        sum -= noise * noise / 2 + logDeviation + HALF_LOG_TAU;
      }
      logProbs[row] = sum;
    }
  }
}

/** Probability of each choice, [R, n], or the squashed means of a box, [R, size]: what a policy says, for people. */
export function preferences(space: ActionSpace, policy: Float32Array): Float32Array {
  const width = policySize(space);
  const rows = policy.length / width;
  if (space.kind === "box") {
    return Float32Array.from(
      { length: rows * space.size },
      (_, i) => Math.tanh(policy[Math.floor(i / space.size) * width + i % space.size]),
    );
  }
  const result = new Float32Array(policy.length);
  for (let at = 0; at < policy.length; at += width) {
    const logits = policy.subarray(at, at + width);
    const most = Math.max(...logits);
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0);
    for (let i = 0; i < width; i++) result[at + i] = Math.exp(logits[i] - most) / total;
  }
  return result;
}

/**
 * Log-probability of the actions taken and the policy's entropy, as tensors that have gradients.
 *
 * The entropy of a squashed normal has no closed form: it is the normal's own plus the mean of log(1 - tanh² u), taken
 * by Gauss–Hermite quadrature. (The normal's own alone would reward a deviation that grows without end, which is a
 * coin-flip between -1 and 1.)
 *
 * @param policy [B, P]
 * @param raw [B] or [B, size]
 * @returns both [B]
 */
export function judge(
  tf: Tf,
  space: ActionSpace,
  policy: Tensor,
  raw: Tensor,
): { logProb: Tensor; entropy: Tensor } {
  if (space.kind === "discrete") {
    const logs = tf.logSoftmax(policy, -1);
    const choices = tf.tensor2d(Array.from({ length: space.n }, (_, i) => i), [1, space.n]);
    const taken = tf.cast(tf.equal(tf.expandDims(raw, 1), choices), "float32");
    return {
      logProb: tf.sum(tf.mul(logs, taken), 1),
      entropy: tf.neg(tf.sum(tf.mul(tf.exp(logs), logs), 1)),
    };
  }
  const [mean, logDeviation] = tf.split(policy, 2, 1);
  const deviation = tf.exp(logDeviation);
  const distance = tf.div(tf.sub(raw, mean), deviation);
  const logProb = tf.sub(tf.mul(tf.square(distance), -0.5), tf.add(logDeviation, HALF_LOG_TAU));
  let entropy: Tensor = tf.add(logDeviation, 0.5 + HALF_LOG_TAU);
  for (const [node, weight] of hermite) {
    const u = tf.add(mean, tf.mul(deviation, node));
    // log(1 - tanh² u) without the cancellation: 2 (log 2 - u - log(1 + e^-2u))
    const shrink = tf.mul(tf.sub(Math.LN2, tf.add(u, tf.softplus(tf.mul(u, -2)))), 2);
    entropy = tf.add(entropy, tf.mul(shrink, weight));
  }
  return { logProb: tf.sum(logProb, 1), entropy: tf.sum(entropy, 1) };
}

const HALF_LOG_TAU = Math.log(2 * Math.PI) / 2;

/** Five points and weights that give the mean of a polynomial of a standard normal exactly, up to the ninth power. */
const hermite = [
  [0, 8 / 15],
  ...[-1, 1].flatMap((sign) => [
    [sign * Math.sqrt(5 - Math.sqrt(10)), (7 + 2 * Math.sqrt(10)) / 60],
    [sign * Math.sqrt(5 + Math.sqrt(10)), (7 - 2 * Math.sqrt(10)) / 60],
  ]),
];
