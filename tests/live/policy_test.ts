import { assert, assertEquals } from "@std/assert";
import { trunks } from "../../lib/agent/mod.ts";
import { openPolicy } from "../../lib/agent/policy_file.ts";
import { trade } from "../../lib/agent/policy_strategy.ts";
import { rng } from "../../lib/base/random.ts";
import { boxActions, discreteActions } from "../../lib/env/actions.ts";
import { featureSets } from "../../lib/features/sets.ts";
import { policyDecider } from "../../lib/live/decider.ts";
import { openTrader } from "../../lib/live/trader.ts";
import type { Market } from "../../lib/market/market.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { limitDrawdown } from "../../lib/risk/mod.ts";
import { barsOf } from "./bars.ts";
import { featuresOf, policyFile, type PolicyLike } from "./policies.ts";

const costs = { transactionFee: 5, makerFee: 2, spread: 2, participation: 0.1 };

function market(K: number, length: number): Market {
  const random = rng(3);
  const assets = Array.from(
    { length: K },
    (_, k) => synthetic(length, random, { volatility: 0.02, symbol: `${"ABC"[k]}/USD` }),
  );
  return { assets, length, costs };
}

/** Trades a market with a policy, all bars at once and bar by bar, and asserts that nothing differs. */
async function assertSame(whole: Market, like: PolicyLike, history = 20): Promise<Float32Array> {
  await using saved = await openPolicy(await policyFile(whole, like));
  const { actions, window } = saved.notes;
  const matrix = featuresOf(whole, like.specs);
  const options = { cash: 1e4, risk: [limitDrawdown(0.6)], margin: { leverage: 1 } };
  const first = matrix.warmup + window - 1;
  const expected = await trade(whole, { policy: saved.policy(matrix), actions, first }, { ...options, from: history });
  const trader = openTrader({
    ...{ ...options, costs, history, symbols: whole.assets.map(({ symbol }) => symbol), step: whole.assets[0].step },
    decider: policyDecider(saved, like.specs),
  });
  const chosen: number[] = [];
  const observations = new Set<string>();
  for (let t = 0; t < whole.length; t++) {
    const { did } = await trader.take(whole.assets[0].time[t], barsOf(whole, t));
    if (!did) continue;
    chosen.push(...did.chosen!.map((value) => value ?? NaN));
    if (t >= first) observations.add(did.observation!);
  }
  assertEquals(Float32Array.from(chosen), expected.chosen);
  assertEquals({ ...trader.result(), turnover: 0 }, { ...expected.result, turnover: 0 });
  assertEquals(observations.size, whole.length - first);
  assert(expected.result.fills.length > 5, "the policy changes its mind");
  return expected.chosen;
}

for (const trunk of Object.keys(trunks) as (keyof typeof trunks)[]) {
  Deno.test(`a ${trunk} with all 44 indicators decides bar by bar what it decides in a backtest, to the last bit`, async () => {
    await assertSame(market(1, 500), { specs: featureSets.core44, actions: discreteActions(1), trunk });
  });
  Deno.test(`a ${trunk} that trades two assets by any exposure does too`, async () => {
    await assertSame(market(2, 300), { specs: featureSets.quick, actions: boxActions(2), trunk, net_arch: [37, 5] });
  });
}
