import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { backtest, type BacktestResult } from "../../lib/backtest/mod.ts";
import { rng } from "../../lib/base/random.ts";
import { mapColumns } from "../../lib/market/candles.ts";
import { type Costs, type Market, noCosts } from "../../lib/market/market.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { parseRules, type RiskRule, riskRules, tailMethods } from "../../lib/risk/mod.ts";
import { planned } from "../../lib/risk/plan.ts";
import { buyAndHold, type Strategy } from "../../lib/strategies/mod.ts";
import { assertGrows } from "./growing.ts";
import { assertPrefixLaw, prefix } from "./prefix_law.ts";

function market(K: number, length: number, seed = 1, costs: Partial<Costs> = {}, volatility = 0.03): Market {
  const random = rng(seed);
  const assets = Array.from({ length: K }, (_, k) => {
    const candles = synthetic(length, random, { volatility, price: 50, symbol: `${"ABC"[k]}/USD` });
    for (let t = 0; t < length; t++) candles.filled[t] = Number(random() < 0.02);
    return candles;
  });
  return { assets, length, costs: { ...noCosts, ...costs } };
}

/** Wants something new now and then, up to two and a half times its equity, and says nothing in between. */
const restless: Strategy = ({ assets }) => {
  const random = rng(9);
  return (_t, _account, intent) => {
    for (let k = 0; k < assets.length; k++) {
      const [whether, what] = [random(), random()];
      if (whether < 0.1) intent.weights[k] = what < 0.25 ? 0 : (5 * what - 2.5) / assets.length;
    }
  };
};
const wishes: Readonly<Record<string, Strategy>> = { restless, "buy and hold": buyAndHold() };

/** Every rule as it is, those with a choice with each of them, and those that come back with that. */
const cases = Object.entries(riskRules).flatMap(([name, { settings }]) => [
  name,
  ...Object.entries(settings).flatMap(([key, setting]) =>
    "choices" in setting ? setting.choices.map((choice) => `${name}(${key}=${choice})`) : []
  ),
  ...("wait" in settings ? [`${name}(wait=5)`] : []),
  ...("cooling" in settings ? [`${name}(limit=0.1, cooling=20)`] : []),
  ...("atr" in settings ? [`${name}(atr=2)`] : []),
]);

const margin = { leverage: 3 };
const run = (market: Market, strategy: Strategy, risk: readonly RiskRule[]): BacktestResult =>
  backtest(market, strategy, { risk, margin });

/** What is planned before and after a rule, and the prices it sets, bar by bar [T, K]. */
function watched(market: Market, strategy: Strategy, rule: RiskRule) {
  const [K, T] = [market.assets.length, market.length];
  const column = () => new Float64Array(T * K);
  const [before, after, wanted, stop, take] = [column(), column(), column(), column(), column()];
  const wish = new Float64Array(K);
  const see = (plan: Float64Array): RiskRule => () => (t, account, intent) => {
    for (let k = 0; k < K; k++) {
      plan[t * K + k] = planned(intent, account, k);
      if (plan === before && intent.weights[k] === intent.weights[k]) wish[k] = intent.weights[k];
      wanted[t * K + k] = wish[k];
      [stop[t * K + k], take[t * K + k]] = [intent.stop[k], intent.take[k]];
    }
    return undefined;
  };
  const result = run(market, strategy, [see(before), rule, see(after)]);
  return { before, after, wanted, stop, take, result };
}

for (const text of cases) {
  const [{ rule, kind }] = parseRules(text);

  Deno.test(`${text}: flat stays flat`, () => {
    const { fills, events } = run(market(2, 150), () => () => {}, [rule]);
    assertEquals([fills.length, events.length], [0, 0]);
  });

  Deno.test(`${text}: does the same while bars still come`, () => {
    for (const strategy of Object.values(wishes)) {
      assertGrows(market(1, 700), strategy, { risk: [rule], margin });
      assertGrows(market(3, 150), strategy, { risk: [rule], margin, lag: 1, from: 30 });
    }
  });

  Deno.test(`${text}: twice is once`, () => {
    for (const strategy of Object.values(wishes)) {
      for (const K of [1, 3]) {
        const bars = market(K, 300, 4, { transactionFee: 5 });
        const once = run(bars, strategy, [rule]);
        const twice = run(bars, strategy, [rule, rule]);
        for (let t = 0; t < 300; t++) assertAlmostEquals(twice.equity[t], once.equity[t], 1e-6 * once.equity[t]);
        assertEquals(twice.fills.length, once.fills.length);
      }
    }
  });

  Deno.test(`${text}: decides without looking ahead`, () => {
    for (const [K, strategy] of [[1, wishes["buy and hold"]], [2, restless]] as const) {
      const bars = market(K, text.includes("hmm") ? 560 : 260, 3);
      assertPrefixLaw(bars.length, (n) => {
        const { after, stop, take } = watched(prefix(bars, n), strategy, rule);
        return Array.from(after, (weight, i) => [weight, stop[i], take[i]]).flat();
      }, 3 * K);
    }
  });

  Deno.test(`${text}: leaves the market alone, and gets along with one kind of bar after the other`, () => {
    const bars = market(2, 120, 5);
    const kept = bars.assets.map((candles) => mapColumns(candles, (column) => column.slice() as typeof column));
    const first = run(bars, restless, [rule]);
    assertEquals(run(bars, restless, [rule]), first);
    assertEquals(bars.assets, kept);
    const still = market(1, 120);
    for (const column of ["$open", "$high", "$low", "$close"] as const) still.assets[0][column].fill(5);
    assert(run(still, buyAndHold(), [rule]).equity.every((value) => value === 10_000));
  });

  if (kind !== "sizing" && kind !== "rebalancing") {
    Deno.test(`${text}: never raises exposure over what was wanted or held`, () => {
      for (const strategy of Object.values(wishes)) {
        const { before, after, wanted } = watched(market(2, 400, 6), strategy, rule);
        for (let i = 0; i < after.length; i++) {
          const most = Math.max(Math.abs(before[i]), Math.abs(wanted[i]));
          assert(Math.abs(after[i]) <= most * (1 + 1e-12), `bar ${i >> 1}`);
        }
      }
    });
  }
}

/** Largest move of an asset between the bar's own prices and the last close. */
function largestMove({ assets }: Market, t: number): number {
  return Math.max(
    ...assets.map(({ $open, $close }) =>
      Math.max(Math.abs($close[t] / $open[t] - 1), Math.abs($close[t] / $close[t - 1] - 1))
    ),
  );
}

/** Returns that the limits above look back at. */
const LOOK_BACK = 60;

/** Value at risk of weights [K] by the returns up to bar `t`. */
function valueAtRisk({ assets }: Market, weights: readonly number[], t: number): number {
  const returns = Float64Array.from({ length: LOOK_BACK }, (_, i) =>
    weights.reduce((sum, weight, k) => {
      const { $close } = assets[k];
      return sum + weight * ($close[t - LOOK_BACK + 1 + i] / $close[t - LOOK_BACK + i] - 1);
    }, 0));
  return tailMethods.historical(returns).valueAtRisk;
}

/** Largest of those returns of asset `k`, either way. */
function largestReturn({ assets }: Market, k: number, t: number): number {
  const { $close } = assets[k];
  let most = 0;
  for (let i = t - LOOK_BACK + 1; i <= t; i++) most = Math.max(most, Math.abs($close[i] / $close[i - 1] - 1));
  return most;
}

Deno.test("over 1,000 random markets leverage, exposure and value at risk exceed their limits by no more than one bar's move", () => {
  const [leverage, exposure, risk] = [1.5, 0.8, 0.03];
  let [over, overTail, allowed] = [0, 0, 0];
  for (let seed = 1; seed <= 1000; seed++) {
    const K = 1 + seed % 3;
    const bars = market(K, 130, seed, {}, 0.01 + 0.03 * (seed % 5) / 4);
    for (const candles of bars.assets) candles.filled.fill(0); // nothing can be done on a bar that does not trade
    const rules = parseRules(`limit_leverage(${leverage}), limit_exposure(${exposure}), limit_var(${risk}, bars=60)`);
    const plans: number[][] = [];
    const see: RiskRule = () => (_t, account, intent) =>
      void plans.push(Array.from({ length: K }, (_, k) => planned(intent, account, k)));
    const strategy = seed % 2 === 0 ? restless : buyAndHold();
    const { weights, ruined } = run(bars, strategy, [...rules.map(({ rule }) => rule), see]);
    for (let t = 1; t < 130 && !ruined; t++) {
      const held = Array.from(weights.subarray(t * K, (t + 1) * K), Math.abs);
      const total = held.reduce((sum, weight) => sum + weight, 0);
      const m = largestMove(bars, t);
      const most = Math.max(...held);
      // Exposure may grow by the move while equity shrinks by as much as the exposure lost: L(1 + m) / (1 − Lm).
      assert(total <= leverage * (1 + m) / (1 - leverage * m) + 1e-9, `leverage ${total}, seed ${seed}, bar ${t}`);
      assert(most <= exposure * (1 + m) / (1 - leverage * m) + 1e-9, `exposure ${most}, seed ${seed}, bar ${t}`);
      over += Number(total > leverage * (1 + 1e-9));
      allowed++;
      // And what was decided keeps every limit.
      const plan = plans[t];
      assert(plan.reduce((sum, weight) => sum + Math.abs(weight), 0) <= leverage * (1 + 1e-9));
      assert(Math.max(...plan.map(Math.abs)) <= exposure * (1 + 1e-9));
      if (t < 60) continue;
      assert(valueAtRisk(bars, plan, t) <= risk * (1 + 1e-6), `seed ${seed}, bar ${t}`);
      // What is held a bar later differs from it by what that bar moved: |w| by (1 + m) / (1 − Lm) − 1 of itself. A
      // quantile of a sum moves by no more than the largest change of any of its terms.
      if (t === 129) continue;
      const next = largestMove(bars, t + 1);
      const drift = (1 + next) / (1 - leverage * next) - 1;
      const room = drift * plan.reduce((sum, weight, k) => sum + Math.abs(weight) * largestReturn(bars, k, t), 0);
      const later = Array.from(weights.subarray((t + 1) * K, (t + 2) * K));
      const found = valueAtRisk(bars, later, t);
      assert(found <= risk + room + 1e-9, `value at risk ${found}, seed ${seed}, bar ${t}`);
      overTail += Number(found > risk * (1 + 1e-6));
    }
  }
  assert(overTail > 1000, `${overTail} bars with more at risk by their own move: the bound is not tried`);
  assert(allowed > 100_000 && over < allowed * 0.2, `${over} of ${allowed} bars over the limit by their own move`);
});

Deno.test("the contract finds a limit that raises exposure, and one that looks ahead", () => {
  const raises: RiskRule = () => (_t, _account, intent) => void intent.weights.fill(1.2);
  const { before, after, wanted } = watched(market(1, 50), restless, raises);
  assert(after.some((weight, i) => Math.abs(weight) > Math.max(Math.abs(before[i]), Math.abs(wanted[i]))));
  const peeks: RiskRule = ({ assets: [{ $close }] }) => (t, _account, intent) =>
    void (intent.weights[0] = $close[t + 1] > $close[t] ? 1 : 0);
  assertThrows(
    () => assertPrefixLaw(100, (n) => watched(prefix(market(1, 100), n), restless, peeks).after),
    Error,
    "bars differ",
  );
});
