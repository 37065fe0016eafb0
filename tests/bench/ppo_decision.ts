/**
 * How long one decision takes: a candle in, the action out. Features bar by bar, scaler, window and network from the
 * model's file, the account and its books: what `lab paper` does for each bar, but for its journal.
 *
 *     deno run -A tests/bench/ppo_decision.ts [--bars 4000] [--json]
 */
import { parseArgs } from "node:util";
import { openPolicy } from "../../lib/agent/policy_file.ts";
import { discreteActions } from "../../lib/env/actions.ts";
import { featureSpecs } from "../../lib/features/sets.ts";
import { loadCandles } from "../../lib/data/load.ts";
import { policyDecider } from "../../lib/live/decider.ts";
import { latency } from "../../lib/live/latency.ts";
import { openTrader } from "../../lib/live/trader.ts";
import { slice } from "../../lib/market/candles.ts";
import { noCosts } from "../../lib/market/market.ts";
import { barsOf } from "../live/bars.ts";
import { policyFile } from "../live/policies.ts";

const { values: flags } = parseArgs({
  options: { bars: { type: "string", default: "4000" }, json: { type: "boolean", default: false } },
});
const history = 1000;
const all = (await loadCandles("coinbase_BTC-USD_1h")).candles;
const candles = slice(all, 0, Math.min(all.length, history + Number(flags.bars)));
const costs = { ...noCosts, transactionFee: 10 };
const market = { assets: [candles], length: candles.length, costs };

for (const spec of ["quick", "core44"]) {
  for (const trunk of ["mlp", "lstm", "transformer"] as const) {
    const specs = featureSpecs(spec);
    const actions = discreteActions(1);
    await using saved = await openPolicy(await policyFile(market, { specs, actions, window: 32, trunk }), 1);
    const { symbol, step } = candles;
    const decider = policyDecider(saved, specs);
    const trader = openTrader({ symbols: [symbol], step, costs, cash: 10_000, decider, history });
    const times = latency();
    let trades = 0;
    for (let t = 0; t < candles.length; t++) {
      const bars = barsOf(market, t);
      const started = performance.now();
      const { did } = await trader.take(candles.time[t], bars);
      if (did && t > history + 100) times.add(performance.now() - started); // after the first, compiled ones
      trades += did?.fills.length ?? 0;
    }
    const [p50, p99] = [0.5, 0.99].map((q) => Number(times.quantile(q).toPrecision(3)));
    const facts = {
      features: spec,
      columns: specs.length,
      window: 32,
      trunk,
      bars: times.count,
      p50,
      p99,
      max: times.max,
    };
    console.log(
      flags.json ? JSON.stringify(facts) : `${spec} (${specs.length}), window 32, ${trunk}: p50 ${p50} ms, ` +
        `p99 ${p99} ms, longest ${times.max.toFixed(2)} ms of ${times.count} decisions, ${trades} fills`,
    );
  }
}
