import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Policy } from "../../lib/agent/net.ts";
import { replayStrategy, trade, tradeAll, type Trader } from "../../lib/agent/policy_strategy.ts";
import { draw, newDrawn, policySize } from "../../lib/agent/distributions.ts";
import { backtest } from "../../lib/backtest/mod.ts";
import { rng } from "../../lib/base/random.ts";
import { type ActionMeaning, boxActions, discreteActions, marketEnv, spaceOf } from "../../lib/env/mod.ts";
import type { FeatureMatrix } from "../../lib/features/matrix.ts";
import type { Market } from "../../lib/market/market.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { limitDrawdown } from "../../lib/risk/mod.ts";

const [WARMUP, WINDOW] = [5, 4];

function marketOf(K: number, length = 600, fee = 10): Market {
  const assets = Array.from({ length: K }, (_, k) => synthetic(length, rng(k + 1), { symbol: `A${k}/USD` }));
  return { assets, length, costs: { transactionFee: fee, makerFee: 5, spread: 2, participation: 0.1 } };
}

function featuresOf({ assets, length }: Market): FeatureMatrix {
  const values = Float32Array.from({ length }, (_, t) => t < WARMUP ? NaN : Math.sin(t));
  return { names: ["wave"], time: assets[0].time, values, warmup: WARMUP };
}

/** Says something of the bar and of every number of the account, so that a wrong look changes what it wants. */
function moody(actions: ActionMeaning): Policy & { looks: number } {
  const P = policySize(spaceOf(actions));
  const policy = {
    looks: 0,
    look(bars: Int32Array, state: Float32Array) {
      policy.looks++;
      const A = state.length / bars.length;
      const said = new Float32Array(bars.length * P);
      for (let row = 0; row < bars.length; row++) {
        let mood = Math.sin(bars[row] / 7);
        for (let i = 0; i < A; i++) mood += Math.cos(17 * (i + 1) * state[row * A + i]);
        for (let i = 0; i < P; i++) said[row * P + i] = Math.sin(mood * (i + 1));
      }
      return Promise.resolve({ policy: said, value: new Float32Array(bars.length) });
    },
  };
  return policy;
}

const traderOf = (actions: ActionMeaning): Trader => ({
  policy: moody(actions),
  actions,
  first: WARMUP + WINDOW - 1,
});

for (const K of [1, 3]) {
  for (const actions of [discreteActions(K), boxActions(K, 1.5)]) {
    Deno.test(`a policy with ${actions.kind} actions earns in a backtest of ${K} asset(s) what it earns in a one-row env, to the last bit`, async () => {
      const market = marketOf(K);
      const span = { from: 60, to: 500 };
      const margin = { leverage: 2 };
      const { result, chosen } = await trade(market, traderOf(actions), { ...span, margin });
      assert(result.fills.length > 20);

      const env = marketEnv(market, featuresOf(market), {
        rows: 1,
        bars: 10_000,
        window: WINDOW,
        randomStart: false,
        actions,
        margin,
        ...span,
      });
      const policy = moody(actions);
      const drawn = newDrawn(env.actions, 1);
      let { bars, state } = env.reset(1);
      assertEquals(env.equity[0], result.equity[0]);
      for (let i = 1; i < result.equity.length; i++) {
        draw(env.actions, (await policy.look(bars, state)).policy, rng(0), drawn, true);
        assertEquals(drawn.actions, chosen.slice((i - 1) * drawn.actions.length, i * drawn.actions.length));
        const last = env.equity[0];
        const reward = ({ bars, state } = env.step(drawn.actions)).rewards[0];
        if (i < result.equity.length - 1) assertEquals(env.equity[0], result.equity[i]);
        else assertEquals(reward, Math.log(result.equity[i] / last)); // the env has begun afresh
      }
    });
  }
}

Deno.test("a policy asks for nothing before its window is full, and is not asked", async () => {
  const trader = traderOf(discreteActions(1));
  const { result, chosen } = await trade(marketOf(1), trader, { from: 0, to: 20 });
  for (let t = 0; t < 8; t++) {
    assert(Number.isNaN(chosen[t]));
    assertEquals(result.weights[t], 0);
  }
  assert(!Number.isNaN(chosen[8]));
  assertEquals((trader.policy as ReturnType<typeof moody>).looks, 12);
});

Deno.test("markets of other costs traded together come out as each alone", async () => {
  const markets = [0, 5, 20].map((fee) => marketOf(2, 300, fee));
  const together = await tradeAll(markets, traderOf(discreteActions(2)));
  for (const [i, market] of markets.entries()) {
    assertEquals(together[i], await trade(market, traderOf(discreteActions(2))));
  }
  assert(together[0].result.equity[299] !== together[2].result.equity[299]);
  await assertRejects(
    () => tradeAll([marketOf(1), marketOf(1, 100)], traderOf(discreteActions(1))),
    RangeError,
    "equal bars: 600, 100",
  );
});

Deno.test("risk rules and delay act on a policy; a replay of what it asked for is the same backtest", async () => {
  const market = marketOf(1);
  const free = await trade(market, traderOf(discreteActions(1)));
  const held = await trade(market, traderOf(discreteActions(1)), { risk: [limitDrawdown(0.02)] });
  assert(held.result.events.length > 0);
  assert(free.result.events.length === 0);
  const late = await trade(market, traderOf(discreteActions(1)), { lag: 2 });
  for (const [traded, options] of [[free, {}], [held, { risk: [limitDrawdown(0.02)] }], [late, { lag: 2 }]] as const) {
    assertEquals(backtest(market, replayStrategy(traded.result), options), traded.result);
  }
});

Deno.test("trading stops between two bars when told to", async () => {
  const stop = new AbortController();
  stop.abort();
  await assertRejects(() => trade(marketOf(1), traderOf(discreteActions(1)), { signal: stop.signal }), Error, "abort");
});
