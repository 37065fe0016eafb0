import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import type { Config } from "../../lib/config/schema.ts";
import { evaluateStage } from "../../lib/pipeline/evaluate.ts";
import { policiesOf, type TrainReport, trainStage } from "../../lib/pipeline/train.ts";
import { tiny, withFolder, writeTiny } from "./tiny.ts";

/** What must come out the same: everything but how long it took. */
const outcome = ({ seeds, numbers }: TrainReport) => ({
  numbers,
  seeds: seeds.map(({ seconds: _s, resumed: _r, ...rest }) => rest),
});

const none = { checkpoints: null };

Deno.test("the same seed twice gives the same weights, metrics and policy file; another seed others", async () => {
  await withFolder(async (folder) => {
    const path = await writeTiny(folder);
    const { config } = tiny(path, ["run.seeds=2"]);
    const both = await trainStage(config, {}, none);
    const again = await trainStage(config, {}, none);
    assertEquals(outcome(again), outcome(both));
    assertNotEquals(both.seeds[0].weights, both.seeds[1].weights);
    // The second of two seeds is the first of one that begins with it.
    const { config: second } = tiny(path, [`run.seed=${config.run.seed + 1}`]);
    const alone = await trainStage(second, {}, none);
    assertEquals(alone.seeds[0].weights, both.seeds[1].weights);
    assertEquals(alone.seeds[0].history, both.seeds[1].history);
  });
});

Deno.test("training sees no bar after the training part: other bars there, the same weights", async () => {
  await withFolder(async (folder) => {
    const { config } = tiny(await writeTiny(folder));
    const { config: elsewhere } = tiny(await writeTiny(folder, { name: "other", from: 540 }));
    const [one, two] = [await trainStage(config, {}, none), await trainStage(elsewhere, {}, none)];
    assert(one.source.split.train.to <= 540 && one.source.split.train.to > 530);
    assertNotEquals(one.source.hash, two.source.hash);
    assertEquals(two.seeds[0].weights, one.seeds[0].weights);
    assertEquals(two.seeds[0].history, one.seeds[0].history);
    assertNotEquals(two.seeds[0].trials["eval/total_return"], one.seeds[0].trials["eval/total_return"]);
  });
});

Deno.test("the weights that did best on validation are kept, and their file does it again", async () => {
  await withFolder(async (folder) => {
    const { config } = tiny(await writeTiny(folder), ["backtest.period=validation"]);
    const report = await trainStage(config, {}, none);
    const [{ trials, kept }] = report.seeds;
    const returns = trials["eval/total_return"];
    assertEquals([...trials["time/total_timesteps"]], [128, 256, 384, 512]);
    assertEquals(returns[kept], Math.max(...returns));
    assertAlmostEquals(trials["eval/mean_reward"][kept], Math.log1p(returns[kept]), 1e-12);
    const evaluation = await evaluateStage(config, policiesOf(report));
    assertEquals(evaluation.seeds[0].evaluation.totalReturn, returns[kept]);
  });
});

Deno.test("a training without a validation part keeps its last weights", async () => {
  await withFolder(async (folder) => {
    const { config } = tiny(await writeTiny(folder), ["split.validation=0"]);
    const { seeds: [{ kept, trials }] } = await trainStage(config, {}, none);
    assertEquals([kept, Object.keys(trials).length], [-1, 0]);
  });
});

Deno.test("what is logged has Stable-Baselines3's names, and rewards in the env's own unit", async () => {
  await withFolder(async (folder) => {
    const path = await writeTiny(folder);
    const { seeds: [{ history }] } = await trainStage(tiny(path, ["env.reward_scale=1"]).config, {}, none);
    const wanted = ["approx_kl", "clip_fraction", "clip_range", "entropy_loss", "explained_variance", "learning_rate"]
      .concat(["loss", "n_updates", "policy_gradient_loss", "value_loss"]).map((name) => `train/${name}`)
      .concat(["rollout/ep_len_mean", "rollout/ep_rew_mean", "time/total_timesteps"]);
    for (const name of wanted) assertEquals(history[name]?.length, 8, name);
    assertEquals(history["rollout/ep_len_mean"].at(-1), 50);
    // The first rollout acts the same at any scale of its rewards.
    const { seeds: [scaled] } = await trainStage(tiny(path, ["env.reward_scale=100"]).config, {}, none);
    const first = history["rollout/ep_rew_mean"].findIndex((value) => !Number.isNaN(value));
    assert(Math.abs(scaled.history["rollout/ep_rew_mean"][first]) < 2 && first > 0);
  });
});

Deno.test("killed with -9 and resumed, a training ends as one that went through, byte for byte", async () => {
  await withFolder(async (folder) => {
    const { config } = tiny(await writeTiny(folder), [
      "ppo.total_timesteps=4096",
      "ppo.anneal_lr=true",
      "train.checkpoint_every=0",
    ]);
    const checkpoints = `${folder}/checkpoints`;
    const watcher = Deno.watchFs(folder, { recursive: true });
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", import.meta.resolve("./train_child.ts"), JSON.stringify(config), checkpoints],
    }).spawn();
    let written = 0;
    for await (const { kind, paths } of watcher) {
      if (kind !== "rename" && kind !== "modify" && kind !== "create") continue;
      if (paths.some((path) => path.endsWith(".checkpoint")) && ++written === 12) break;
    }
    child.kill("SIGKILL");
    assertEquals((await child.status).success, false);

    const resumed = await trainStage(config, {}, { checkpoints, resume: true });
    const whole = await trainStage(config, {}, none);
    const taken = resumed.seeds[0].resumed;
    assert(taken > 0 && taken < 4096, `${taken} steps were taken before`);
    assertEquals(outcome(resumed), outcome(whole));
  });
});

Deno.test("resumed under risk rules, a training ends as one that went through, byte for byte", async () => {
  await withFolder(async (folder) => {
    const rules = "trailing_stop(atr=1, wait=4), limit_daily_loss(0.01), volatility_target(0.4)";
    const { config } = tiny(await writeTiny(folder), [`risk.rules=${rules}`, "train.checkpoint_every=0"]);
    const checkpoints = `${folder}/checkpoints`;
    const stop = new AbortController();
    let updates = 0;
    const progress = (label: string) => ({
      update: () => void (label.startsWith("Training") && ++updates === 4 && stop.abort()),
      [Symbol.dispose]() {},
    });
    await assertRejects(() => trainStage(config, { signal: stop.signal, progress }, { checkpoints }), Error, "abort");
    const resumed = await trainStage(config, {}, { checkpoints, resume: true });
    assert(resumed.seeds[0].resumed > 0 && resumed.seeds[0].resumed < 512);
    assertEquals(outcome(resumed), outcome(await trainStage(config, {}, none)));
    // A training under other rules is another training.
    const other = await trainStage({ ...config, risk: { ...config.risk, rules: "" } }, {}, {
      checkpoints,
      resume: true,
    });
    assertEquals(other.seeds[0].resumed, 0);
  });
});

Deno.test("told to stop, a training leaves a checkpoint that it goes on from; a finished one has nothing left to do", async () => {
  await withFolder(async (folder) => {
    const { config } = tiny(await writeTiny(folder), ["run.seeds=2"]);
    const checkpoints = `${folder}/checkpoints`;
    const stop = new AbortController();
    let updates = 0;
    const progress = (label: string) => ({
      update: () => void (label.startsWith("Training seed 8") && ++updates === 4 && stop.abort()),
      [Symbol.dispose]() {},
    });
    await assertRejects(() => trainStage(config, { signal: stop.signal, progress }, { checkpoints }), Error, "abort");
    const resumed = await trainStage(config, {}, { checkpoints, resume: true });
    assertEquals(resumed.seeds.map(({ resumed }) => resumed), [512, 192]);
    assertEquals(outcome(resumed), outcome(await trainStage(config, {}, none)));
    const idle = await trainStage(config, {}, { checkpoints, resume: true });
    assertEquals(idle.seeds.map(({ resumed }) => resumed), [512, 512]);
    assertEquals(outcome(idle), outcome(resumed));
    // Where the learning rate does not depend on the length, a longer training goes on from a shorter one.
    const { config: longer } = tiny(config.data.input[0], ["ppo.total_timesteps=768"]);
    const further = await trainStage(longer, {}, { checkpoints, resume: true });
    assertEquals(further.seeds[0].resumed, 512);
    assertEquals(outcome(further), outcome(await trainStage(longer, {}, none)));
  });
});

Deno.test("a loss that is not a number ends the training, and names the last good checkpoint", async () => {
  await withFolder(async (folder) => {
    const { config } = tiny(await writeTiny(folder));
    const wild: Config = { ...config, ppo: { ...config.ppo, learning_rate: 1e37, max_grad_norm: 1e9 } };
    const checkpoints = `${folder}/checkpoints`;
    const error = await assertRejects(() => trainStage(wild, {}, { checkpoints }), RangeError, "not a number");
    const [, steps, path] = error.message.match(/as it was after (\d+) steps, in (.*)$/)!;
    assert(Number(steps) < 512);
    assert((await Deno.stat(path)).size > 1000);
  });
});

Deno.test("what cannot be trained is refused before any work", async () => {
  await withFolder(async (folder) => {
    const path = await writeTiny(folder, { bars: 300 });
    const cases: [string[], string][] = [
      [["risk.rules=stop_loss(0.1), fixed_fraction(2), limit_leverage(1)"], "Cannot combine"],
      [
        ["risk.rules=limit_var(0.02)", "split.train=0.04", "split.validation=0.5"],
        "Cannot use limit_var(limit=0.02) without",
      ],
      [["ppo.batch_size=48"], "batch_size must divide the 64 samples"],
      [["ppo.batch_size=128"], "batch_size must divide the 64 samples"],
      [["env.window_size=400"], "the train part must have at least 3 bars after the first"],
      [["env.window_size=250"], "the train part must have at least 3 bars"],
      [["env.actions=-1, 0, 3"], '"backtest.leverage" must be at least 3'],
      [["features.spec=rsi(14), their_signal"], "their_signal"],
      [["split.train=0.9", "split.validation=0.2"], "Cannot split"],
    ];
    for (const [set, wanted] of cases) {
      const { config } = tiny(path, set);
      const progress = (label: string) => {
        assert(!label.startsWith("Training"), "it began");
        return { update() {}, [Symbol.dispose]() {} };
      };
      await assertRejects(() => trainStage(config, { progress }, none), Error, wanted);
    }
    for (const set of ["ppo.total_timesteps=0", "env.n_envs=0", "env.actions=sideways", "ppo.gamma=2", "run.seeds=0"]) {
      await assertRejects(async () => await trainStage(tiny(path, [set]).config), RangeError, set.split("=")[0]);
    }
  });
});
