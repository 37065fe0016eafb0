import { assert, assertEquals } from "@std/assert";
import { openPpo } from "../../lib/agent/ppo.ts";
import { draw, newDrawn } from "../../lib/agent/distributions.ts";
import { trunks } from "../../lib/agent/trunks.ts";
import { rng } from "../../lib/base/random.ts";
import { identity } from "../bench/envs/identity.ts";
import { bestPolicy, noisySignal, trade, tradePolicy, trainingEnv } from "../bench/envs/trading.ts";

for (const trunk of Object.keys(trunks) as (keyof typeof trunks)[]) {
  Deno.test(`${trunk} learns which action the newest bar shows`, async () => {
    await using ppo = await openPpo(identity(), {
      trunk,
      n_steps: 16,
      batch_size: 32,
      n_epochs: 10,
      learning_rate: 3e-3,
      gamma: 0,
      target_kl: 0.03,
      anneal_lr: true,
      lstm_hidden_size: 16,
      d_model: 16,
      n_heads: 2,
      net_arch: [32],
      threads: 1,
    });
    await ppo.learn(trunk === "mlp" ? 2000 : 6000);
    const env = identity();
    const policy = ppo.net.policy(env.table);
    const drawn = newDrawn(env.actions, env.rows);
    let buffers = env.reset(77);
    for (let step = 0; step < 100; step++) {
      draw(env.actions, (await policy.look(buffers.bars, buffers.state)).policy, rng(0), drawn, true);
      buffers = env.step(drawn.actions);
      assertEquals(buffers.rewards, new Float64Array(env.rows).fill(1));
    }
  });
}

Deno.test("a feature that explains 5 % of the next return's variance is traded as well as can be, on unseen bars", async () => {
  const task = noisySignal(rng(1), 20_000, 0.05, 1);
  await using ppo = await openPpo(trainingEnv(task), {
    n_steps: 128,
    batch_size: 1024,
    n_epochs: 8,
    gamma: 0.9,
    net_arch: [16],
    learning_rate: 3e-3,
    anneal_lr: true,
    threads: 1,
  });
  await ppo.learn(150_000);
  const [agent] = await tradePolicy(task, ppo.net.policy(task.features.values));
  const [best] = await trade(task, bestPolicy(task));
  assert(best.logReturn > 5);
  assert(agent.logReturn > 0.8 * best.logReturn, `${agent.logReturn} of ${best.logReturn}`);
});
