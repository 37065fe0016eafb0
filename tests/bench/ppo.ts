/**
 * Env steps per second of PPO, updates included: the task, network and batches that its peers run (`peers/`).
 *
 *     deno task bench:ppo [--shape 32x48] [--hidden 64,64] [--envs 64] [--steps 131072] [--signal 0.01]
 *                         [--trunk mlp] [--engine onnx] [--threads 2] [--json] [--lockstep]
 *
 * `--json` prints one line with `steps_per_s`, as the peers' scripts do. Otherwise also says what share of the machine's
 * matrix product peak that is, and where the time goes. `--lockstep` takes one update for each line on standard input and
 * answers its milliseconds and mean reward: how `ppo_peers.ts` lets several programs take turns.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { openOnnx } from "../../lib/agent/onnx_session.ts";
import { openPpo } from "../../lib/agent/ppo.ts";
import type { PpoOptions } from "../../lib/agent/ppo_options.ts";
import { peersTask } from "./envs/peers_task.ts";

const { values: flags } = parseArgs({
  options: {
    shape: { type: "string", default: "32x48" },
    hidden: { type: "string", default: "64,64" },
    envs: { type: "string", default: "64" },
    steps: { type: "string", default: "131072" },
    signal: { type: "string", default: "0" },
    trunk: { type: "string", default: "mlp" },
    engine: { type: "string", default: "onnx" },
    backend: { type: "string" },
    threads: { type: "string", default: String(Math.min(8, navigator.hardwareConcurrency)) },
    seed: { type: "string", default: "0" },
    json: { type: "boolean", default: false },
    lockstep: { type: "boolean", default: false },
  },
});
const [window, features] = flags.shape.split("x").map(Number);
const net_arch = flags.hidden.split(",").map(Number);
const [rows, steps, threads] = [flags.envs, flags.steps, flags.threads].map(Number);
const BUFFER = 8192;

const env = peersTask({ rows, window, features, bars: 10_000, signal: Number(flags.signal) });
const rewards = new Float64Array(BUFFER / rows); // of each step of a rollout
let [stepped, stepping] = [0, 0];
const timed = {
  ...env,
  step(actions: Float32Array) {
    const start = performance.now();
    const buffers = env.step(actions);
    stepping += performance.now() - start;
    rewards[stepped++ % rewards.length] = buffers.rewards.reduce((sum, reward) => sum + reward, 0) / rows;
    return buffers;
  },
};
await using ppo = await openPpo(timed, {
  n_steps: BUFFER / rows,
  batch_size: 1024,
  n_epochs: 4,
  ent_coef: 0.01,
  learning_rate: 3e-4,
  net_arch,
  trunk: flags.trunk as PpoOptions["trunk"],
  engine: flags.engine as PpoOptions["engine"],
  backend: flags.backend,
  threads,
  seed: Number(flags.seed),
});
await ppo.learn(BUFFER); // warm up
const meanReward = () => rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length;
if (flags.lockstep) await lockstep();
const { net } = ppo;
let learning = 0;
const learn = net.learn.bind(net);
net.learn = async (...given) => {
  const start = performance.now();
  const stats = await learn(...given);
  learning += performance.now() - start;
  return stats;
};
stepping = 0;
const start = performance.now();
await ppo.learn(BUFFER + steps);
const ms = performance.now() - start;

const result = {
  impl: `candelabra-${flags.engine}`,
  envs: rows,
  D: window * features,
  h: net_arch[0],
  T: 10_000,
  steps,
  steps_per_s: Math.round(steps / ms * 1000),
  rew_mean: Number(meanReward().toFixed(4)),
};
console.log(JSON.stringify(result));
if (!flags.json && flags.trunk === "mlp" && flags.engine === "onnx") {
  const peak = await productPeak(threads);
  const speed = steps * work() / ms / 1e6;
  const share = (part: number) => `${(100 * part / ms).toFixed(0)} %`;
  console.log(
    `${net.about}: ${speed.toFixed(0)} of ${peak.toFixed(0)} GFLOP/s, ${(100 * speed / peak).toFixed(0)} %; ` +
      `time: learning ${share(learning)}, env ${share(stepping)}, the rest (looking, dealing) ${
        share(ms - learning - stepping)
      }`,
  );
}

/** Takes an update whenever it is told to. */
async function lockstep(): Promise<never> {
  console.log("ready");
  for await (const _ of createInterface({ input: process.stdin })) {
    const start = performance.now();
    await ppo.learn(ppo.timesteps + BUFFER);
    console.log(performance.now() - start, meanReward());
  }
  Deno.exit();
}

/** Multiplications and additions per env step that a plain implementation needs: one look, four epochs of learning. */
function work(): number {
  const widths = [window * features + 2, ...net_arch];
  const first = widths[0] * widths[1];
  const rest = net_arch.slice(1).reduce((sum, width, i) => sum + width * net_arch[i], 0) + 2 * net_arch.at(-1)!;
  return 2 * 2 * (first + rest + 4 * (2 * first + 3 * rest)); // two towers; the first layer needs no gradient of its input
}

/** GFLOP/s of a large matrix product, the best of many. */
async function productPeak(threads: number): Promise<number> {
  const onnx = await openOnnx("cpu", threads);
  const n = 1024;
  const square = { type: "float32" as const, shape: [n, n] };
  const session = await onnx.open({
    nodes: [{ op: "MatMul", inputs: ["a", "b"], outputs: ["c"] }],
    constants: [],
    inputs: [{ name: "a", ...square }, { name: "b", ...square }],
    outputs: [{ name: "c", ...square }],
  });
  const matrix = () => onnx.tensor(new Float32Array(n * n).fill(0.5), [n, n]);
  const [feeds, fetches] = [{ a: matrix(), b: matrix() }, { c: matrix() }];
  let best = Infinity;
  for (let i = 0; i < 40; i++) {
    const start = performance.now();
    await session.run(feeds, fetches);
    best = Math.min(best, performance.now() - start);
  }
  await session.release();
  return 2 * n ** 3 / best / 1e6;
}
