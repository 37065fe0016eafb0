/**
 * How long a live trader takes from a bar to its decision, with all 44 indicators and the default network:
 * `deno run -A tests/bench/paper.ts [--bars 3000] [--symbols 50]`. Time is from the moment a bar is there (as a stream
 * gives it) until risk rules have passed what is wanted; and, apart, until it is on the disk.
 */
import { parseArgs } from "node:util";
import { openPolicy } from "../../lib/agent/policy_file.ts";
import { rng } from "../../lib/base/random.ts";
import { discreteActions } from "../../lib/env/actions.ts";
import { featureSets } from "../../lib/features/sets.ts";
import { policyDecider } from "../../lib/live/decider.ts";
import { openJournal } from "../../lib/live/journal.ts";
import { latency, latencyText } from "../../lib/live/latency.ts";
import { openTrader, type Trader } from "../../lib/live/trader.ts";
import type { Candles } from "../../lib/market/candles.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { parseRules } from "../../lib/risk/mod.ts";
import { barsOf } from "../live/bars.ts";
import { policyFile } from "../live/policies.ts";

const { values } = parseArgs({
  options: { bars: { type: "string", default: "3000" }, symbols: { type: "string", default: "50" } },
});
const [bars, symbols] = [Number(values.bars), Number(values.symbols)];
const history = 1000;
const costs = { transactionFee: 10, makerFee: 2, spread: 2, participation: 0.1 };
const market = (candles: Candles) => ({ assets: [candles], length: candles.length, costs });

const file = await policyFile(market(synthetic(2000, rng(1))), {
  ...{ specs: featureSets.core44, actions: discreteActions(1), window: 32 },
});
await using policy = await openPolicy(file);
const open = (rules: string): Trader =>
  openTrader({
    ...{ symbols: ["SYN/USDT"], step: 3_600_000, costs, cash: 1e4, history },
    risk: parseRules(rules).map(({ rule }) => rule),
    decider: policyDecider(policy, featureSets.core44),
  });

async function one(rules: string, disk: boolean): Promise<void> {
  const candles = synthetic(history + bars, rng(2));
  const trader = open(rules);
  const [times, synced] = [latency(), latency()];
  const path = await Deno.makeTempFile();
  using journal = openJournal(path);
  for (let t = 0; t < candles.length; t++) {
    if (t % 64 === 0) await new Promise((resolve) => setTimeout(resolve, 0)); // as between two bars of a market
    const began = performance.now();
    const { did } = await trader.take(candles.time[t], barsOf(market(candles), t));
    const decided = performance.now();
    if (!did || t < history + 200) continue; // not what V8 has not compiled yet
    times.add(decided - began);
    if (!disk) continue;
    journal.append({ t, did });
    journal.sync();
    synced.add(performance.now() - decided);
  }
  await Deno.remove(path);
  console.log(
    `one symbol${rules && `, ${rules}`}: ${latencyText(times)}${disk ? `; to the disk: ${latencyText(synced)}` : ""}`,
  );
}

async function many(): Promise<void> {
  const traders = Array.from({ length: symbols }, () => open("trailing_stop(atr=3), limit_drawdown(0.2)"));
  const candles = traders.map((_, i) => synthetic(history + 400, rng(i)));
  const [times, all] = [latency(), latency()];
  for (let t = 0; t < history + 400; t++) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    const began = performance.now(); // every symbol's bar closes at the same moment
    for (let i = 0; i < symbols; i++) {
      await traders[i].take(candles[i].time[t], barsOf(market(candles[i]), t));
      if (t >= history + 100) times.add(performance.now() - began);
    }
    if (t >= history + 100) all.add(performance.now() - began);
  }
  console.log(
    `${symbols} symbols whose bars close at once: ${latencyText(times)}; until all are decided on: ${latencyText(all)}`,
  );
}

await one("", false);
await one("volatility_target(0.3), trailing_stop(atr=3), limit_var(0.05), limit_drawdown(0.2)", true);
await many();
