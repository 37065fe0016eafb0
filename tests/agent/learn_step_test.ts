import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { draw, newDrawn } from "../../lib/agent/distributions.ts";
import { adamRates, learnStep, type LossOptions } from "../../lib/agent/learn_step.ts";
import { layoutOf, type Model } from "../../lib/agent/model.ts";
import { normal, rng } from "../../lib/base/random.ts";
import { cpu, numbersOf } from "./tensors.ts";

await cpu();

/** A net without a window: the same logits and the same value for every sample, both learnt. */
const model: Model = {
  seen: { window: 0, features: 0, stateSize: 0 },
  actions: { kind: "discrete", n: 3 },
  parameters: {
    logits: { shape: [3], values: Float32Array.of(0.5, -0.2, 0.1) },
    value: { shape: [1], values: Float32Array.of(0.3) },
  },
  decide: (tf, p) => ({
    policy: tf.add(tf.zeros([B, 3]), p.logits),
    value: tf.add(tf.zeros([B]), p.value),
  }),
};
const layout = layoutOf(model.parameters); // one vector: the logits, then the value
const B = 6;
const standard: LossOptions = {
  clip_range: 0.2,
  clip_range_vf: null,
  ent_coef: 0,
  vf_coef: 0.5,
  max_grad_norm: 1e9,
  target_kl: null,
};
const batch = {
  raw: [0, 1, 2, 0, 1, 2],
  logProbs: [-0.4, -1.6, -1.3, -1.5, -1.1, -0.9], // ratios on both sides of the clip
  advantages: [1, -0.5, 0.7, -1.2, 0.3, -0.3],
  returns: [0.5, 0, -0.4, 1, 2, -1],
  values: [0.1, 0.25, 0.9, 0.3, -0.5, 0.35],
};

type State = { weights: number[]; first: number[]; second: number[] };
const start: State = { weights: [0.5, -0.2, 0.1, 0.3], first: [0, 0, 0, 0], second: [0, 0, 0, 0] };

function step(
  options: Partial<LossOptions>,
  state = start,
  count = 1,
  rate = 0.01,
  changed: Partial<typeof batch> = {},
) {
  const rates = adamRates(rate, count);
  const samples = { ...batch, ...changed };
  const tensor = (values: number[]) => tf.tensor1d(values) as tf.Tensor;
  const { stats, ...next } = learnStep(
    tf,
    model,
    layout,
    { ...standard, ...options },
    { weights: [tensor(state.weights)], first: [tensor(state.first)], second: [tensor(state.second)] },
    {
      bars: tf.tensor1d(new Int32Array(B), "int32"),
      state: tf.zeros([B, 0]),
      raw: tensor(samples.raw),
      logProbs: tensor(samples.logProbs),
      advantages: tensor(samples.advantages),
      returns: tensor(samples.returns),
      values: tensor(samples.values),
      step: tf.scalar(rates.step),
      epsilon: tf.scalar(rates.epsilon),
    },
    undefined,
  );
  return {
    stats: Object.fromEntries(Object.entries(stats).map(([name, one]) => [name, numbersOf(one)[0]])),
    next: {
      weights: numbersOf(next.weights[0]),
      first: numbersOf(next.first[0]),
      second: numbersOf(next.second[0]),
    },
  };
}

const mean = (of: (i: number) => number) => Array.from({ length: B }, (_, i) => of(i)).reduce((a, b) => a + b) / B;

/** The loss as the paper has it, sample by sample. */
function written([a, b, c, value]: number[], { clip_range, clip_range_vf, ent_coef, vf_coef }: LossOptions) {
  const logits = [a, b, c];
  const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
  const logs = logits.map((logit) => logit - total);
  const ratio = (i: number) => Math.exp(logs[batch.raw[i]] - batch.logProbs[i]);
  const clip = (x: number, low: number, high: number) => Math.min(high, Math.max(low, x));
  const policy_gradient_loss = -mean((i) =>
    Math.min(
      ratio(i) * batch.advantages[i],
      clip(ratio(i), 1 - clip_range, 1 + clip_range) * batch.advantages[i],
    )
  );
  const value_loss = mean((i) => {
    const near = clip_range_vf === null
      ? value
      : batch.values[i] + clip(value - batch.values[i], -clip_range_vf, clip_range_vf);
    return (batch.returns[i] - near) ** 2;
  });
  const entropy_loss = logs.reduce((sum, log) => sum + Math.exp(log) * log, 0);
  return {
    policy_gradient_loss,
    value_loss,
    entropy_loss,
    loss: policy_gradient_loss + vf_coef * value_loss + ent_coef * entropy_loss,
    approx_kl: mean((i) => ratio(i) - 1 - Math.log(ratio(i))),
    clip_fraction: mean((i) => Number(Math.abs(ratio(i) - 1) > clip_range)),
  };
}

/** Its slope, by differences. */
const gradientOf = (weights: number[], options: LossOptions) =>
  weights.map((_, i) => {
    const at = (by: number) => written(weights.map((weight, j) => weight + (i === j ? by : 0)), options).loss;
    return (at(1e-5) - at(-1e-5)) / 2e-5;
  });

for (
  const options of [
    {},
    { ent_coef: 0.05, vf_coef: 0.7 },
    { clip_range: 0.05 },
    { clip_range_vf: 0.1, clip_range: 0.5, ent_coef: 0.01 },
  ]
) {
  Deno.test(`loss, statistics and gradient are the paper's, written out, with ${JSON.stringify(options)}`, () => {
    const all = { ...standard, ...options };
    const { stats, next } = step(options);
    for (const [name, value] of Object.entries(written(start.weights, all))) {
      assertAlmostEquals(stats[name], value, 1e-5, name);
    }
    const gradient = gradientOf(start.weights, all);
    next.first.forEach((value, i) => assertAlmostEquals(value, gradient[i], 1e-4)); // the first sum is the gradient
    assertAlmostEquals(stats.grad_norm, Math.hypot(...gradient), 1e-4);
  });
}

Deno.test("five steps are Adam's as Kingma and Ba have it, epsilon 1e-5, of gradients cut to max_grad_norm", () => {
  const options = { max_grad_norm: 0.05, ent_coef: 0.01 };
  let state = start;
  const weights = [...start.weights];
  const [m, v] = [weights.map(() => 0), weights.map(() => 0)];
  for (let t = 1; t <= 5; t++) {
    const rate = 0.02 / t; // annealed
    state = step(options, state, t, rate).next;
    const gradient = gradientOf(weights, { ...standard, ...options });
    const scale = Math.min(1, options.max_grad_norm / Math.hypot(...gradient));
    assert(scale < 1);
    for (let i = 0; i < weights.length; i++) {
      const g = gradient[i] * scale;
      m[i] = 0.9 * m[i] + 0.1 * g;
      v[i] = 0.999 * v[i] + 0.001 * g * g;
      weights[i] -= rate * (m[i] / (1 - 0.9 ** t)) / (Math.sqrt(v[i] / (1 - 0.999 ** t)) + 1e-5);
    }
    state.weights.forEach((weight, i) => assertAlmostEquals(weight, weights[i], 2e-6));
  }
});

Deno.test("an update that would move on from too far a policy changes nothing, Adam's sums included", () => {
  const { stats: { approx_kl } } = step({});
  assertEquals(step({ target_kl: approx_kl / 1.6 }).next, {
    weights: start.weights.map(Math.fround),
    first: start.first,
    second: start.second,
  });
  assertEquals(step({ target_kl: approx_kl / 1.4 }), step({}));
});

Deno.test("actions as they were just drawn have a ratio of 1: no KL, nothing clipped, the loss is minus the advantage", () => {
  const drawn = newDrawn(model.actions, B);
  const policy = Float32Array.from({ length: 3 * B }, (_, i) => start.weights[i % 3]);
  draw(model.actions, policy, rng(1), drawn);
  const advantages = batch.advantages.map(() => normal(rng(2)));
  const { stats } = step({}, start, 1, 0.01, { raw: [...drawn.raw], logProbs: [...drawn.logProbs], advantages });
  assertAlmostEquals(stats.approx_kl, 0, 1e-6);
  assertEquals(stats.clip_fraction, 0);
  assertAlmostEquals(stats.policy_gradient_loss, -mean((i) => advantages[i]), 1e-6);
});
