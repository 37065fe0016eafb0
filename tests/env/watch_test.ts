import { assert, assertEquals, assertThrows } from "@std/assert";
import { backtest } from "../../lib/backtest/mod.ts";
import { below, type Rng, rng } from "../../lib/base/random.ts";
import {
  type ActionMeaning,
  boxActions,
  checkEnv,
  discreteActions,
  marketEnv,
  writeWeights,
} from "../../lib/env/mod.ts";
import type { FeatureMatrix } from "../../lib/features/matrix.ts";
import type { Market } from "../../lib/market/market.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { parseRules, type RiskRule, riskRules } from "../../lib/risk/mod.ts";
import type { Strategy } from "../../lib/strategies/mod.ts";

/** Wild bars, some without a trade, that charge for everything. */
function marketOf(K: number, length: number, seed: number, volatility = 0.03): Market {
  const random = rng(seed);
  const assets = Array.from({ length: K }, (_, k) => {
    const candles = synthetic(length, random, { volatility, price: 50, symbol: `${"ABC"[k]}/USD` });
    for (let t = 0; t < length; t++) candles.filled[t] = Number(random() < 0.02);
    return candles;
  });
  return { assets, length, costs: { transactionFee: 10, makerFee: 2, spread: 4, participation: 0.2, impact: 20 } };
}

const featuresOf = ({ assets: [{ time, $close }] }: Market): FeatureMatrix => ({
  names: ["close"],
  time,
  values: Float32Array.from($close),
  warmup: 0,
});

/** A wish is kept for a while, so that stops and targets have a position to watch over. */
function actionsOf(meaning: ActionMeaning, steps: number, random: Rng): Float32Array[] {
  const draw = () =>
    meaning.kind === "discrete"
      ? Float32Array.of(below(meaning.choices.length, random))
      : Float32Array.from({ length: meaning.assets }, () => 2 * random() - 1);
  let action = draw();
  return Array.from({ length: steps }, () => action = random() < 0.08 ? draw() : action);
}

/** The same actions as a strategy that a backtest runs from bar `from` on. */
const replay = (meaning: ActionMeaning, actions: readonly Float32Array[], from: number): Strategy => () => {
  return (t, { weights }, intent) => {
    if (t - from < actions.length) writeWeights(meaning, actions[t - from], 0, weights, intent.weights);
  };
};

/** Every rule as it is, and so near that stops, targets and halts are reached. */
const near = [
  ...[
    "stop_loss(0.02, wait=3)",
    "stop_loss(atr=1)",
    "trailing_stop(atr=1, wait=5)",
    "trailing_stop(fall=0.03, wait=2)",
  ],
  ...["regime_stop(0.02, 0.05, wait=4)", "take_profit(0.03, wait=1)", "stop_loss(0.03), take_profit(0.02)"],
  ...["limit_drawdown(0.05, cooling=10)", "limit_daily_loss(0.02)", "limit_var(0.01, bars=60, method=normal)"],
  "volatility_target(0.5), rebalance_bands(0.1), trailing_stop(atr=2, wait=3), take_profit(0.1), limit_leverage(1.2), " +
  "limit_var(0.05), limit_drawdown(0.3, cooling=20)",
];
const cases = [...Object.keys(riskRules), ...near];
const rulesOf = (text: string): RiskRule[] => parseRules(text).map(({ rule }) => rule);

for (const text of cases) {
  Deno.test(`an env and a backtest under ${text} have equal equity, to the last bit`, () => {
    let fills = 0;
    for (const seed of [1, 2, 3]) {
      const K = seed === 2 ? 3 : 1;
      const meaning = seed === 3 ? boxActions(1, 2) : discreteActions(K);
      const market = marketOf(K, 260, seed);
      const risk = rulesOf(text);
      const margin = { leverage: 2 };
      const env = marketEnv(market, featuresOf(market), {
        ...{ rows: 2, bars: 190, window: 8, cash: 5000, actions: meaning, margin, risk },
      });
      const from = env.reset(seed).bars[1];
      const actions = actionsOf(meaning, 189, rng(seed + 10));
      const result = backtest(market, replay(meaning, actions, from), {
        from,
        to: from + 190,
        cash: 5000,
        margin,
        risk,
      });
      for (const [i, action] of actions.entries()) {
        env.step(Float32Array.of(...action, ...action)); // two rows, of other starts, in one env
        assertEquals(env.equity[1], result.equity[i + 1], `seed ${seed}, step ${i}`);
        assertEquals(env.ledger.fills[1], fillsUntil(result.fills, i + 1));
      }
      fills += result.fills.length;
    }
    assert(fills > 0, "nothing was traded: this shows nothing");
  });
}

function fillsUntil({ t, length }: { readonly t: Int32Array; readonly length: number }, bar: number): number {
  let n = 0;
  while (n < length && t[n] <= bar) n++;
  return n;
}

Deno.test("the rules of the near cases do act, within bars and at their opens too", () => {
  const market = marketOf(1, 1500, 4);
  const meaning = discreteActions(1);
  const strategy = replay(meaning, actionsOf(meaning, 1500, rng(8)), 0);
  for (const text of near) {
    const plain = backtest(market, strategy);
    const { events, equity } = backtest(market, strategy, { risk: rulesOf(text) });
    assert(events.length > 2, text);
    assert(equity.some((value, t) => value !== plain.equity[t]), text);
  }
});

for (const text of ["trailing_stop(atr=1, wait=5), take_profit(0.03)", "volatility_target, limit_daily_loss(0.02)"]) {
  for (const K of [1, 3]) {
    Deno.test(`an env of ${K} asset(s) under ${text} keeps the contract of Env, saved rules included`, () => {
      const market = marketOf(K, 400, 5);
      const open = () => marketEnv(market, featuresOf(market), { rows: 5, bars: 90, window: 8, risk: rulesOf(text) });
      assertEquals(checkEnv(open, { steps: 260 }), []);
    });
  }
}

Deno.test("what rules remember is restored at any step, for every rule", () => {
  for (const text of cases) {
    const market = marketOf(1, 300, 6);
    const open = () => marketEnv(market, featuresOf(market), { rows: 3, bars: 120, window: 4, risk: rulesOf(text) });
    const env = open();
    env.reset(3);
    const actions = actionsOf(discreteActions(1), 200, rng(2)).map(([choice]) => new Float32Array(3).fill(choice));
    const equities = actions.map((action) => (env.step(action), env.equity.slice()));
    for (const at of [1, 60, 130]) {
      const first = open();
      first.reset(3);
      for (const action of actions.slice(0, at)) first.step(action);
      const second = open();
      second.restore(first.save());
      assertEquals(second.save(), first.save(), text);
      for (const [i, action] of actions.slice(at).entries()) {
        second.step(action);
        assertEquals(second.equity, equities[at + i], `${text}, saved at ${at}, step ${at + i}`);
      }
    }
  }
});

Deno.test("what an env without rules saved does not fit one with rules", () => {
  const market = marketOf(1, 300, 6);
  const plain = marketEnv(market, featuresOf(market), { rows: 2, bars: 50, window: 4 });
  plain.reset(1);
  const watched = marketEnv(market, featuresOf(market), { rows: 2, bars: 50, window: 4, risk: rulesOf("stop_loss") });
  assertThrows(() => watched.restore(plain.save()), RangeError, "saved state must have");
});

/** Largest move of an asset in bar `t`, from its open or the close before it. */
function largestMove({ assets }: Market, t: number): number {
  return Math.max(
    ...assets.map(({ $open, $close }) =>
      Math.max(Math.abs($close[t] / $open[t] - 1), Math.abs($close[t] / $close[t - 1] - 1))
    ),
  );
}

Deno.test("over 1,000 random markets an env's leverage and exposure exceed their limits by no more than one bar's move", () => {
  const [leverage, exposure] = [1.5, 0.8];
  let over = 0;
  for (let seed = 1; seed <= 1000; seed++) {
    const K = 1 + seed % 3;
    const market = { ...marketOf(K, 80, seed, 0.01 + 0.03 * (seed % 5) / 4) };
    for (const candles of market.assets) candles.filled.fill(0); // nothing can be done on a bar that does not trade
    const costs = { transactionFee: 0, makerFee: 0, spread: 0, participation: Infinity };
    const meaning = seed % 2 === 0 ? boxActions(K, 3) : discreteActions(K, [Array(K).fill(-1), Array(K).fill(1)]);
    const risk = rulesOf(`limit_leverage(${leverage}), limit_exposure(${exposure})`);
    const env = marketEnv({ ...market, costs }, featuresOf(market), {
      ...{ rows: 1, bars: 60, window: 4, actions: meaning, margin: { leverage: 3 }, risk },
    });
    let { bars: [bar] } = env.reset(seed);
    for (const action of actionsOf(meaning, 59, rng(seed))) {
      const { state, terminated } = env.step(action);
      if (terminated[0]) break;
      const m = largestMove(market, ++bar);
      const held = Array.from(state.subarray(0, K), Math.abs);
      const total = held.reduce((sum, weight) => sum + weight, 0);
      // Exposure may grow by the move while equity shrinks by as much as the exposure lost: L(1 + m) / (1 − Lm).
      assert(total <= leverage * (1 + m) / (1 - leverage * m) + 1e-6, `leverage ${total}, seed ${seed}, bar ${bar}`);
      assert(Math.max(...held) <= exposure * (1 + m) / (1 - leverage * m) + 1e-6, `exposure of seed ${seed}`);
      over += Number(total > leverage * (1 + 1e-6));
    }
  }
  assert(over > 100, `${over} bars over the limit by their own move: the bound is not tried`);
});
