import { assert, assertEquals, assertThrows } from "@std/assert";
import { backtest } from "../../lib/backtest/mod.ts";
import { rng } from "../../lib/base/random.ts";
import { mapColumns } from "../../lib/market/candles.ts";
import type { Market } from "../../lib/market/market.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import {
  makeStrategy,
  randomLike,
  type Settings,
  strategies,
  type Strategy,
  targetStrategy,
} from "../../lib/strategies/mod.ts";
import { assertGrows } from "./growing.ts";
import { assertStrategyPrefixLaw } from "./prefix_law.ts";

const costs = { transactionFee: 10, makerFee: 2, spread: 2, participation: 0.05 };

function market(K: number, length: number, seed = 1): Market {
  const random = rng(seed);
  const assets = Array.from({ length: K }, () => {
    const candles = synthetic(length, random, { volatility: 0.03, price: 50 });
    for (let t = 0; t < length; t++) candles.filled[t] = Number(random() < 0.03);
    return candles;
  });
  return { assets, length, costs };
}

/** Every strategy of the table as it is, and every flag and choice the other way round. */
const cases: [string, Settings][] = Object.entries(strategies).flatMap(([name, { settings }]) => [
  [name, {}] as [string, Settings],
  ...Object.entries(settings).flatMap(([key, setting]) => {
    if ("choices" in setting) return setting.choices.map((choice) => [name, { [key]: choice }] as [string, Settings]);
    return "min" in setting ? [] : [[name, { [key]: !setting.default }] as [string, Settings]];
  }),
]);

for (const [name, settings] of cases) {
  const label = `${name} ${JSON.stringify(settings)}`;
  const make = () => makeStrategy(name, settings);

  Deno.test(`${label} decides without looking ahead`, () => {
    assertStrategyPrefixLaw(market(1, 200), make());
    assertStrategyPrefixLaw(market(3, 120), make(), { cash: 1e6, lag: 1 });
  });

  Deno.test(`${label} decides the same while bars still come`, () => {
    assertGrows(market(1, 300), make());
    assertGrows(market(3, 200), make(), { cash: 1e6, lag: 1, from: 50 });
  });

  Deno.test(`${label} decides the same again, leaves its market alone and asks for finite weights`, () => {
    const bars = market(2, 300);
    const before = bars.assets.map((candles) => mapColumns(candles, (column) => column.slice() as typeof column));
    const strategy = make();
    const [first, second] = [backtest(bars, strategy), backtest(bars, strategy)];
    assertEquals(first, second);
    assertEquals(bars.assets, before);
    for (const weight of first.wanted) assert(Number.isNaN(weight) || Math.abs(weight) <= 1);
  });

  Deno.test(`${label} gets along with one bar, flat prices and no volume`, () => {
    assertEquals(backtest(market(1, 1), make()).equity.length, 1);
    const still = market(1, 80);
    for (const column of ["$open", "$high", "$low", "$close"] as const) still.assets[0][column].fill(5);
    const { equity, fees, spreadPaid } = backtest(still, make());
    assert(Math.abs(equity[79] - (10_000 - fees - spreadPaid)) < 1e-6, "flat prices only cost");
    const dry = market(1, 80);
    dry.assets[0].$volume.fill(0);
    assertEquals(backtest(dry, make()).fills.length, 0);
  });
}

Deno.test("the contract finds a strategy that peeks one bar ahead", () => {
  const peeks = targetStrategy(({ assets: [{ $close }], length }, _memo, into) => {
    for (let t = 0; t < length; t++) into[t] = $close[Math.min(t + 1, length - 1)] > $close[t] ? 1 : 0;
  });
  assertThrows(() => assertStrategyPrefixLaw(market(1, 200), peeks), Error, "bars differ");
  const slowly: Strategy = ({ assets: [{ $close }] }) => {
    const top = Math.max(...$close);
    return (t, _account, intent) => void (intent.weights[0] = $close[t] / top);
  };
  assertThrows(() => assertStrategyPrefixLaw(market(1, 200), slowly), Error, "bars differ");
});

Deno.test("random like another keeps the prefix law over the other's bars", () => {
  const bars = market(2, 200);
  const other = backtest(bars, makeStrategy("momentum"), { cash: 100 });
  assertStrategyPrefixLaw(bars, randomLike(other, { seed: 3 }));
});
