import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  backtest,
  type BacktestOptions,
  combinations,
  compare,
  costDecomposition,
  feeColumns,
  lagCurve,
  resultMetrics,
  sweep,
  trades,
  tradeStats,
  warnings,
} from "../../lib/backtest/mod.ts";
import { rng } from "../../lib/base/random.ts";
import { slice } from "../../lib/market/candles.ts";
import { type Costs, type Market, noCosts } from "../../lib/market/market.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { FILL } from "../../lib/sim/mod.ts";
import {
  buyAndHold,
  flat,
  makeStrategy,
  momentum,
  strategies,
  type Strategy,
  targetStrategy,
} from "../../lib/strategies/mod.ts";

function market(K: number, length: number, costs: Partial<Costs> = {}, seed = 1, volatility = 0.02): Market {
  const random = rng(seed);
  const assets = Array.from({ length: K }, (_, k) => {
    const candles = synthetic(length, random, { volatility, symbol: `${"ABC"[k]}/USDT` });
    for (let t = 0; t < length; t++) candles.filled[t] = Number(random() < 0.05);
    return candles;
  });
  return { assets, length, costs: { ...noCosts, ...costs } };
}

/** The same strategy, without its targets: the backtest has to ask it. */
const asked = (strategy: Strategy): Strategy => (market) => strategy(market);

/** Weights per bar [T, K], written down beforehand and always asked for. */
const scripted = (weights: readonly (readonly number[])[]): Strategy => () => (t, _account, intent) =>
  intent.weights.set(weights[t].slice(0, intent.weights.length));

const anyCosts = fc.record({
  transactionFee: fc.integer({ min: 0, max: 100 }),
  makerFee: fc.constant(0),
  spread: fc.integer({ min: 0, max: 50 }),
  participation: fc.constantFrom(Infinity, 0.5, 0.02),
  impact: fc.constantFrom(0, 20),
});
const weight = fc.oneof(fc.constant(NaN), fc.constant(0), fc.double({ min: -2, max: 2, noNaN: true }));
const plan = fc.array(fc.tuple(weight, weight, weight), { minLength: 1, maxLength: 60 });

Deno.test("a decision at the close of t is filled at the open of t + 1 + lag", () => {
  const bars = market(1, 20);
  bars.assets[0].filled.fill(0);
  for (const lag of [0, 1, 2]) {
    const result = backtest(bars, scripted(Array.from({ length: 20 }, (_, t) => [t === 5 ? 1 : NaN])), { lag });
    assertEquals([result.fills.length, result.fills.t[0]], [1, 6 + lag]);
    assertEquals(result.fills.price[0], bars.assets[0].$open[6 + lag]);
    assertEquals(result.wanted[5], 1);
  }
});

Deno.test("the last decision is never filled, and one bar is a whole backtest", () => {
  const { equity, fills } = backtest(market(1, 1), buyAndHold());
  assertEquals([[...equity], fills.length], [[10_000], 0]);
});

Deno.test("asked bar by bar or followed from its targets, a strategy gives the same to the last bit", () => {
  fc.assert(
    fc.property(
      plan,
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 0, max: 1e6 }),
      anyCosts,
      fc.integer({ min: 0, max: 2 }),
      fc.integer({ min: 0, max: 5 }),
      fc.constantFrom(0.02, 0.3),
      (rows, K, seed, costs, lag, from, volatility) => {
        const bars = market(K, rows.length, costs, seed, volatility);
        const wishes = targetStrategy((_market, _memo, into) =>
          rows.forEach((row, t) => into.set(row.slice(0, K), t * K))
        );
        const options = { lag, from: Math.min(from, rows.length - 1), margin: { leverage: 3 } };
        assertEquals(backtest(bars, wishes, options), backtest(bars, asked(wishes), options));
      },
    ),
    { seed: 11, numRuns: 300 },
  );
});

for (const name of Object.keys(strategies)) {
  Deno.test(`${name}, followed or asked, over one and three assets, thin and not`, () => {
    for (const K of [1, 3]) {
      for (const costs of [{}, { transactionFee: 10, participation: 0.001, spread: 5 }]) {
        const bars = market(K, 400, costs, 8);
        assertEquals(backtest(bars, makeStrategy(name)), backtest(bars, asked(makeStrategy(name))));
      }
    }
  });
}

Deno.test("a test period starts flat at its first close, with averages that know the bars before it", () => {
  const bars = market(1, 300, { transactionFee: 10 });
  const whole = backtest(bars, momentum());
  const test = backtest(bars, momentum(), { from: 200, to: 250 });
  assertEquals(test.equity.length, 50);
  assertEquals(test.equity[0], 10_000);
  assertEquals(test.time, bars.assets[0].time.subarray(200, 250));
  assert([...test.weights.subarray(2)].every((weight, t) => weight === whole.weights[202 + t]), "same decisions");
  const alone = { ...bars, length: 50, assets: bars.assets.map((candles) => slice(candles, 200, 250)) };
  assert(backtest(alone, momentum()).weights.subarray(0, 29).every((weight) => weight === 0), "no warm-up before it");
});

Deno.test("profits of trades sum to the change of equity, whatever is added, cut, turned, liquidated or left open", () => {
  fc.assert(
    fc.property(
      plan,
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 0, max: 1e6 }),
      anyCosts,
      (rows, K, seed, costs) => {
        const bars = market(K, rows.length, costs, seed, 0.2);
        const result = backtest(bars, scripted(rows), { margin: { leverage: 2 } });
        const table = trades(result);
        const change = result.equity[rows.length - 1] - result.cash;
        const profit = table.reduce((sum, trade) => sum + trade.profit, 0);
        assertAlmostEquals(profit, change, 1e-9 * (result.cash + result.traded));
        const { gross, fees, spread, impact, forgiven, net } = costDecomposition(result);
        assertAlmostEquals(net, gross - fees - spread - impact + forgiven, 1e-9 * (1 + Math.abs(gross)));
        assertAlmostEquals(net, change, 1e-9);
        for (const field of ["fees", "spreadCost", "impactCost"] as const) {
          const paid = { fees: result.fees, spreadCost: result.spreadPaid, impactCost: result.impactPaid }[field];
          assertAlmostEquals(table.reduce((sum, trade) => sum + trade[field], 0), paid, 1e-9 * (1 + paid));
        }
        for (const trade of table) assert(trade.size > 0 && trade.exitBar >= trade.entryBar && trade.entryPrice > 0);
      },
    ),
    { seed: 5, numRuns: 400 },
  );
});

Deno.test("a round trip by hand: added to, cut, turned and left open", () => {
  const bars = market(1, 7);
  const [candles] = bars.assets;
  candles.filled.fill(0);
  for (const name of ["$open", "$high", "$low", "$close"] as const) {
    candles[name].set([100, 100, 110, 120, 120, 100, 90]);
  }
  const result = backtest(bars, scripted([[0.5], [0.8], [0.2], [-0.5], [NaN], [NaN], [NaN]]), { cash: 1000 });
  const [long, short] = trades(result);
  // 5 bought at 100; 0.8 of 1050 at 110: to 7.636; at 120 equity 1126.4, 0.2 of it: to 1.877, and then turned short.
  assertAlmostEquals(long.size, 0.8 * 1050 / 110, 1e-12);
  assertAlmostEquals(long.entryPrice, (500 + (0.8 * 1050 / 110 - 5) * 110) / (0.8 * 1050 / 110), 1e-12);
  assertEquals([long.side, long.entryBar, long.exitBar, long.bars, long.exitPrice, long.open], [
    "long",
    1,
    4,
    3,
    120,
    false,
  ]);
  assertAlmostEquals(long.profit, 0.8 * 1050 / 110 * 120 - long.entryPrice * long.size, 1e-9);
  assertEquals([short.side, short.entryBar, short.exitBar, short.open], ["short", 4, 6, true]);
  assertAlmostEquals(short.profit, short.size * (120 - 90), 1e-9);
  assertAlmostEquals(long.profit + short.profit, result.equity[6] - 1000, 1e-9);
  assertEquals(tradeStats([long, short]).winRate, 1);
  assertEquals(tradeStats([]).trades, 0);
});

Deno.test("equity never rises with the fee, for the same decisions", () => {
  fc.assert(
    fc.property(
      plan,
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 0, max: 1e6 }),
      fc.integer({ min: 0, max: 30 }),
      (
        rows,
        K,
        seed,
        spread,
      ) => {
        // All assets or none at each bar; leverage never cuts. Enough margin that no fee decides over a liquidation.
        const whole = rows.map((row) => row.some((w) => w !== w) ? [NaN, NaN, NaN] : row.map((w) => w / 6));
        const bars = market(K, rows.length, { spread, transactionFee: 20 }, seed);
        for (const candles of bars.assets) candles.filled.fill(0);
        const columns = feeColumns(bars, scripted(whole), { multiples: [0, 0.5, 1, 2, 10] });
        for (let i = 1; i < columns.length; i++) {
          assert(columns[i].finalEquity <= columns[i - 1].finalEquity * (1 + 1e-12));
        }
      },
    ),
    { seed: 2, numRuns: 300 },
  );
});

Deno.test("equity falls with the fee for every strategy of the table that trades", () => {
  for (const name of Object.keys(strategies)) {
    for (const K of [1, 3]) {
      for (const seed of [1, 2, 3, 4, 5]) {
        const columns = feeColumns(market(K, 1500, { transactionFee: 10, spread: 2 }, seed), makeStrategy(name));
        assertEquals(columns.map(({ multiple }) => multiple), [0, 0.5, 1, 2]);
        for (let i = 1; i < columns.length; i++) {
          const [cheap, dear] = [columns[i - 1].finalEquity, columns[i].finalEquity];
          assert(name === "flat" ? cheap === dear : dear < cheap, `${name} of ${K}: ${dear} at ${columns[i].multiple}`);
        }
      }
    }
  }
});

Deno.test("nothing but a liquidation trades on a bar that was filled in, and cash covers long wishes", () => {
  fc.assert(
    fc.property(plan, fc.integer({ min: 0, max: 1e6 }), anyCosts, fc.boolean(), (rows, seed, costs, long) => {
      const bars = market(3, rows.length, costs, seed, 0.1);
      const wishes = rows.map((row) => row.map((w) => long ? Math.abs(w) / 6 : w));
      const { fills, weights, equity } = backtest(bars, scripted(wishes));
      for (let i = 0; i < fills.length; i++) {
        if (fills.kind[i] === FILL.market) assertEquals(bars.assets[fills.k[i]].filled[fills.t[i]], 0);
      }
      for (let t = 0; t < equity.length; t++) {
        assert(equity[t] >= 0);
        if (long) assert(weights[3 * t] + weights[3 * t + 1] + weights[3 * t + 2] <= 1 + 1e-9);
      }
    }),
    { seed: 4, numRuns: 200 },
  );
});

Deno.test("a ruined account stays at what was left, and the report can say so", () => {
  const bars = market(1, 200, {}, 3);
  bars.assets[0].$high.fill(5000, 100, 101);
  bars.assets[0].$close.fill(4000, 100, 101);
  const result = backtest(bars, scripted(Array.from({ length: 200 }, () => [-1])));
  assert(result.ruined && result.shortfall > 0);
  assertEquals(new Set(result.equity.subarray(100)), new Set([0]));
  assert(trades(result).at(-1)!.liquidated);
  assert(warnings(result).some((line) => line.includes("liquidated, owing")));
});

Deno.test("the lag curve is a backtest at each delay", () => {
  const bars = market(1, 500, { transactionFee: 5 });
  const points = lagCurve(bars, momentum(), { from: 100 });
  assertEquals(points.map(({ lag }) => lag), [0, 1, 2]);
  const { sharpeRatio } = resultMetrics(backtest(bars, momentum(), { from: 100, lag: 2 }));
  assertEquals(points[2].sharpeRatio, sharpeRatio);
});

Deno.test("a sweep is the backtest of every combination", () => {
  for (const K of [1, 2]) {
    const bars = market(K, 600, { transactionFee: 10, participation: 0.01 }, 6);
    const options: BacktestOptions = { lag: 1, from: 50, cash: 5000 };
    const grid = combinations({ fast: [3, 5, 8], slow: [5, 8, 13] }, ({ fast, slow }) => fast < slow);
    const rows = sweep(bars, "momentum", grid, { ...options, memory: 10_000 });
    assertEquals(rows.length, 6);
    for (const { settings, finalEquity, sharpeRatio, fees, fills } of rows) {
      const result = backtest(bars, makeStrategy("momentum", settings), options);
      assertEquals([finalEquity, fees, fills], [result.equity.at(-1), result.fees, result.fills.length]);
      assertAlmostEquals(sharpeRatio, resultMetrics(result).sharpeRatio, 1e-9);
    }
  }
  const bars = market(1, 50);
  assertEquals(sweep(bars, "mean_reversion", { period: [5, 6], entry: [1, 2] }).length, 4);
  assertThrows(() => sweep(bars, "momentum", { fast: [3, 30] }), RangeError, '"fast" must be less than "slow"');
  assertThrows(() => sweep(bars, "momentum", []), RangeError, "at least one combination");
});

Deno.test("a comparison puts strategies beside each other over the same bars", () => {
  const { rows, results } = compare(market(1, 500, { transactionFee: 10 }), { cash: flat(), hold: buyAndHold() }, {
    from: 9,
  });
  assertEquals(rows.map(({ strategy }) => strategy), ["cash", "hold"]);
  assertEquals([rows[0].totalReturn, rows[0].trades, rows[0].timeInMarket, rows[0].turnover], [0, 0, 0, 0]);
  assertEquals([rows[1].trades, rows[1].finalEquity], [1, results.hold.equity[490]]);
  assert(rows[1].timeInMarket > 0.9 && rows[1].exposure > 0.9);
});

Deno.test("numbers too good or too thin come with a warning, sound ones without", () => {
  const bars = market(1, 400, { participation: 0.5 }, 2);
  const oracle: Strategy = ({ assets: [{ $open }] }) => (t, _account, intent) =>
    void (intent.weights[0] = $open[t + 2] > $open[t + 1] ? 1 : 0);
  const saying = (lines: string[], ...parts: string[]) =>
    parts.forEach((part) => assert(lines.some((line) => line.includes(part)), `${part} in ${lines.join("\n")}`));
  saying(
    warnings(backtest(bars, oracle), { lag: lagCurve(bars, oracle) }),
    "A Sharpe ratio of",
    "One bar of delay",
    "days",
  );
  saying(warnings(backtest(bars, oracle, { cash: 1e6 })), "of the volume asked for", "more than a tenth");
  assert(warnings(backtest(bars, buyAndHold())).some((line) => line.startsWith("One trade is too few")));
  assertEquals(warnings(backtest(bars, flat())), []);
});

Deno.test("impossible runs are refused before any work", () => {
  const bars = market(1, 10);
  const fails = (options: BacktestOptions, message: string) =>
    assertThrows(() => backtest(bars, flat(), options), RangeError, message);
  fails({ from: 5, to: 5 }, "span of at least one bar within 0..10");
  fails({ to: 11 }, "within 0..10");
  fails({ from: -1 }, "within 0..10");
  fails({ lag: 0.5 }, '"lag" must be a whole number');
  fails({ cash: -5 }, "cash must be a number above 0");
  fails({ margin: { leverage: 0 } }, "leverage");
  assertThrows(
    () => backtest({ ...bars, length: 0, assets: [slice(bars.assets[0], 0, 0)] }, flat()),
    RangeError,
    "one bar",
  );
  const greedy: Strategy = () => (_t, _account, intent) => void (intent.weights[0] = Infinity);
  assertThrows(() => backtest(bars, greedy), RangeError, "Cannot trade A/USDT at 2017-07-14 02:40 as its weight");
});

Deno.test("a strategy may quote: limit orders rest for the bar after the decision, as maker", () => {
  const bars = market(1, 300, { makerFee: 2, transactionFee: 50, participation: 0.1 }, 9);
  const { $open, $close, $low, $volume, filled } = bars.assets[0];
  const quoting: Strategy = () => (t, account, intent) => {
    if (account.weights[0] > 0) return;
    intent.bid[0] = $close[t] * 0.99;
    intent.size[0] = 1;
  };
  for (const lag of [0, 1]) {
    const { fills, fees, wanted, equity, cash } = backtest(bars, quoting, { lag, cash: 1e4 });
    assert(fills.length > 0 && fills.length <= 1 + lag);
    const t = fills.t[0];
    assertEquals([fills.kind[0], filled[t]], [FILL.limit, 0]);
    assertEquals(fills.price[0], $close[t - 1 - lag] * 0.99);
    assert($low[t] < fills.price[0] && fills.units[0] <= 0.1 * $volume[t]);
    assertAlmostEquals(fees, fills.fee.reduce((sum, fee) => sum + fee), 1e-12);
    const bps = fills.price[0] >= $open[t] ? 50 : 2; // already marketable at the open: a taker
    assertAlmostEquals(fills.fee[0], fills.units[0] * fills.price[0] * bps / 1e4, 1e-12);
    assert(wanted.every(Number.isNaN));
    assertAlmostEquals(trades(backtest(bars, quoting, { lag, cash: 1e4 }))[0].profit, equity[299] - cash, 1e-9 * cash);
  }
});
