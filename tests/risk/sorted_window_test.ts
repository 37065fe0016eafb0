import { assertEquals } from "@std/assert";
import { backtest } from "../../lib/backtest/mod.ts";
import { normal, rng } from "../../lib/base/random.ts";
import { noCosts } from "../../lib/market/market.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { limitShortfall, limitValueAtRisk, type RiskRule } from "../../lib/risk/mod.ts";
import { assetReturns } from "../../lib/risk/asset_returns.ts";
import { cutTo } from "../../lib/risk/plan.ts";
import { sortedWindow } from "../../lib/risk/sorted_window.ts";
import { tailMethods } from "../../lib/risk/tail.ts";
import type { Strategy } from "../../lib/strategies/mod.ts";

Deno.test("a sorted window holds the last values in order, whether it moves on, jumps or goes back", () => {
  const random = rng(4);
  const series = Float64Array.from({ length: 600 }, () => Math.round(20 * normal(random)) / 10); // many are equal
  const window = sortedWindow(series, 50);
  let t = 1;
  for (let i = 0; i < 2000; i++) {
    const n = Math.min(50, t);
    assertEquals(
      Array.from(window.at(t), (x) => x + 0),
      Array.from(series.slice(t - n + 1, t + 1).sort(), (x) => x + 0),
    );
    const step = random() < 0.9 ? 1 : Math.floor(200 * random()) - 100;
    t = Math.max(1, Math.min(599, t + step >= 599 ? 1 : t + step));
  }
});

Deno.test("limits of one asset's tail decide to the last bit what sorting all returns at each bar would", () => {
  const market = { assets: [synthetic(900, rng(2), { volatility: 0.02 })], length: 900, costs: noCosts };
  market.assets[0].$close.forEach((_, t, close) => t % 7 === 0 && t > 0 ? close[t] = close[t - 1] : 0); // ties
  const restless: Strategy = () => {
    const random = rng(5);
    return (_t, _account, intent) => {
      if (random() < 0.2) intent.weights[0] = 4 * random() - 2;
    };
  };
  for (const what of ["valueAtRisk", "expectedShortfall"] as const) {
    const slow: RiskRule = (market) => (t, account, intent) => {
      if (t < 50) {
        intent.weights.fill(0);
        return;
      }
      const returns = assetReturns(market)[0].subarray(t - Math.min(80, t) + 1, t + 1);
      const measure = ([weight]: Float64Array) =>
        weight === 0 ? 0 : tailMethods.historical(returns.map((r) => weight * r), { level: 0.9 })[what];
      cutTo(0.01, intent, account, measure, new Float64Array(1));
    };
    const quick = (what === "valueAtRisk" ? limitValueAtRisk : limitShortfall)({ limit: 0.01, level: 0.9, bars: 80 });
    const run = (rule: RiskRule) => backtest(market, restless, { risk: [rule], margin: { leverage: 3 } });
    assertEquals(run(quick).equity, run(slow).equity);
  }
});
