/**
 * Env steps per second on one core, without a network: `deno run -A tests/bench/env.ts [--json]`.
 *
 * Bar numbers only, then with windows of 32 × 48 copied out, beside the same copies alone (what memory allows).
 */
import { rng } from "../../lib/base/random.ts";
import { marketEnv, observe } from "../../lib/env/mod.ts";
import { synthetic } from "../../lib/market/synthetic.ts";

const [rows, window, F, length] = [64, 32, 48, 10_000];
const candles = synthetic(length, rng(1));
const market = {
  assets: [candles],
  length,
  costs: { transactionFee: 10, makerFee: 5, spread: 2, participation: 0.1 },
};
const values = Float32Array.from({ length: length * F }, rng(2));
const features = { names: Array.from({ length: F }, (_, f) => `f${f}`), time: candles.time, values, warmup: 0 };
const env = marketEnv(market, features, { rows, window });
const observations = new Float32Array(rows * (window * F + env.stateSize));
const random = rng(3);
const actions = Array.from({ length: 257 }, () => Float32Array.from({ length: rows }, () => Math.floor(3 * random())));
const hold = new Float32Array(rows).fill(2);
let step = env.reset(1);

const results = {
  random_actions: measure((i) => step = env.step(actions[i % actions.length])),
  holding: measure(() => step = env.step(hold)),
  with_windows_copied: measure((i) => {
    step = env.step(actions[i % actions.length]);
    observe(env, step.bars, step.state, observations);
  }),
  copies_alone: measure(() => observe(env, step.bars, step.state, observations)),
};
if (Deno.args.includes("--json")) console.log(JSON.stringify({ rows, window, features: F, steps_per_s: results }));
else {for (const [name, rate] of Object.entries(results)) {
    console.log(`${name.padEnd(22)} ${(rate / 1e6).toFixed(2)} M steps/s`);
  }}

/** Row steps per second: the best of five rounds of 2,000 calls. */
function measure(call: (i: number) => void): number {
  for (let i = 0; i < 500; i++) call(i);
  let best = Infinity;
  for (let round = 0; round < 5; round++) {
    const started = performance.now();
    for (let i = 0; i < 2000; i++) call(i);
    best = Math.min(best, performance.now() - started);
  }
  return Math.round(2000 * rows / best * 1000);
}
