import { assertAlmostEquals, assertEquals } from "@std/assert";
import { explainedVariance, newEpisodes, newMeans } from "../../lib/agent/ppo_log.ts";
import { newRollout } from "../../lib/agent/rollout.ts";
import type { Stats } from "../../lib/agent/net.ts";
import { statNames } from "../../lib/agent/learn_step.ts";
import { cartPole } from "../bench/envs/cart_pole.ts";

const step = (rewards: number[], terminated: number[], truncated: number[] = [0, 0]) => ({
  ...cartPole(2).reset(1),
  rewards: Float64Array.from(rewards),
  terminated: Uint8Array.from(terminated),
  truncated: Uint8Array.from(truncated),
});

Deno.test("means are over the last episodes that ended, one way or the other, and nothing is said before", () => {
  const episodes = newEpisodes(2, 2);
  episodes.add(step([1, 10], [0, 0]));
  assertEquals(episodes.means(), {});
  episodes.add(step([2, 20], [1, 0]));
  assertEquals(episodes.means(), { "rollout/ep_rew_mean": 3, "rollout/ep_len_mean": 2 });
  episodes.add(step([5, 30], [0, 0], [0, 1]));
  assertEquals(episodes.means(), { "rollout/ep_rew_mean": 31.5, "rollout/ep_len_mean": 2.5 });
  episodes.add(step([7, 1], [1, 0])); // the first one is forgotten
  assertEquals(episodes.means(), { "rollout/ep_rew_mean": 36, "rollout/ep_len_mean": 2.5 });
});

Deno.test("episodes that were saved go on in the middle", () => {
  const [one, two] = [newEpisodes(2, 3), newEpisodes(2, 3)];
  one.add(step([1, 10], [0, 1]));
  two.restore(one.save());
  for (const episodes of [one, two]) episodes.add(step([4, 2], [1, 0]));
  assertEquals(two.means(), one.means());
  assertEquals(two.means()["rollout/ep_rew_mean"], 7.5);
});

Deno.test("statistics are means over all minibatches, but for KL of the last epoch and the last loss, as Stable-Baselines3's", () => {
  const stats = (...values: number[]) =>
    Object.fromEntries(statNames.map((name) => [name, Float32Array.from(values)])) as unknown as Stats;
  const means = newMeans(statNames);
  means.add(stats(1, 2, 3));
  means.add(stats(5)); // an epoch that ended early
  const { approx_kl, loss, ...rest } = means.result();
  assertEquals([approx_kl, loss], [5, 5]);
  assertEquals(new Set(Object.values(rest)), new Set([11 / 4]));
});

Deno.test("explained variance is 1 for values that are the returns, 0 for a constant, and unknown where nothing varies", () => {
  const of = (returns: number[], values: number[]) => {
    const rollout = newRollout(cartPole(2), 2);
    rollout.returns.set(returns);
    rollout.values.set(values);
    return explainedVariance(rollout);
  };
  assertEquals(of([1, 2, 3, 4], [1, 2, 3, 4]), 1);
  assertEquals(of([1, 2, 3, 4], [11, 12, 13, 14]), 1); // as scikit-learn has it: a bias is no variance
  assertEquals(of([1, 2, 3, 4], [7, 7, 7, 7]), 0);
  assertAlmostEquals(of([1, 2, 3, 4], [4, 3, 2, 1]), -3);
  assertEquals(of([2, 2, 2, 2], [1, 2, 3, 4]), NaN);
});
