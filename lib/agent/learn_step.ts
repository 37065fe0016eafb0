import { judge } from "./distributions.ts";
import { type Layout, type Model, parametersOf, vectorsOf, windowsOf } from "./model.ts";
import type { Tensor, Tf } from "./tfjs.ts";

/** What the loss is made of: names and meaning are Stable-Baselines3's. */
export interface LossOptions {
  readonly clip_range: number;
  readonly clip_range_vf: number | null; // null: the value is not clipped
  readonly ent_coef: number;
  readonly vf_coef: number;
  readonly max_grad_norm: number;
  readonly target_kl: number | null; // null: no early stop
}

/** One minibatch of B samples, and the rates that Adam takes its step with. */
export interface Minibatch {
  readonly bars: Tensor; // [B] int32
  readonly state: Tensor; // [B, A]
  readonly raw: Tensor; // [B] or [B, size], as drawn
  readonly logProbs: Tensor; // [B]
  readonly advantages: Tensor; // [B], normalised
  readonly returns: Tensor; // [B]
  readonly values: Tensor; // [B], as estimated when the sample was taken
  readonly step: Tensor; // scalar, see `adamRates`
  readonly epsilon: Tensor; // scalar
}

/** What is learnt, and Adam's two sums over its gradients: vectors as `Layout` has them. */
export interface Learnt<T> {
  readonly weights: readonly T[];
  readonly first: readonly T[];
  readonly second: readonly T[];
}

/** What an optimizer step says of itself; each a scalar, named as Stable-Baselines3 logs it. */
export const statNames = [
  "policy_gradient_loss",
  "value_loss",
  "entropy_loss",
  "loss",
  "approx_kl",
  "clip_fraction",
  "grad_norm",
] as const;
export type StatName = typeof statNames[number];

/**
 * One optimizer step of PPO (Schulman et al. 2017, eq. 7 and 9): gathers the windows, looks at them, takes the loss and
 * its gradients, clips their global norm, and lets Adam step. The whole of it is one function of tensors, written once;
 * engines run or record it.
 *
 * @param table [T, F]
 */
export function learnStep(
  tf: Tf,
  model: Model,
  layout: Layout,
  options: LossOptions,
  learnt: Learnt<Tensor>,
  batch: Minibatch,
  table: Tensor | undefined,
): Learnt<Tensor> & { stats: Record<StatName, Tensor> } {
  const names = Object.keys(layout.slots);
  const windows = model.encode && windowsOf(tf, model.seen, table!, batch.bars);
  let parts: LossParts | undefined;
  const lossOf = (...parameters: Tensor[]) => {
    const p = Object.fromEntries(names.map((name, i) => [name, parameters[i]]));
    const encoding = windows && model.encode!(tf, p, windows);
    const { policy, value } = model.decide(tf, p, encoding, model.seen.stateSize > 0 ? batch.state : undefined);
    parts = loss(tf, model, options, batch, policy, value);
    for (const name of lossNames) tf.keep(parts[name]);
    return parts.loss as never;
  };
  const p = parametersOf(tf, layout, learnt.weights);
  const { grads } = tf.valueAndGrads(lossOf)(names.map((name) => p[name]));
  const stats = Object.fromEntries(lossNames.map((name) => [name, released(parts![name])])) as unknown as LossParts;
  const gradients = vectorsOf(tf, layout, Object.fromEntries(names.map((name, i) => [name, grads[i]])));

  const norm = tf.sqrt(tf.addN(gradients.map((gradient) => tf.sum(tf.square(gradient)))));
  const scale = tf.minimum(1, tf.div(options.max_grad_norm, tf.add(norm, 1e-6)));
  const next = learnt.weights.map((weights, i) =>
    adam(tf, weights, learnt.first[i], learnt.second[i], tf.mul(gradients[i], scale), batch.step, batch.epsilon)
  );
  const halted = options.target_kl === null ? undefined : tf.greater(stats.approx_kl, 1.5 * options.target_kl);
  const keep = (before: Tensor, after: Tensor) => halted ? tf.where(halted, before, after) : after;
  return {
    weights: next.map(({ weights }, i) => keep(learnt.weights[i], weights)),
    first: next.map(({ first }, i) => keep(learnt.first[i], first)),
    second: next.map(({ second }, i) => keep(learnt.second[i], second)),
    stats: { ...stats, grad_norm: norm },
  };
}

/** A copy that the scope around disposes of, in place of a tensor that was kept out of an inner one. */
function released(kept: Tensor): Tensor {
  const copy = kept.clone();
  kept.dispose();
  return copy;
}

const lossNames = statNames.filter((name) => name !== "grad_norm");
type LossParts = Record<typeof lossNames[number], Tensor>;

function loss(
  tf: Tf,
  model: Model,
  options: LossOptions,
  batch: Minibatch,
  policy: Tensor,
  value: Tensor,
): LossParts {
  const { clip_range, clip_range_vf, ent_coef, vf_coef } = options;
  const { logProb, entropy } = judge(tf, model.actions, policy, batch.raw);
  const logRatio = tf.sub(logProb, batch.logProbs);
  const ratio = tf.exp(logRatio);
  // min(r A, clip(r, 1 - c, 1 + c) A) of eq. 7 is min(r A, A + c |A|): the same, in fewer operations.
  const most = tf.add(batch.advantages, tf.mul(tf.abs(batch.advantages), clip_range));
  const policy_gradient_loss = tf.neg(tf.mean(tf.minimum(tf.mul(ratio, batch.advantages), most)));
  const change = tf.sub(value, batch.values);
  const seen = clip_range_vf === null
    ? value
    : tf.add(batch.values, tf.clipByValue(change, -clip_range_vf, clip_range_vf));
  const value_loss = tf.mean(tf.square(tf.sub(batch.returns, seen)));
  const entropy_loss = tf.neg(tf.mean(entropy));
  const total = tf.add(policy_gradient_loss, tf.mul(value_loss, vf_coef));
  return {
    policy_gradient_loss,
    value_loss,
    entropy_loss,
    loss: ent_coef === 0 ? total : tf.add(total, tf.mul(entropy_loss, ent_coef)),
    approx_kl: tf.mean(tf.sub(tf.sub(ratio, 1), logRatio)), // Schulman 2020, http://joschu.net/blog/kl-approx.html
    clip_fraction: tf.mean(tf.cast(tf.greater(tf.abs(tf.sub(ratio, 1)), clip_range), "float32")),
  };
}

const [BETA1, BETA2, EPSILON] = [0.9, 0.999, 1e-5]; // epsilon as Stable-Baselines3 sets it for PPO

/**
 * Adam (Kingma and Ba 2015) on sums instead of averages: `first` and `second` are the averages divided by 1 - β, so that
 * all constants gather in the two rates and each number is passed over fewer times. The steps are the same.
 */
function adam(tf: Tf, weights: Tensor, first: Tensor, second: Tensor, gradient: Tensor, step: Tensor, epsilon: Tensor) {
  const one = tf.add(tf.mul(first, BETA1), gradient);
  const two = tf.add(tf.mul(second, BETA2), tf.square(gradient));
  const change = tf.div(one, tf.add(tf.sqrt(two), epsilon));
  return { weights: tf.sub(weights, tf.mul(change, step)), first: one, second: two };
}

/** Size of Adam's `count`-th step (from 1) and what it adds to the root of the second sum. */
export function adamRates(learningRate: number, count: number): { step: number; epsilon: number } {
  const scale = Math.sqrt((1 - BETA2 ** count) / (1 - BETA2));
  return {
    step: learningRate * (1 - BETA1) / (1 - BETA1 ** count) * scale,
    epsilon: EPSILON * scale,
  };
}
