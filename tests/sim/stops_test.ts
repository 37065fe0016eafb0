import { assertAlmostEquals, assertEquals } from "@std/assert";
import { backtest } from "../../lib/backtest/mod.ts";
import { rng } from "../../lib/base/random.ts";
import { newCandles } from "../../lib/market/candles.ts";
import { type Costs, type Market, noCosts } from "../../lib/market/market.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { FILL } from "../../lib/sim/mod.ts";
import type { Strategy } from "../../lib/strategies/mod.ts";

type Bar = readonly [open: number, high: number, low: number, close: number];

function bars(rows: readonly Bar[], costs: Partial<Costs> = {}, filled: readonly number[] = []): Market {
  const column = (i: number) => Float64Array.from(rows, (row) => row[i]);
  const candles = newCandles({
    symbol: "A/USD",
    step: 36e5,
    time: Float64Array.from(rows, (_, t) => t * 36e5),
    $open: column(0),
    $high: column(1),
    $low: column(2),
    $close: column(3),
    $volume: new Float64Array(rows.length).fill(1000),
    filled: Uint8Array.from(rows, (_, t) => filled[t] ?? 0),
  });
  return { assets: [candles], length: rows.length, costs: { ...noCosts, ...costs } };
}

/** Enters at bar 1 and holds, with a stop and a target for every bar. */
const guarded = (weight: number, stop: number, take = NaN): Strategy => () => (t, _account, intent) => {
  if (t === 0) intent.weights[0] = weight;
  [intent.stop[0], intent.take[0]] = [stop, take];
};

const calm: Bar = [100, 101, 99, 100];

Deno.test("a stop within the bar fills at its price, for longs and shorts", () => {
  const long = backtest(bars([calm, calm, [100, 100, 90, 92], [92, 92, 50, 50]]), guarded(1, 95));
  assertEquals([long.fills.length, long.fills.kind[1], long.fills.price[1], long.fills.t[1]], [2, FILL.stop, 95, 2]);
  assertAlmostEquals(long.equity[3], 9500, 1e-9);
  const short = backtest(bars([calm, calm, [100, 110, 100, 108], calm]), guarded(-1, 105));
  assertEquals([short.fills.price[1], short.weights[2]], [105, 0]);
  assertAlmostEquals(short.equity[3], 9500, 1e-9);
});

Deno.test("a bar that opens beyond the stop fills at its open, which is worse", () => {
  const { fills, equity } = backtest(bars([calm, calm, [90, 93, 88, 92], calm]), guarded(1, 95));
  assertEquals([fills.length, fills.kind[1], fills.price[1]], [2, FILL.market, 90]);
  assertAlmostEquals(equity[3], 9000, 1e-9);
});

Deno.test("a position is not entered where its stop is already behind the open", () => {
  assertEquals(backtest(bars([calm, [90, 93, 88, 92], calm]), guarded(1, 95)).fills.length, 0);
});

Deno.test("a position entered at the open may be stopped within the same bar", () => {
  const { fills, weights } = backtest(bars([calm, [100, 100, 94, 99], calm]), guarded(1, 95));
  assertEquals([fills.length, fills.t[1], fills.price[1], weights[1]], [2, 1, 95, 0]);
});

Deno.test("a target is a limit: touching is not enough, the maker's fee is paid, and a gap gives the better open", () => {
  const costs = { makerFee: 10 };
  assertEquals(backtest(bars([calm, calm, [100, 110, 100, 105]]), guarded(1, NaN, 110)).fills.length, 1);
  const { fills } = backtest(bars([calm, calm, [100, 111, 100, 105]], costs), guarded(1, NaN, 110));
  assertEquals([fills.kind[1], fills.price[1]], [FILL.limit, 110]);
  assertAlmostEquals(fills.fee[1], 100 * 110 * 1e-3, 1e-9);
  assertEquals(backtest(bars([calm, calm, [115, 116, 114, 115]]), guarded(1, NaN, 110)).fills.price[1], 115);
});

Deno.test("in a bar that reaches both, the stop came first", () => {
  assertEquals(backtest(bars([calm, calm, [100, 120, 80, 110]]), guarded(1, 95, 110)).fills.price[1], 95);
});

Deno.test("a stop pays fee, half the spread and impact, and takes no more than the bar's volume allows", () => {
  const fall: Bar = [100, 100, 90, 92];
  const costs = { transactionFee: 10, spread: 20, impact: 50 };
  const { fills } = backtest(bars([calm, calm, fall], costs), guarded(1, 95));
  assertAlmostEquals(fills.spreadCost[1], -fills.units[1] * 95 * 1e-3, 1e-9);
  assertAlmostEquals(fills.impactCost[1], -fills.units[1] * 95 * 0.005 * Math.sqrt(-fills.units[1] / 1000), 1e-9);
  const thin = backtest(bars([calm, calm, fall, fall], { participation: 0.06 }), guarded(1, 95));
  assertEquals([...thin.fills.units.slice(1)], [-60]); // 60 of 60 that were entered
  const thinner = backtest(bars([calm, calm, fall, fall], { participation: 0.06 }), () => (t, _account, intent) => {
    if (t <= 1) intent.weights[0] = 1;
    if (t >= 2) intent.stop[0] = 95;
  });
  assertEquals([...thinner.fills.units.slice(2)], [-60]); // of 100: 40 stay
  assertEquals(backtest(bars([calm, calm, fall], {}, [0, 0, 1]), guarded(1, 95)).fills.length, 1); // did not trade
});

Deno.test("stops that are never reached, or belong to no position, change nothing to the last bit", () => {
  const market: Market = { assets: [synthetic(300, rng(1), { volatility: 0.02 })], length: 300, costs: noCosts };
  const swing: Strategy = () => (t, _account, intent) => void (intent.weights[0] = Math.sin(t / 9));
  const far: Strategy = (market) => {
    const decide = swing(market);
    return (t, account, intent) => {
      decide(t, account, intent);
      const long = intent.weights[0] > 0;
      [intent.stop[0], intent.take[0]] = long ? [1e-9, 1e9] : [1e9, 1e-9];
    };
  };
  assertEquals(backtest(market, far).equity, backtest(market, swing).equity);
  const idle: Strategy = () => (_t, _account, intent) => void intent.stop.fill(1e9);
  assertEquals(backtest(market, idle).fills.length, 0);
});
