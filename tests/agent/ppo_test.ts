import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { openPpo } from "../../lib/agent/ppo.ts";
import type { PpoOptions } from "../../lib/agent/ppo_options.ts";
import type { Env } from "../../lib/env/env.ts";
import { cartPole } from "../bench/envs/cart_pole.ts";
import { peersTask } from "../bench/envs/peers_task.ts";

const task = (rows = 4) => peersTask({ rows, window: 4, features: 3, bars: 2000, signal: 0.01 });
const quick: Partial<PpoOptions> = { n_steps: 32, batch_size: 32, n_epochs: 2, net_arch: [16], seed: 5, threads: 2 };

Deno.test("PPO learns to balance a pole within 50,000 steps", async () => {
  await using ppo = await openPpo(cartPole(8), {
    n_steps: 128,
    batch_size: 256,
    learning_rate: 1e-3,
    gamma: 0.98,
    gae_lambda: 0.8,
    anneal_lr: true,
    seed: 1,
  });
  let best = 0;
  await ppo.learn(50_000, (metrics) => {
    best = Math.max(best, metrics["rollout/ep_rew_mean"] ?? 0);
    return best > 300 ? "stop" : undefined;
  });
  assert(best > 300, `mean return ${best}`);
});

Deno.test("the same seed twice gives the same weights and the same metrics, another seed others", async () => {
  const runs: { state: Uint8Array; log: unknown[] }[] = [];
  for (const seed of [5, 5, 6]) {
    await using ppo = await openPpo(task(), { ...quick, seed });
    const log: unknown[] = [];
    await ppo.learn(1024, ({ "time/fps": _, ...metrics }) => void log.push(metrics));
    runs.push({ state: ppo.saveState(), log });
  }
  assertEquals(runs[0], runs[1]);
  assert(runs[0].state.some((byte, i) => byte !== runs[2].state[i]));
});

for (const [name, env] of Object.entries({ "a market": () => task(), "a pole": () => cartPole(4) })) {
  Deno.test(`a training of ${name} that was stopped, saved and gone on with ends as one that was not`, async () => {
    await using whole = await openPpo(env(), { ...quick, anneal_lr: true });
    await whole.learn(1024);

    await using first = await openPpo(env(), { ...quick, anneal_lr: true });
    let updates = 0;
    await first.learn(1024, () => ++updates === 3 ? "stop" : undefined);
    assertEquals(first.timesteps, 3 * 128);
    const saved = first.saveState();
    await using second = await openPpo(env(), { ...quick, anneal_lr: true });
    second.restoreState(saved);
    assertEquals(second.saveState(), saved);
    await second.learn(1024);
    assertEquals(second.saveState(), whole.saveState());
  });
}

Deno.test("a loss that is not a number stops the training with the state of before", async () => {
  const env = task();
  let [steps, from] = [0, Infinity];
  const poisoned: Env = {
    ...env,
    step(actions) {
      const buffers = env.step(actions);
      if (++steps > from) buffers.rewards[0] = NaN;
      return buffers;
    },
  };
  await using ppo = await openPpo(poisoned, quick);
  let good = new Uint8Array();
  from = 70;
  const error = await assertRejects(
    () => ppo.learn(10_000, () => void (good = ppo.saveState() as Uint8Array<ArrayBuffer>)),
    Error,
    "loss is not a number after 384 steps",
  );
  assert(error.message.includes("learning_rate"));
  assertEquals(ppo.timesteps, 256);
  assertEquals(ppo.saveState(), good);
});

Deno.test("an error in the middle of an update leaves the training as it was before, and it goes on from there", async () => {
  const env = task();
  let [steps, broken] = [0, false];
  const breaking: Env = {
    ...env,
    step(actions) {
      if (broken && steps++ === 20) throw new Error("the env breaks");
      return env.step(actions);
    },
  };
  await using ppo = await openPpo(breaking, quick);
  await ppo.learn(256);
  const good = ppo.saveState();
  broken = true;
  await assertRejects(() => ppo.learn(512), Error, "the env breaks");
  assertEquals(ppo.timesteps, 256);
  assertEquals(ppo.saveState(), good);
  await ppo.learn(512);
  await using whole = await openPpo(task(), quick);
  await whole.learn(512);
  assertEquals(ppo.saveState(), whole.saveState());
});

Deno.test("impossible options are refused before any work, with what they may be", async () => {
  const bad: [Partial<Record<keyof PpoOptions, unknown>>, string][] = [
    [
      { batch_size: 8192 },
      "batch_size must divide the 128 samples of an update (n_steps 32 × 4 rows): current value is 8192",
    ],
    [{ batch_size: 48 }, "the nearest that does is 32"],
    [{ batch_size: 0 }, "batch_size must be a whole number of at least 1"],
    [{ n_steps: 0 }, "n_steps must be a whole number of at least 1: current value is 0"],
    [{ n_epochs: 1.5 }, "n_epochs must be a whole number"],
    [{ learning_rate: -1 }, "learning_rate must be above 0"],
    [{ learning_rate: NaN }, "learning_rate must be above 0"],
    [{ gamma: 1.1 }, "gamma must be in 0..1"],
    [{ clip_range: 0 }, "clip_range must be between 0 and 1"],
    [{ target_kl: 0 }, "target_kl must be above 0"],
    [{ ent_coef: "0.1" }, "ent_coef must be"],
    [{ net_arch: [] }, "net_arch must be"],
    [{ seed: -1 }, "seed must be a whole number"],
    [{ trunk: "transformer", n_heads: 5 }, "n_heads must divide d_model 64"],
  ];
  for (const [options, message] of bad) {
    await assertRejects(() => openPpo(task(), { ...quick, ...options } as Partial<PpoOptions>), RangeError, message);
  }
  await assertRejects(
    () => openPpo(task(), { learning_rat: 1 } as Partial<PpoOptions>),
    RangeError,
    'nearest is "learning_rate"',
  );
  await using ppo = await openPpo(task(), quick);
  await assertRejects(() => ppo.learn(0), RangeError, "total_timesteps must be at least 1");
  assertThrows(() => ppo.restoreState(new Uint8Array(10)), SyntaxError, "no");
  await using other = await openPpo(task(), { ...quick, net_arch: [8] });
  assertThrows(() => ppo.restoreState(other.saveState()), RangeError, "Cannot load");
});

Deno.test("what is logged has Stable-Baselines3's names", async () => {
  await using ppo = await openPpo(cartPole(4), quick);
  let names: string[] = [];
  await ppo.learn(512, (metrics) => void (names = Object.keys(metrics)));
  const expected =
    "rollout/ep_rew_mean rollout/ep_len_mean time/fps time/total_timesteps train/approx_kl train/clip_fraction train/clip_range train/entropy_loss train/explained_variance train/policy_gradient_loss train/value_loss train/loss train/learning_rate train/n_updates";
  for (const name of expected.split(" ")) assert(names.includes(name), name);
});
