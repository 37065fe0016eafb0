import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { backtest } from "../../lib/backtest/mod.ts";
import { rng } from "../../lib/base/random.ts";
import { type Market, noCosts } from "../../lib/market/market.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { limitDrawdown, riskRules } from "../../lib/risk/mod.ts";
import { buyAndHold, momentum } from "../../lib/strategies/mod.ts";

const candles = synthetic(500, rng(2), { volatility: 0.02, drift: -0.003 });
const market: Market = { assets: [candles], length: 500, costs: noCosts };

Deno.test("goes flat at the bar after the limit is crossed, stays flat, and says so", () => {
  const { equity, weights, events } = backtest(market, buyAndHold(), { risk: [limitDrawdown(0.2)] });
  const { t, reason } = events[0];
  assert(equity[t] / Math.max(...equity.subarray(0, t + 1)) <= 0.8);
  assert(equity.subarray(0, t).every((value, i) => value / Math.max(...equity.subarray(0, i + 1)) > 0.8));
  assertEquals(weights[t + 1], 0);
  assert(weights.subarray(t + 1).every((weight) => weight === 0));
  assert(/Drawdown 2\d\.\d % is over the limit of 20 %/.test(reason), reason);
});

Deno.test("a strategy that goes on asking is held back, and that is said once", () => {
  const { events, weights } = backtest(market, momentum(), { risk: [limitDrawdown(0.05)] });
  assertEquals(weights[499], 0);
  assert(events.length > 1 && events[1].reason.startsWith("Stays flat"));
  for (let i = 1; i < events.length; i++) assert(events[i].t > events[i - 1].t + 1 || i === 1);
});

Deno.test("a limit twice is a limit once, and every rule of the table leaves a flat account flat", () => {
  const once = backtest(market, buyAndHold(), { risk: [limitDrawdown()] });
  const twice = backtest(market, buyAndHold(), { risk: [limitDrawdown(), limitDrawdown()] });
  assertEquals(twice.equity, once.equity);
  for (const rule of Object.values(riskRules)) {
    const { fills } = backtest(market, () => () => {}, { risk: [rule.make({})] });
    assertEquals(fills.length, 0);
  }
});

Deno.test("a limit that is not a share is refused", () => {
  for (const limit of [0, -0.1, 1.1, NaN]) {
    assertThrows(() => limitDrawdown(limit), RangeError, "must be a share above 0");
  }
});

Deno.test("a limit of 7 % is told as 7 %, not as floating point has it", () => {
  const { events } = backtest(market, buyAndHold(), { risk: [limitDrawdown(0.07)] });
  assertMatch(events[0].reason, /over the limit of 7 %$/);
});
