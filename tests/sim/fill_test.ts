import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { rng } from "../../lib/base/random.ts";
import { type Candles, newCandles } from "../../lib/market/candles.ts";
import { type Costs, type Market, noCosts } from "../../lib/market/market.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { advance, equity, FILL, type MarginOptions, mark, newTape, openLedger, rebalance } from "../../lib/sim/mod.ts";

type Bar = readonly [open: number, high: number, low: number, close: number, volume?: number, filled?: number];

/** Candles of hand-written bars. */
function bars(...rows: Bar[]): Candles {
  const column = (i: number, otherwise = 0) => Float64Array.from(rows, (row) => row[i] ?? otherwise);
  return newCandles({
    symbol: "X/USDT",
    step: 60_000,
    time: Float64Array.from(rows, (_, t) => 60_000 * t),
    $open: column(0),
    $high: column(1),
    $low: column(2),
    $close: column(3),
    $volume: column(4, 1000),
    filled: Uint8Array.from(rows, (row) => row[5] ?? 0),
  });
}

const market = (costs: Partial<Costs>, ...assets: Candles[]): Market => ({
  assets,
  length: assets[0].length,
  costs: { ...noCosts, ...costs },
});

/** A ledger of 1000, and the tape of `bars`. */
function open(costs: Partial<Costs>, assets: Candles[], margin: MarginOptions = {}) {
  return {
    ledger: openLedger(1, assets.length, 1000, { journal: true }),
    tape: newTape(market(costs, ...assets), margin),
  };
}
const flat: Bar = [100, 100, 100, 100];

Deno.test("weight 1 spends all cash, fee included: cash / (price · (1 + fee)) units", () => {
  const { ledger, tape } = open({ transactionFee: 10 }, [bars(flat)]);
  rebalance(ledger, 0, Float64Array.of(1), 0, tape, 0);
  assertAlmostEquals(ledger.units[0], 1000 / (100 * 1.001), 1e-14);
  assertEquals(ledger.cash[0], 0);
  assertAlmostEquals(ledger.fees[0], 1000 - 1000 / 1.001, 1e-12);
});

Deno.test("asking again for what is held trades nothing, and flat sells every last unit", () => {
  const { ledger, tape } = open({ transactionFee: 10, spread: 4 }, [bars(flat, [130, 130, 130, 130], [7, 7, 7, 7])]);
  for (let t = 0; t < 2; t++) rebalance(ledger, 0, Float64Array.of(1), 0, tape, t);
  assertEquals(ledger.fills[0], 1);
  rebalance(ledger, 0, Float64Array.of(0), 0, tape, 2);
  assertEquals(ledger.units[0], 0);
  assertEquals(ledger.fills[0], 2);
});

Deno.test("after the trade, exposure is the weight of the equity that is left", () => {
  for (const weight of [0.3, -0.7, 1, 1.9, -2]) {
    const { ledger, tape } = open({ transactionFee: 25, spread: 30 }, [bars(flat)], { leverage: 2 });
    rebalance(ledger, 0, Float64Array.of(weight), 0, tape, 0);
    assertAlmostEquals(100 * ledger.units[0] / equity(ledger, 0, tape.open), weight, 1e-12);
  }
});

Deno.test("three assets at once land on their weights, whichever of them are bought and sold", () => {
  const assets = [1, 2, 3].map((seed) => synthetic(40, rng(seed), { volatility: 0.05 }));
  const { ledger, tape } = open({ transactionFee: 30, spread: 10 }, assets);
  const random = rng(7);
  for (let t = 0; t < 40; t++) {
    const weights = Float64Array.from(assets, () => random() / 3);
    rebalance(ledger, 0, weights, 0, tape, t);
    const worth = equity(ledger, 0, tape.open, 3 * t);
    weights.forEach((w, k) => assertAlmostEquals(ledger.units[k] * tape.open[3 * t + k] / worth, w, 1e-12));
  }
});

Deno.test("buying pays half the spread above mid, selling below it", () => {
  const { ledger, tape } = open({ spread: 100 }, [bars(flat, flat)]);
  rebalance(ledger, 0, Float64Array.of(1), 0, tape, 0);
  assertAlmostEquals(ledger.units[0], 1000 / 100.5, 1e-12);
  rebalance(ledger, 0, Float64Array.of(0), 0, tape, 1);
  assertAlmostEquals(ledger.cash[0], 1000 / 100.5 * 99.5, 1e-9);
  assertAlmostEquals(1000 - ledger.cash[0], ledger.spreadCost[0], 1e-9);
});

Deno.test("an order takes its share of the bar's volume; the rest is counted, not carried over", () => {
  const { ledger, tape } = open({ participation: 0.1 }, [bars([100, 100, 100, 100, 20], flat)]);
  rebalance(ledger, 0, Float64Array.of(1), 0, tape, 0);
  assertEquals(ledger.units[0], 2);
  assertEquals([ledger.wanted[0], ledger.filled[0]], [1000, 200]);
  rebalance(ledger, 0, Float64Array.of(NaN), 0, tape, 1);
  assertEquals(ledger.units[0], 2);
});

Deno.test("a bar that was filled in trades nothing", () => {
  const { ledger, tape } = open({}, [bars([100, 100, 100, 100, 1000, 1], flat)]);
  rebalance(ledger, 0, Float64Array.of(1), 0, tape, 0);
  assertEquals([ledger.fills[0], ledger.wanted[0], ledger.filled[0]], [0, 1000, 0]);
});

Deno.test("impact costs the root of the order's share of the volume", () => {
  const { ledger, tape } = open({ impact: 100 }, [bars([100, 100, 100, 100, 40])]);
  rebalance(ledger, 0, Float64Array.of(1), 0, tape, 0);
  assert(ledger.cash[0] >= 0 && ledger.cash[0] < 0.02, "what was planned for impact is almost all spent");
  assertAlmostEquals(ledger.impactCost[0] / ledger.traded[0], 0.01 * Math.sqrt(ledger.units[0] / 40), 1e-15);
});

Deno.test("when a sale is cut, what it was to pay for is not bought on credit", () => {
  const thin = bars(flat, [100, 100, 100, 100, 1]);
  const { ledger, tape } = open({ participation: 1 }, [thin, bars(flat, flat)]);
  rebalance(ledger, 0, Float64Array.of(1, 0), 0, tape, 0);
  rebalance(ledger, 0, Float64Array.of(0, 1), 0, tape, 1);
  assertEquals([...ledger.units], [9, 1]);
  assertEquals(ledger.cash[0], 0);
});

Deno.test("wishes above the leverage limit are scaled down and counted; what is left alone counts too", () => {
  const assets = [bars(flat, flat), bars(flat, flat)];
  const { ledger, tape } = open({}, assets, { leverage: 1.5 });
  rebalance(ledger, 0, Float64Array.of(2, -1), 0, tape, 0);
  assertEquals([...ledger.units], [10, -5]);
  assertEquals(ledger.capped[0], 1);
  rebalance(ledger, 0, Float64Array.of(NaN, -1), 0, tape, 1);
  assertEquals([...ledger.units], [10, -5]);
});

Deno.test("a short that doubles is liquidated at the worst price and never owes more than it has", () => {
  const { ledger, tape } = open({}, [bars(flat, [100, 195, 100, 110], flat)]);
  assertEquals(advance(ledger, 0, Float64Array.of(-1), 0, tape, 0), 1000);
  assertEquals(mark(ledger, 0, tape, 1), 50); // 2000 − 10 · 195
  assertEquals([ledger.ruined[0], ledger.units[0], ledger.shortfall[0]], [1, 0, 0]);
  assertEquals(advance(ledger, 0, Float64Array.of(1), 0, tape, 2), 50, "a ruined account stays as it is");
  assertEquals(ledger.journal!.kind[1], FILL.liquidation);
});

Deno.test("a gap beyond the account's equity leaves zero, and the rest is the lender's shortfall", () => {
  const { ledger, tape } = open({}, [bars(flat, [250, 260, 240, 250])]);
  advance(ledger, 0, Float64Array.of(-1), 0, tape, 0);
  assertEquals(advance(ledger, 0, Float64Array.of(0), 0, tape, 1), 0);
  assertEquals(ledger.shortfall[0], 500);
});

Deno.test("an account that holds what it paid for is never liquidated", () => {
  const { ledger, tape } = open({}, [bars(flat, [1, 1, 1e-6, 1e-6])]);
  advance(ledger, 0, Float64Array.of(1), 0, tape, 0);
  assertAlmostEquals(mark(ledger, 0, tape, 1), 1e-5, 1e-15);
  assertEquals(ledger.ruined[0], 0);
});

Deno.test("change of equity = profit of positions − fees − spread − impact + shortfall; cash stays above 0 unless borrowed", () => {
  const weight = fc.oneof(fc.constant(NaN), fc.double({ min: -1, max: 1, noNaN: true }));
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 0, max: 1e6 }),
      fc.array(fc.tuple(weight, weight, weight), { minLength: 1, maxLength: 30 }),
      fc.record({
        transactionFee: fc.integer({ min: 0, max: 100 }),
        makerFee: fc.constant(0),
        spread: fc.integer({ min: 0, max: 100 }),
        participation: fc.constantFrom(Infinity, 1, 0.01),
        impact: fc.constantFrom(0, 30),
      }),
      fc.boolean(),
      (K, seed, plan, costs, long) => {
        const random = rng(seed);
        const assets = Array.from({ length: K }, () => {
          const candles = synthetic(plan.length, random, { volatility: 0.1 });
          candles.filled.set(Uint8Array.from(candles.filled, () => Number(random() < 0.2)));
          return candles;
        });
        const tape = newTape({ assets, length: plan.length, costs });
        const ledger = openLedger(1, K, 1000, { journal: true });
        let profit = 0;
        const held = new Float64Array(K);
        const before = new Float64Array(K); // price the position was last marked at
        let known = 0;
        for (let t = 0; t < plan.length; t++) {
          const weights = Float64Array.from({ length: K }, (_, k) => long ? Math.abs(plan[t][k]) / K : plan[t][k]);
          const value = advance(ledger, 0, weights, 0, tape, t);
          const journal = ledger.journal!;
          for (; known < journal.length; known++) {
            const k = journal.k[known];
            if (journal.kind[known] === FILL.market) assertEquals(assets[k].filled[t], 0);
            profit += held[k] * (journal.price[known] - before[k]);
            before[k] = journal.price[known];
            held[k] += journal.units[known];
          }
          for (let k = 0; k < K; k++) {
            profit += held[k] * (tape.close[t * K + k] - before[k]);
            before[k] = tape.close[t * K + k];
          }
          const costsPaid = ledger.fees[0] + ledger.spreadCost[0] + ledger.impactCost[0];
          assertAlmostEquals(value, 1000 + profit - costsPaid + ledger.shortfall[0], 1e-9 * (1000 + Math.abs(profit)));
          assert(value >= 0);
          if (long) assert(ledger.cash[0] >= -1e-12 * value, `cash is ${ledger.cash[0]}`);
          assert(ledger.filled[0] <= ledger.wanted[0] * (1 + 1e-12));
        }
      },
    ),
    { seed: 3, numRuns: 300 },
  );
});

Deno.test("rows of a ledger do not touch each other", () => {
  const tape = newTape(market({ transactionFee: 10 }, bars(flat)));
  const ledger = openLedger(3, 1, 1000);
  rebalance(ledger, 1, Float64Array.of(9, 1), 1, tape, 0);
  assertEquals([ledger.cash[0], ledger.cash[1], ledger.cash[2]], [1000, 0, 1000]);
  assertEquals([ledger.units[0], ledger.units[2]], [0, 0]);
});

Deno.test("impossible terms and accounts are refused", () => {
  const one = bars(flat);
  assertThrows(
    () => newTape(market({ transactionFee: -1 }, one)),
    RangeError,
    '"transactionFee" must be bps in 0..5000',
  );
  assertThrows(() => newTape(market({ participation: 0 }, one)), RangeError, "participation");
  assertThrows(() => newTape(market({}, one), { leverage: 30, maintenance: 0.05 }), RangeError, "maintenance");
  assertThrows(() => newTape(market({}, one, bars(flat, flat))), RangeError, "at equal times");
  assertThrows(() => newTape(market({}, bars(flat, [100, 100, NaN, 100]))), RangeError, "clean the candles first");
  assertThrows(() => newTape(market({}, bars([100, 99, 100, 100]))), RangeError, "low ≤ high");
  assertThrows(() => newTape(market({}, bars([100, 100, 0, 100]))), RangeError, "prices above 0");
  assertThrows(() => openLedger(1, 1, 0), RangeError, "cash must be a number above 0");
});

Deno.test("a bar's own spread is paid on that bar, and the market's on bars of assets without one", () => {
  const asset = bars(flat, flat, flat);
  const wide = { ...asset, $spread: Float64Array.of(2, 400, 2) };
  const { ledger, tape } = open({ spread: 2 }, [wide, { ...asset, symbol: "Y/USDT" }]);
  rebalance(ledger, 0, Float64Array.of(0.5, NaN), 0, tape, 1);
  const { units, spreadCost, price } = ledger.journal!;
  assertAlmostEquals(spreadCost[0], units[0] * price[0] * 0.02, 1e-12);
  assertAlmostEquals(
    units[0] * 100 / equity(ledger, 0, Float64Array.of(100, 100)),
    0.5,
    1e-12,
    "planned at that spread",
  );
  rebalance(ledger, 0, Float64Array.of(NaN, 0.4), 0, tape, 1);
  assertAlmostEquals(spreadCost[1], units[1] * price[1] * 0.0001, 1e-12);
  assertThrows(
    () => newTape(market({}, { ...asset, $spread: Float64Array.of(1, NaN, 1) })),
    RangeError,
    '"$spread" must be bps in 0..5000',
  );
});

Deno.test("bars whose own spread is the market's give the same books to the last bit", () => {
  const candles = synthetic(400, rng(3));
  const same = { ...candles, $spread: new Float64Array(400).fill(3) };
  const [a, b] = [candles, same].map((one) => {
    const { ledger, tape } = open({ spread: 3, transactionFee: 10, impact: 50 }, [one]);
    const random = rng(4);
    for (let t = 0; t < 400; t++) advance(ledger, 0, Float64Array.of(random() < 0.2 ? random() : NaN), 0, tape, t);
    return ledger;
  });
  assertEquals(a.cash[0], b.cash[0]);
  assertEquals(a.spreadCost[0], b.spreadCost[0]);
});
