import { assert, assertEquals } from "@std/assert";
import { backtest } from "../../lib/backtest/backtest.ts";
import { resultMetrics } from "../../lib/backtest/evaluate.ts";
import { lagCurve } from "../../lib/backtest/lag.ts";
import { rng } from "../../lib/base/random.ts";
import { type Market, noCosts } from "../../lib/market/market.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { buyAndHold, type Strategy } from "../../lib/strategies/mod.ts";

const market: Market = { assets: [synthetic(1500, rng(3), { symbol: "A/USD" })], length: 1500, costs: noCosts };

/** Knows whether the bar that it can first trade closes above its open. */
const oracle: Strategy = ({ assets: [{ $open, $close }] }) => (t, _account, { weights }) => {
  weights[0] = t + 1 < $open.length && $close[t + 1] > $open[t + 1] ? 1 : 0;
};

Deno.test("an edge of one bar is gone one bar later, and the curve's first point is the plain backtest", () => {
  const [punctual, late] = lagCurve(market, oracle, { cash: 5000, lags: [0, 1] });
  const { totalReturn, sharpeRatio, maxDrawdown } = resultMetrics(backtest(market, oracle, { cash: 5000 }));
  assertEquals(punctual, { lag: 0, totalReturn, sharpeRatio, maxDrawdown });
  assert(sharpeRatio > 10 && late.sharpeRatio < sharpeRatio / 5, `${sharpeRatio}, ${late.sharpeRatio}`);
});

Deno.test("who decides once loses nothing but the bars before the purchase", () => {
  const [{ $open, $close }] = market.assets;
  for (const { lag, totalReturn } of lagCurve(market, buyAndHold(), { lags: [0, 1, 5] })) {
    const wanted = $close[1499] / $open[1 + lag] - 1;
    assert(Math.abs(totalReturn - wanted) < 1e-9, `${lag}: ${totalReturn}, ${wanted}`);
  }
});
