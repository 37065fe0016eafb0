import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { backtest, trades } from "../../lib/backtest/mod.ts";
import { rng } from "../../lib/base/random.ts";
import { newCandles } from "../../lib/market/candles.ts";
import { type Market, noCosts } from "../../lib/market/market.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import {
  buyAndHold,
  makeStrategy,
  meanReversion,
  momentum,
  randomLike,
  type Strategy,
  targetStrategy,
} from "../../lib/strategies/mod.ts";

/** One asset whose bars open where the last closed. */
function market(...closes: number[]): Market {
  const $close = Float64Array.from(closes);
  const $open = $close.map((price, t) => t === 0 ? price : closes[t - 1]);
  const candles = newCandles({
    symbol: "X/USDT",
    step: 36e5,
    time: $close.map((_, t) => t * 36e5),
    $open,
    $high: $close.map((price, t) => Math.max(price, $open[t])),
    $low: $close.map((price, t) => Math.min(price, $open[t])),
    $close,
    $volume: $close.map(() => 1e6),
  });
  return { assets: [candles], length: closes.length, costs: noCosts };
}
const wild = (length: number, K = 1): Market => {
  const random = rng(4);
  const assets = Array.from({ length: K }, (_, k) => synthetic(length, random, { volatility: 0.02, symbol: "ABC"[k] }));
  return { assets, length, costs: { ...noCosts, transactionFee: 10 } };
};

Deno.test("buy and hold without costs earns what the market earns", () => {
  const bars = wild(500);
  const { equity } = backtest({ ...bars, costs: noCosts }, buyAndHold());
  const { $open, $close } = bars.assets[0];
  assertAlmostEquals(equity[499] / equity[0], $close[499] / $open[1], 1e-12); // bought at the open after the decision
});

Deno.test("buy and hold buys once, and goes on asking where the volume is thin", () => {
  assertEquals(backtest(wild(300, 3), buyAndHold()).fills.length, 3);
  const thin = { ...wild(300), costs: { ...noCosts, participation: 0.01 } };
  const { fills, weights } = backtest(thin, buyAndHold(), { cash: 1000 });
  assert(fills.length > 5 && weights[299] > 0.95);
});

Deno.test("momentum is long from the bar after the fast average crosses above the slow one, to the bar after it is back", () => {
  const { weights, wanted } = backtest(market(10, 10, 10, 12, 14, 13.5, 9, 8, 8), momentum({ fast: 1, slow: 3 }));
  assertEquals([...weights], [0, 0, 0, 0, 1, 1, 1, 0, 0]);
  assertEquals([...wanted], [0, NaN, NaN, 1, NaN, NaN, 0, NaN, NaN]);
  const { weights: both } = backtest(market(10, 10, 9, 8, 7), momentum({ fast: 1, slow: 3, short: true }));
  assert(both[3] < 0 && both[2] === 0, "short, but not before the averages exist");
});

Deno.test("mean reversion buys far below the mean and sells when the price is back", () => {
  const prices = [10, 10.1, 9.9, 10, 10.1, 8, 9, 10.5, 10.5];
  const { weights } = backtest(market(...prices), meanReversion({ period: 5, entry: 1.5 }));
  assertEquals([...weights], [0, 0, 0, 0, 0, 0, 1, 1, 0]);
  const byRsi = backtest(market(...prices), meanReversion({ by: "rsi", period: 3, entry: 2 })); // 6.6, 43.1, 69.7
  assertEquals([...byRsi.weights], [0, 0, 0, 0, 0, 0, 1, 1, 0]);
});

Deno.test("random like another trades as often, as long and as much, at other times", () => {
  for (const short of [false, true]) {
    const bars = wild(3000, 2);
    const other = backtest(bars, momentum({ fast: 5, slow: 40, short }));
    const like = backtest(bars, randomLike(other, { seed: 9 }));
    const [a, b] = [trades(other), trades(like)];
    // the last position of either may still be held at the end, where its length is cut
    for (const symbol of ["SYN/USDT"]) {
      const held = (table: typeof a) =>
        table.filter((trade) => trade.symbol === symbol && !trade.open).map((t) => t.bars);
      assert(Math.abs(held(a).length - held(b).length) <= 2);
      assert(Math.abs(held(a).reduce((x, y) => x + y, 0) - held(b).reduce((x, y) => x + y, 0)) < 100);
    }
    assert(Math.abs(like.turnover / other.turnover - 1) < 0.1);
    assert(like.wanted.some((weight, t) => !Object.is(weight, other.wanted[t])));
    assertEquals(backtest(bars, randomLike(other, { seed: 9 })), like);
    assert(backtest(bars, randomLike(other, { seed: 10 })).equity[2999] !== like.equity[2999]);
  }
});

Deno.test("random like another with nothing to copy does nothing; with one position it moves it", () => {
  const bars = wild(50);
  assertEquals(backtest(bars, randomLike(backtest(bars, makeStrategy("flat")))).fills.length, 0);
  const held = backtest(bars, makeStrategy("buy_and_hold"));
  assertEquals(backtest(bars, randomLike(held)).fills.length, 1);
});

Deno.test("a strategy is made by name and settings, which may be text", () => {
  const bars = wild(400);
  const typed = backtest(bars, momentum({ fast: 7, slow: 21, short: true }));
  assertEquals(backtest(bars, makeStrategy("momentum", { fast: "7", slow: 21, short: "true" })), typed);
});

Deno.test("what cannot be made is refused with the nearest that can", () => {
  const fails = (name: string, settings: Record<string, string | number | boolean>, message: string) =>
    assertThrows(() => makeStrategy(name, settings), RangeError, message);
  fails("momentun", {}, 'nearest is "momentum"');
  fails("constructor", {}, 'Cannot make the strategy "constructor"');
  fails("momentum", { fst: 3 }, 'nearest is "fast"');
  fails("flat", { fast: 3 }, "it has no settings");
  fails("momentum", { fast: 2.5 }, "must be a whole number from 1 to 1000: current value is 2.5");
  fails("momentum", { fast: "" }, "must be a whole number");
  fails("momentum", { fast: NaN }, "must be a whole number");
  fails("momentum", { fast: 30 }, '"fast" must be less than "slow": they are 30 and 30');
  fails("momentum", { short: "maybe" }, "must be true or false");
  fails("mean_reversion", { by: "zscor" }, "must be one of zscore, rsi");
  fails("mean_reversion", { exit: 3 }, '"exit" must be less than "entry"');
});

Deno.test("that nothing is wanted any more is said also where nothing is held yet: an order may be on its way", () => {
  const market = { assets: [synthetic(10, rng(1))], length: 10, costs: noCosts };
  const blink = targetStrategy((_market, _memo, into) => void (into[2] = 1)); // one bar long, else flat
  const asked: Strategy = (bars) => blink(bars);
  for (const strategy of [blink, asked]) {
    const { weights, wanted } = backtest(market, strategy, { lag: 2 });
    assertEquals([...wanted.slice(0, 5)].map((wish) => wish || 0), [0, 0, 1, 0, 0]);
    assertEquals([weights[5], weights[6]], [1, 0]);
  }
});
