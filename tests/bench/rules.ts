/**
 * What risk rules cost: `deno run -A tests/bench/rules.ts [--json]`. The books alone with stops and quotes looked for
 * beside weights alone, and env steps on one core under rules beside the same env without. Rounds interleaved, the best
 * of each.
 */
import { rng } from "../../lib/base/random.ts";
import { marketEnv } from "../../lib/env/mod.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { parseRules } from "../../lib/risk/mod.ts";
import { advance, carryOut, clearIntent, newIntent, newTape, openLedger, reopen } from "../../lib/sim/mod.ts";

const [rows, length] = [64, 10_000];
const candles = synthetic(length, rng(1));
const market = {
  assets: [candles],
  length,
  costs: { transactionFee: 10, makerFee: 5, spread: 2, participation: 0.1 },
};
const random = rng(3);
const wishes = Float64Array.from({ length }, () => Math.floor(3 * random()) - 1);

const tape = newTape(market);
const ledger = openLedger(1, 1, 10_000);
const intent = newIntent(1);
const weight = new Float64Array(1);
const books: Record<string, () => void> = {
  "weights alone": () => {
    for (let t = 1; t < length; t++) {
      weight[0] = wishes[t];
      advance(ledger, 0, weight, 0, tape, t);
    }
  },
  "looked for, none set": () => {
    for (let t = 1; t < length; t++) {
      clearIntent(intent);
      intent.weights[0] = wishes[t];
      carryOut(ledger, 0, intent, tape, t);
    }
  },
  "stop and target set": () => {
    for (let t = 1; t < length; t++) {
      clearIntent(intent);
      intent.weights[0] = wishes[t];
      intent.stop[0] = candles.$close[t - 1] * (1 - 0.03 * wishes[t]);
      intent.take[0] = candles.$close[t - 1] * (1 + 0.03 * wishes[t]);
      carryOut(ledger, 0, intent, tape, t);
    }
  },
};

const features = { names: ["one"], time: candles.time, values: new Float32Array(length), warmup: 0 };
const actions = Array.from({ length: 257 }, () => Float32Array.from({ length: rows }, () => Math.floor(3 * random())));
const texts = ["", "stop_loss(0.05)", "trailing_stop(atr=3)", "limit_drawdown(0.2)", "limit_leverage(1)"].concat(
  ["volatility_target(0.3)", "limit_var(0.02)", "regime_stop(by=hmm)"],
  "volatility_target(0.3), trailing_stop(atr=3), limit_drawdown(0.2)",
);
const envs = Object.fromEntries(texts.map((text) => {
  const env = marketEnv(market, features, { rows, risk: parseRules(text).map(({ rule }) => rule) });
  env.reset(1);
  const steps = () => {
    for (const action of actions) env.step(action);
  };
  return [text || "no rules", steps];
}));

/** Times a second that each does its work: the best of the rounds. */
function measure(runs: Readonly<Record<string, () => void>>, rounds: number, each: number): Record<string, number> {
  const best: Record<string, number> = {};
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of Object.entries(runs)) {
      reopen(ledger, 0, 1e12); // enough for fees
      const started = performance.now();
      run();
      best[name] = Math.min(best[name] ?? Infinity, performance.now() - started);
    }
  }
  return Object.fromEntries(Object.entries(best).map(([name, ms]) => [name, Math.round(1000 * each / ms)]));
}

const bars_per_s = measure(books, 40, length);
const steps_per_s = measure(envs, 5, actions.length * rows);
if (Deno.args.includes("--json")) console.log(JSON.stringify({ bars_per_s, rows, episode: 256, steps_per_s }));
else {
  for (const [name, rate] of Object.entries(bars_per_s)) console.log(`${(rate / 1e6).toFixed(2)} M bars/s   ${name}`);
  for (const [name, rate] of Object.entries(steps_per_s)) console.log(`${(rate / 1e6).toFixed(3)} M steps/s ${name}`);
}
