/**
 * What the agent must learn, and what it must not: each task with its bar, over several seeds.
 *
 *     deno run -A tests/bench/learn.ts [--seeds 5] [--only cart,oracle] [--engine onnx|tfjs] [--json]
 *
 * Exits with 1 when a bar is not met.
 */
import { parseArgs } from "node:util";
import { draw, newDrawn } from "../../lib/agent/distributions.ts";
import { openPpo, type Ppo } from "../../lib/agent/ppo.ts";
import type { PpoOptions } from "../../lib/agent/ppo_options.ts";
import { rng } from "../../lib/base/random.ts";
import { loadCandles } from "../../lib/data/load.ts";
import type { Env } from "../../lib/env/env.ts";
import { cartPole } from "./envs/cart_pole.ts";
import { delayedCue } from "./envs/delayed_cue.ts";
import { identity } from "./envs/identity.ts";
import {
  bestPolicy,
  noisySignal,
  oracle,
  type Outcome,
  shuffled,
  trade,
  tradePolicy,
  type TradingTask,
  trainingEnv,
} from "./envs/trading.ts";

/** One row of the table: a number per seed, and what all of them must be. */
interface Task {
  readonly name: string;
  readonly bar: string;
  run(seed: number): Promise<number>;
  met(values: readonly number[]): boolean;
}

const { values: flags } = parseArgs({
  options: {
    seeds: { type: "string", default: "5" },
    only: { type: "string", default: "" },
    engine: { type: "string", default: "onnx" },
    json: { type: "boolean", default: false },
  },
});
/** One thread: as fast with networks so small, and the same numbers whatever the cores. */
const engine = { engine: flags.engine as "onnx" | "tfjs", threads: 1 };

/** Trains on an env and hands the training to `judge`. */
async function trained<T>(
  env: Env,
  steps: number,
  options: Partial<PpoOptions>,
  judge: (ppo: Ppo) => Promise<T>,
): Promise<T> {
  await using ppo = await openPpo(env, { ...engine, ...options });
  await ppo.learn(steps);
  return await judge(ppo);
}

/** Mean reward of a step when the likeliest action is taken, on an env of its own. */
async function greedy(env: Env, ppo: Ppo, steps: number): Promise<number> {
  const policy = ppo.net.policy(env.table);
  const drawn = newDrawn(env.actions, env.rows);
  let buffers = env.reset(12_345);
  let sum = 0;
  for (let step = 0; step < steps; step++) {
    draw(env.actions, (await policy.look(buffers.bars, buffers.state)).policy, rng(0), drawn, true);
    buffers = env.step(drawn.actions);
    for (const reward of buffers.rewards) sum += reward;
  }
  return sum / (steps * env.rows);
}

/** Mean return of whole episodes, the likeliest action taken, or the policy's own draws. */
async function cartPoleReturn(ppo: Ppo): Promise<number> {
  const env = cartPole(20);
  const policy = ppo.net.policy(env.table);
  const drawn = newDrawn(env.actions, env.rows);
  const random = rng(4321);
  let buffers = env.reset(999);
  const returns: number[] = [];
  const running = new Float64Array(env.rows);
  while (returns.length < 100) {
    draw(env.actions, (await policy.look(buffers.bars, buffers.state)).policy, random, drawn);
    buffers = env.step(drawn.actions);
    for (let row = 0; row < env.rows; row++) {
      running[row]++;
      if (!(buffers.terminated[row] | buffers.truncated[row])) continue;
      returns.push(running[row]);
      running[row] = 0;
    }
  }
  return returns.reduce((sum, value) => sum + value, 0) / returns.length;
}

const small = {
  lstm_hidden_size: 32,
  d_model: 32,
  n_heads: 2,
  net_arch: [32],
  anneal_lr: true,
  gamma: 0,
  target_kl: 0.03,
};
/**
 * The same for all trading tasks. Advantages are sums of rewards (λ = 1): with a shorter reach they lean on a value
 * function that has fitted noise, and where there is nothing but noise the agent then trades on that (λ 0.5: a trade each
 * 10 bars). Few epochs fit less of the noise of one rollout.
 */
const trading = {
  n_steps: 256,
  batch_size: 2048,
  n_epochs: 4,
  learning_rate: 3e-3,
  anneal_lr: true,
  gamma: 0.9,
  gae_lambda: 1,
  net_arch: [32, 32],
};
const every = (holds: (value: number) => boolean) => (values: readonly number[]) => values.every(holds);
const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviationOf = (values: readonly number[]) =>
  Math.sqrt(values.reduce((sum, value) => sum + (value - meanOf(values)) ** 2, 0) / Math.max(1, values.length - 1));

const identities = (["mlp", "lstm", "transformer"] as const).map((trunk): Task => ({
  name: `identity, ${trunk}`,
  bar: `100 % right within ${trunk === "mlp" ? "2,000" : "10,000"} steps`,
  run: (seed) =>
    trained(
      identity(),
      trunk === "mlp" ? 2000 : 10_000,
      { ...small, n_steps: 16, batch_size: 32, n_epochs: 10, learning_rate: 3e-3, trunk, seed },
      (ppo) => greedy(identity(), ppo, 200),
    ),
  met: every((value) => value === 1),
}));

const cues = (["lstm", "transformer"] as const).map((trunk): Task => ({
  name: `delayed cue, ${trunk}`,
  bar: "≥ 95 % right within 100,000 steps",
  run: (seed) =>
    trained(
      delayedCue(),
      100_000,
      { ...small, n_steps: 16, batch_size: 256, n_epochs: 4, learning_rate: 1e-3, trunk, seed },
      (ppo) => greedy(delayedCue(), ppo, 50),
    ),
  met: every((value) => value >= 0.95),
}));

const PATHS = 20; // unseen

/** Trains on a task's first half, and trades the rest. */
const traded = (task: TradingTask, steps: number, seed: number, paths = 1): Promise<Outcome[]> =>
  trained(
    trainingEnv(task),
    steps,
    { ...trading, seed },
    (ppo) => tradePolicy(task, ppo.net.policy(task.features.values), paths),
  );

async function hourly(): Promise<TradingTask> {
  const { candles } = await loadCandles("coinbase_BTC-USD_1h");
  return oracle(candles, 10, Math.floor(0.7 * candles.length));
}

async function shareOfBest(task: TradingTask, seed: number): Promise<number> {
  const [[agent], [best]] = [await traded(task, 300_000, seed), await trade(task, bestPolicy(task))];
  return agent.logReturn / best.logReturn;
}

/**
 * Trained on 200,000 bars, then on 20 unseen paths of 10,000: bars per trade; and, over all seeds and paths, the return
 * over that of the constant position nearest to the agent's mean one.
 */
function walks(name: string, taskOf: (seed: number, bars: number) => TradingTask): Task[] {
  const excess: number[] = [];
  const half = () => 1.96 * deviationOf(excess) / Math.sqrt(excess.length);
  return [{
    name: `${name}: bars per trade`,
    bar: "≥ 500 bars per trade on 20 unseen paths",
    async run(seed) {
      const task = taskOf(seed, 400_000);
      const outcomes = await traded(task, 2_000_000, seed, PATHS);
      const constants = outcomes.map(({ position }) => Math.round(position) + 1);
      const holding = await trade(task, () => constants, PATHS);
      excess.push(...outcomes.map(({ logReturn }, i) => logReturn - holding[i].logReturn));
      const sum = (name: "bars" | "trades") => outcomes.reduce((total, outcome) => total + outcome[name], 0);
      return sum("bars") / Math.max(1, sum("trades"));
    },
    met: every((value) => value >= 500),
  }, {
    name: `${name}: log return over holding`,
    bar: "its 95 % interval holds 0",
    run: () => Promise.resolve(meanOf(excess)),
    met: () => Math.abs(meanOf(excess)) <= half() || half() === 0,
  }];
}

const tasks: Task[] = [
  {
    name: "cart pole",
    bar: "mean return ≥ 475 within 100,000 steps, every seed",
    run: (seed) =>
      trained(
        cartPole(8),
        100_000,
        {
          n_steps: 128,
          batch_size: 256,
          n_epochs: 10,
          learning_rate: 1e-3,
          gamma: 0.98,
          gae_lambda: 0.8,
          anneal_lr: true,
          seed,
        },
        cartPoleReturn,
      ),
    met: every((value) => value >= 475),
  },
  ...identities,
  ...cues,
  {
    name: "planted oracle, 10 bps",
    bar: "≥ 90 % of the best policy's log return, unseen candles",
    run: async (seed) => await shareOfBest(await hourly(), seed),
    met: every((value) => value >= 0.9),
  },
  {
    name: "noisy signal, 5 %, 1 bp",
    bar: "≥ 80 % of the best policy's log return, unseen bars",
    run: (seed) => shareOfBest(noisySignal(rng(seed), 40_000, 0.05, 1), seed),
    met: every((value) => value >= 0.8),
  },
  ...walks("random walk, 10 bps", (seed, bars) => noisySignal(rng(seed + 500), bars, 0, 10)),
  ...walks(
    "shuffled signal, 10 bps",
    (seed, bars) => shuffled(noisySignal(rng(seed + 700), bars, 0.05, 10), rng(seed)),
  ),
];

const wanted = flags.only.split(",").filter(Boolean);
const rows: Record<string, string | number | boolean>[] = [];
for (const task of tasks) {
  if (wanted.length > 0 && !wanted.some((word) => task.name.includes(word))) continue;
  const values: number[] = [];
  const started = performance.now();
  for (let seed = 0; seed < Number(flags.seeds); seed++) values.push(await task.run(seed));
  const row = {
    task: task.name,
    mean: Number(meanOf(values).toPrecision(4)),
    sd: Number(deviationOf(values).toPrecision(2)),
    worst: Number(Math.min(...values).toPrecision(4)),
    bar: task.bar,
    met: task.met(values),
    seconds: Math.round((performance.now() - started) / 1000),
  };
  rows.push(row);
  console.log(
    flags.json
      ? JSON.stringify(row)
      : `${
        row.met ? "✔" : "✘"
      } ${task.name}: ${row.mean} ± ${row.sd} (worst ${row.worst}); ${task.bar}; ${row.seconds} s`,
  );
}
Deno.exit(rows.every(({ met }) => met) ? 0 : 1);
