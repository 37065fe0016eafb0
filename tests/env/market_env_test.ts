import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { below, rng } from "../../lib/base/random.ts";
import {
  boxActions,
  checkEnv,
  discreteActions,
  type Env,
  marketEnv,
  observe,
  openReward,
  rewards,
} from "../../lib/env/mod.ts";
import type { FeatureMatrix } from "../../lib/features/matrix.ts";
import type { Costs, Market } from "../../lib/market/market.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { advance, newTape, openLedger } from "../../lib/sim/mod.ts";

const costs: Costs = { transactionFee: 10, makerFee: 5, spread: 2, participation: 0.1 };

function marketOf(K: number, length = 400, volatility = 0.01): Market {
  const assets = Array.from(
    { length: K },
    (_, k) => synthetic(length, rng(k + 1), { symbol: `A${k}/USD`, volatility }),
  );
  return { assets, length, costs };
}

/** Return of the bar and its number: two features, so that a window can be recognised. */
function featuresOf({ assets: [candles], length }: Market, warmup = 5): FeatureMatrix {
  const values = new Float32Array(2 * length);
  for (let t = 0; t < length; t++) {
    values[2 * t] = t >= warmup ? Math.log(candles.$close[t] / candles.$open[t]) : NaN;
    values[2 * t + 1] = t;
  }
  return { names: ["return", "bar"], time: candles.time, values, warmup };
}

for (const K of [1, 3]) {
  for (const actions of [discreteActions(K), boxActions(K, 2)]) {
    Deno.test(`marketEnv() of ${K} asset(s) with ${actions.kind} actions passes checkEnv()`, () => {
      const market = marketOf(K);
      const open = () => marketEnv(market, featuresOf(market), { rows: 7, bars: 40, window: 8, actions });
      assertEquals(checkEnv(open), []);
    });
  }
}

Deno.test("the books of an env and those of a bar-by-bar loop agree to the last bit", () => {
  const market = marketOf(1);
  const env = marketEnv(market, featuresOf(market), { rows: 1, bars: 1000, window: 8, randomStart: false });
  const ledger = openLedger(1, 1, 10_000);
  const tape = newTape(market);
  const random = rng(5);
  let bar = env.reset(0).bars[0];
  let worth = 10_000;
  for (; bar < market.length - 1;) {
    const choice = below(3, random);
    const held = ledger.units[0] * tape.close[bar] / worth;
    const target = choice - 1;
    const weight = target * held > 0 && Math.abs(target - held) <= 0.1 ? NaN : target;
    worth = advance(ledger, 0, Float64Array.of(weight), 0, tape, ++bar);
    env.step(Float32Array.of(choice));
    if (bar < market.length - 1) assertEquals(env.equity[0], worth);
  }
});

Deno.test("an episode's rewards sum to the log of its equity ratio, fees included", () => {
  const market = marketOf(1);
  const env = marketEnv(market, featuresOf(market), { rows: 1, bars: 50, window: 4, cash: 1000 });
  env.reset(3);
  const random = rng(9);
  let [sum, last] = [0, 1000];
  for (let i = 0; i < 49; i++) {
    sum += env.step(Float32Array.of(below(3, random))).rewards[0];
    last = env.equity[0];
  }
  assertAlmostEquals(sum, Math.log(last / 1000), 1e-12);
  assert(env.ledger.fees[0] > 0);
});

Deno.test("running out of bars truncates; ruin terminates, and is the account's last step", () => {
  const market = marketOf(1);
  const env = marketEnv(market, featuresOf(market), { rows: 3, bars: 20, window: 4 });
  env.reset(1);
  for (let i = 0; i < 19; i++) assertEquals([...env.step(new Float32Array(3)).truncated], [0, 0, 0]);
  const { truncated, terminated } = env.step(new Float32Array(3));
  assertEquals([...truncated, ...terminated], [1, 1, 1, 0, 0, 0]);

  const rising = synthetic(200, rng(1), { drift: 0.05, volatility: 0.001 });
  const doomed: Market = { assets: [rising], length: 200, costs: { ...costs, participation: Infinity } };
  const short = marketEnv(doomed, featuresOf(doomed), {
    rows: 1,
    bars: 150,
    window: 4,
    actions: discreteActions(1, [[0], [-3]], 100),
  });
  short.reset(1);
  for (let i = 0; i < 150; i++) {
    const step = short.step(Float32Array.of(1));
    if (!step.terminated[0]) continue;
    assertEquals(step.truncated[0], 0);
    assert(step.rewards[0] < -0.5);
    assertEquals(short.equity[0], 10_000); // a fresh account
    return;
  }
  throw new Error("a threefold short in a market that rises 5 % a bar was not ruined");
});

Deno.test("no observation reaches before warm-up or shows a bar that has not closed", () => {
  const market = marketOf(1);
  const env = marketEnv(market, featuresOf(market, 30), { rows: 5, bars: 25, window: 8, to: 120 });
  let step = env.reset(2);
  const seen = new Float32Array(5 * (8 * 2 + env.stateSize));
  for (let i = 0; i < 200; i++) {
    observe(env, step.bars, step.state, seen);
    assert(seen.every(Number.isFinite));
    for (let row = 0; row < 5; row++) {
      const at = row * (16 + env.stateSize);
      assertEquals(seen[at + 15], step.bars[row]); // the newest bar in view is the one just closed
      assert(seen[at + 1] >= 30);
      assert(step.bars[row] < 120);
    }
    step = env.step(new Float32Array(5).fill(1));
  }
});

Deno.test("holding costs nothing: a repeated action within the dead band does not trade", () => {
  const market = marketOf(1, 400, 1e-4);
  const env = marketEnv(market, featuresOf(market), { rows: 1, bars: 300, window: 4 });
  env.reset(1);
  for (let i = 0; i < 200; i++) env.step(Float32Array.of(0)); // short, all the time
  assert(env.ledger.fills[0] >= 1 && env.ledger.fills[0] < 20, `${env.ledger.fills[0]} fills`);
});

for (const name of Object.keys(rewards)) {
  Deno.test(`${name} pays nothing when nothing happens, is finite in ruin, and can be saved`, () => {
    const reward = openReward(name, 2);
    for (let i = 0; i < 10; i++) assertEquals(reward.of(1, 100, 100), 0);
    assert(Number.isFinite(reward.of(0, 100, 0)));
    reward.of(1, 100, 103);
    const kept = reward.memory.slice();
    const next = reward.of(1, 103, 99);
    reward.memory.set(kept);
    assertEquals(reward.of(1, 103, 99), next);
    reward.reset(1);
    assertEquals(reward.of(1, 50, 50), 0);
  });
}

Deno.test("differential Sharpe pays a steady gain more than a wild one of the same mean", () => {
  const paid = (returns: readonly number[]) => {
    const reward = openReward("differential_sharpe", 1, 0.05);
    let [equity, sum] = [1, 0];
    for (let i = 0; i < 400; i++) {
      const after = equity * Math.exp(returns[i % returns.length]);
      sum += reward.of(0, equity, after);
      equity = after;
    }
    return sum;
  };
  assert(paid([0.01, 0.012]) > paid([0.11, -0.088]));
});

Deno.test("drawdown-penalised pays a fall twice and its recovery once", () => {
  const reward = openReward("drawdown_penalised", 1, 1);
  assertAlmostEquals(reward.of(0, 100, 90), 2 * Math.log(0.9), 1e-12);
  assertAlmostEquals(reward.of(0, 90, 100), Math.log(100 / 90), 1e-12);
  assertAlmostEquals(reward.of(0, 100, 95), Math.log(0.95), 1e-12); // not deeper than before
});

Deno.test("impossible envs are refused before any work", () => {
  const market = marketOf(1);
  const features = featuresOf(market);
  const other = { ...features, time: features.time.subarray(1) };
  assertThrows(() => marketEnv(market, other), RangeError, "must have the market's 400 bars");
  assertThrows(() => marketEnv(market, features, { window: 400 }), RangeError, "needs two bars after warm-up");
  assertThrows(() => marketEnv(market, features, { rows: 0 }), RangeError, "rows must be a whole number");
  assertThrows(() => marketEnv(market, features, { to: 500 }), RangeError, "bars 36 to 500 of 400");
  assertThrows(() => discreteActions(2, [[1], [0]]), RangeError, "2 finite weights");
  assertThrows(() => openReward("sharpe", 1), RangeError, "not a reward");
  const env = marketEnv(market, features, { rows: 2 });
  env.reset(1);
  assertThrows(() => env.step(new Float32Array(3)), RangeError, "must be 2 actions");
  assertThrows(() => env.step(Float32Array.of(0, 7)), RangeError, "one of 0..2");
  assertThrows(() => env.restore(new Uint8Array(3)), RangeError, "saved state");
});

Deno.test("checkEnv() finds an env that leaks its order of rows, forgets to save, or ends twice", () => {
  const market = marketOf(1);
  const open = () => marketEnv(market, featuresOf(market), { rows: 3, bars: 20, window: 4 });
  let made = 0;
  const moody = (): Env => {
    const env = open();
    const offset = made++;
    return { ...env, reset: (seed) => env.reset(seed + offset) };
  };
  assert(checkEnv(moody).some((fault) => fault.includes("equal seeds")));
  const forgetful = (): Env => {
    const env = open();
    return { ...env, restore: () => env.reset(0) };
  };
  assert(checkEnv(forgetful).some((fault) => fault.includes("restore")));
  const confused = (): Env => {
    const env = open();
    const step = (actions: Float32Array) => {
      const out = env.step(actions);
      out.terminated.set(out.truncated);
      return out;
    };
    return { ...env, step };
  };
  assert(checkEnv(confused).some((fault) => fault.includes("both terminated and truncated")));
});
