import { assertEquals } from "@std/assert";
import { backtest } from "../../lib/backtest/mod.ts";
import { rng } from "../../lib/base/random.ts";
import { strategyDecider } from "../../lib/live/decider.ts";
import { openTrader } from "../../lib/live/trader.ts";
import { type Market, noCosts } from "../../lib/market/market.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { parseRules } from "../../lib/risk/mod.ts";
import { makeStrategy } from "../../lib/strategies/mod.ts";
import { barsOf } from "./bars.ts";

const costs = { transactionFee: 10, makerFee: 2, spread: 2, participation: 0.05, impact: 5 };

function market(K: number, length: number): Market {
  const random = rng(3);
  const assets = Array.from(
    { length: K },
    (_, k) => synthetic(length, random, { volatility: 0.02, symbol: `${"ABC"[k]}/USD` }),
  );
  return { assets, length, costs };
}

for (
  const [K, rules] of [[1, ""], [
    3,
    "volatility_target(0.5), trailing_stop(atr=3), limit_drawdown(0.1, cooling=50)",
  ]] as const
) {
  Deno.test(`a trader of ${K} assets does what the backtest of the same bars does, to the last bit`, async () => {
    const whole = market(K, 900);
    const strategy = makeStrategy("momentum", { fast: 5, slow: 20 });
    const risk = parseRules(rules).map(({ rule }) => rule);
    const options = { cash: 5000, margin: { leverage: 2 }, lag: 1, risk };
    const trader = openTrader({
      ...options,
      symbols: whole.assets.map(({ symbol }) => symbol),
      step: whole.assets[0].step,
      costs,
      history: 100,
      decider: strategyDecider(strategy),
    });
    const equity: number[] = [];
    const wanted: (number | null)[] = [];
    let [fills, events] = [0, 0];
    for (let t = 0; t < whole.length; t++) {
      const { did } = await trader.take(whole.assets[0].time[t], barsOf(whole, t));
      if (!did) continue;
      equity.push(did.equity);
      wanted.push(...did.wanted);
      fills += did.fills.length;
      events += did.risk.length;
    }
    const expected = backtest(whole, strategy, { ...options, from: 100 });
    assertEquals({ ...trader.result(), turnover: 0 }, { ...expected, turnover: 0 });
    assertEquals(Float64Array.from(equity), expected.equity);
    assertEquals(Float64Array.from(wanted, (weight) => weight ?? NaN), expected.wanted);
    assertEquals([fills, events], [expected.fills.length, expected.events.length]);
  });
}

Deno.test("a trader that is halted sells all at the next open and decides nothing until it is released", async () => {
  const whole = market(2, 60);
  const trader = openTrader({
    ...{ symbols: ["A/USD", "B/USD"], step: whole.assets[0].step, costs: noCosts, cash: 1e4, history: 0, lag: 2 },
    decider: strategyDecider(makeStrategy("buy_and_hold")),
  });
  const held: boolean[] = [];
  for (let t = 0; t < whole.length; t++) {
    const { did } = await trader.take(whole.assets[0].time[t], barsOf(whole, t));
    held.push(did!.held.some((weight) => weight !== 0));
    if (t === 20) trader.halt();
  }
  assertEquals(held.indexOf(true), 3); // decided at the close of 0, two bars late
  assertEquals(held.slice(3, 21).every(Boolean), true);
  assertEquals(held.slice(21).some(Boolean), false);
});
