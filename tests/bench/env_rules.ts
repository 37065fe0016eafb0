/**
 * Env steps per second on one core under risk rules, beside the same env without: `deno run -A tests/bench/env_rules.ts
 * [--json]`. Rounds interleaved, the best of five of each.
 */
import { rng } from "../../lib/base/random.ts";
import { marketEnv } from "../../lib/env/mod.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { parseRules } from "../../lib/risk/mod.ts";

const [rows, length] = [64, 10_000];
const candles = synthetic(length, rng(1));
const market = {
  assets: [candles],
  length,
  costs: { transactionFee: 10, makerFee: 5, spread: 2, participation: 0.1 },
};
const features = { names: ["one"], time: candles.time, values: new Float32Array(length), warmup: 0 };
const random = rng(3);
const actions = Array.from({ length: 257 }, () => Float32Array.from({ length: rows }, () => Math.floor(3 * random())));
const texts = ["", "stop_loss(0.05)", "trailing_stop(atr=3)", "limit_drawdown(0.2)", "limit_leverage(1)"].concat(
  ["volatility_target(0.3)", "limit_var(0.02)", "regime_stop(by=hmm)"],
  "volatility_target(0.3), trailing_stop(atr=3), limit_drawdown(0.2)",
);
const envs = texts.map((text) => marketEnv(market, features, { rows, risk: parseRules(text).map(({ rule }) => rule) }));
const best = envs.map(() => Infinity);
for (const env of envs) env.reset(1);
for (let round = 0; round < 5; round++) {
  for (const [i, env] of envs.entries()) {
    const calls = i === 0 ? 2000 : 400;
    const started = performance.now();
    for (let call = 0; call < calls; call++) env.step(actions[call % actions.length]);
    best[i] = Math.min(best[i], (performance.now() - started) / calls);
  }
}
const rates = Object.fromEntries(texts.map((text, i) => [text || "no rules", Math.round(1000 * rows / best[i])]));
if (Deno.args.includes("--json")) console.log(JSON.stringify({ rows, bars: 256, steps_per_s: rates }));
else for (const [text, rate] of Object.entries(rates)) console.log(`${(rate / 1e6).toFixed(3)} M steps/s  ${text}`);
