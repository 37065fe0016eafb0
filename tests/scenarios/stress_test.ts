import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { backtest, type BacktestOptions } from "../../lib/backtest/mod.ts";
import { rng } from "../../lib/base/random.ts";
import { hashCandles } from "../../lib/market/candles.ts";
import type { Market } from "../../lib/market/market.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { type MarketRun, parseScenario, specScenario } from "../../lib/scenarios/mod.ts";
import { stress } from "../../lib/scenarios/stress.ts";
import { summarise } from "../../lib/scenarios/stress_summary.ts";
import { wilson } from "../../lib/scenarios/survival.ts";
import { outcomeOf, pathOf, stressed } from "../../lib/scenarios/trial.ts";
import { buyAndHold, makeStrategy } from "../../lib/strategies/mod.ts";

function market(length = 600, volatility = 0.005): Market {
  const assets = [synthetic(length, rng(1), { volatility })];
  return { assets, length, costs: { transactionFee: 10, makerFee: 2, spread: 2, participation: 0.1 } };
}
const hold = { name: "buy_and_hold" };
const flat = { name: "flat" };

Deno.test("the result does not depend on how many workers there are, nor on their pace", async () => {
  const run = (workers: number) =>
    stress(
      market(),
      { crash: "flash_crash", both: "flash_crash(0.2) + low_liquidity", wild: "extreme_volatility" },
      { momentum: { name: "momentum", settings: { fast: 5, slow: 20 } }, hold },
      { seeds: 25, workers, from: 100, fitOn: market(400).assets },
    );
  const [alone, two, three] = [await run(0), await run(2), await run(3)];
  assertEquals(two, alone);
  assertEquals(three, alone);
});

Deno.test("who holds through a crash of 40 % is under 80 %, who is flat survives everything", async () => {
  const deep = await stress(
    market(600, 1e-5),
    { crash: "flash_crash(0.4, recovery=0.5)", mild: "flash_crash(0.1, recovery=1, recovery_bars=10)" },
    { hold, flat },
    { seeds: 20, workers: 0 },
  );
  const [held, stayed, mild] = deep.cells;
  assertEquals([held.scenario, held.strategy, held.survival.share], ["crash", "hold", 0]);
  assertEquals([stayed.strategy, stayed.survival.share, stayed.survival.high], ["flat", 1, 1]);
  assert(stayed.survival.low < 1);
  assertAlmostEquals(held.drawdownMedian, -0.4, 0.02, "less the cash that no bar had the volume for");
  assertEquals([held.recoveredShare, held.recoveryCensored, held.recoveryMedian], [0, 20, NaN]);
  assertEquals([stayed.recoveryMedian, stayed.fillShare], [0, NaN]);
  assertEquals(mild.survival.share, 1);
  assert(mild.survivalCurve.events === 0 && mild.outcomes.every(({ died }) => Number.isNaN(died)));
  assertAlmostEquals(held.changeMedian, -0.2, 0.02);
  assert(held.shortfall5 <= held.change5 && held.change5 <= held.changeMedian);
  assertEquals(
    deep.asRecorded.map(({ scenario, strategy, survival }) => [scenario, strategy, survival.share]),
    [["as recorded", "hold", 1], ["as recorded", "flat", 1]],
  );
  assertEquals(deep.horizon, 120);
  assert(held.outcomes.every(({ watched }) => watched === 120));
});

Deno.test("all strategies go through the same trials, and shocks begin at the same bar in scenarios placed alike", async () => {
  const { cells } = await stress(market(), { a: "flash_crash", b: "gap" }, { hold, flat }, { seeds: 15, workers: 0 });
  const starts = cells.map(({ outcomes }) => outcomes.map(({ start }) => start));
  assertEquals(starts[1], starts[0]);
  assertEquals(starts[2], starts[0]);
  assert(new Set(starts[0]).size > 5);
});

Deno.test("a thin market is seen in what fills and what it costs", async () => {
  const { cells, asRecorded } = await stress(
    market(),
    { thin: "low_liquidity(volume=0.01, spread=10)" },
    { busy: { name: "momentum", settings: { fast: 2, slow: 5 } } },
    { seeds: 5, workers: 0, cash: 1e4 },
  );
  assert(cells[0].fillShare < 0.5, `${cells[0].fillShare}`);
  assertAlmostEquals(cells[0].slippage, 10, 1e-6);
  assert(asRecorded[0].fillShare > cells[0].fillShare);
  assertAlmostEquals(asRecorded[0].slippage, 1, 1e-6);
});

Deno.test("slippage is of what was traded from the shock on: what was bought before it in peace does not hide it", async () => {
  const { cells, asRecorded } = await stress(
    market(600, 0.01),
    { wide: "flash_crash(0.3, bars=20, recovery=0, recovery_bars=100, spread=50, earliest=0.5, latest=0.5)" },
    { busy: { name: "momentum", settings: { fast: 2, slow: 5 } }, hold },
    { seeds: 5, workers: 0, horizon: 20 },
  );
  assertAlmostEquals(cells[0].slippage, 50, 1e-6);
  assertAlmostEquals(asRecorded[0].slippage, 1, 1e-6);
  assertEquals([cells[1].slippage, asRecorded[1].slippage], [NaN, NaN], "who holds trades nothing then");
});

Deno.test("what is there all the time is watched from the bars at which shocks begin, and so stands beside the bars as recorded", async () => {
  const { cells, asRecorded } = await stress(
    market(600, 0.01),
    { thin: "low_liquidity(volume=0.999999, spread=1, noise=0, participation=1)", crash: "flash_crash" },
    { hold, momentum: { name: "momentum", settings: { fast: 5, slow: 20 } } },
    { seeds: 15, workers: 0 },
  );
  const starts = cells.map(({ outcomes }) => outcomes.map(({ start }) => start));
  assertEquals(starts[0], starts[2]);
  for (const s of [0, 1]) {
    assertEquals(cells[s].survival, asRecorded[s].survival);
    assertEquals(cells[s].recoveryMedian, asRecorded[s].recoveryMedian);
    assertAlmostEquals(cells[s].changeMedian, asRecorded[s].changeMedian, 1e-4);
    assertAlmostEquals(cells[s].drawdownMedian, asRecorded[s].drawdownMedian, 1e-4);
  }
});

Deno.test("trials that the period's end cuts short are no survivors: their share is Kaplan and Meier's", async () => {
  const outcome = (died: number, watched: number) => ({
    ...{ start: 1, watched, died, recovered: NaN, lowest: 1, change: 0, maxDrawdown: 0 },
    ...{ wanted: 1, filled: 1, traded: 1, slippage: 0, ruined: 0 },
  });
  // One of four dies at bar 5; one was watched until bar 7 only; of the two left one dies at bar 9.
  const trials = [outcome(5, 10), outcome(NaN, 7), outcome(9, 10), outcome(NaN, 10)];
  const cell = summarise({ scenario: "s", strategy: "a" }, trials, [], 10);
  assertEquals([cell.cutShort, cell.survival.share], [1, 0.375]);
  assert(cell.survival.low < 0.375 && cell.survival.high > 0.375);
  const none = summarise({ scenario: "s", strategy: "a" }, [outcome(NaN, 3), outcome(5, 10), outcome(6, 10)], [], 10);
  assertEquals([none.cutShort, none.survival], [1, wilson(0, 2)], "none of a few is not never");
  const whole = summarise({ scenario: "s", strategy: "a" }, trials.map((one) => ({ ...one, watched: 10 })), [], 10);
  assertEquals([whole.cutShort, whole.survival], [0, wilson(2, 4)]);

  const late = await stress(
    market(600, 1e-5),
    { late: "gap(earliest=0.9, latest=0.9)" },
    { flat },
    { seeds: 3, workers: 0, horizon: 1e6 },
  );
  assertEquals([late.horizon, late.cells[0].cutShort, late.cells[0].survival.share], [600, 3, 1]);
});

Deno.test("strategies see the bars before the period, and only those of the period change", () => {
  const bars = market();
  const plan = {
    ...{
      market: bars,
      scenarios: [],
      strategies: [],
      fitOn: bars.assets,
      seed: 1,
      threshold: 0.75,
      horizon: 60,
      from: 300,
      to: 600,
    },
    ...{ options: {}, offsets: Int32Array.of(-5, 0, 5) },
  };
  const one = stressed(plan, [specScenario(parseScenario("flash_crash(earliest=0.5, latest=0.5)"))], 3);
  assertEquals([one.lead, one.start, one.market.length], [300, 150, 600]);
  assertEquals(one.market.assets[0].$close.subarray(0, 450), bars.assets[0].$close.subarray(0, 450));
  assertEquals(one.end, 150 + 3 + 24);
  const parts = ["low_liquidity", "gap(earliest=0.4, latest=0.4)"].map((text) => specScenario(parseScenario(text)));
  for (const order of [parts, [...parts].reverse()]) assertEquals(stressed(plan, order, 3).start, 120);
  const nothing = stressed(plan, [], 3);
  assertEquals(hashCandles(nothing.market.assets[0]), hashCandles(bars.assets[0]));
  assertEquals(nothing.start, 300);
  const result = backtest(nothing.market, buyAndHold(), { from: 300 });
  assertEquals(result.equity, backtest(bars, buyAndHold(), { from: 300 }).equity);
  assertEquals(pathOf(result, one, plan.offsets)[1], 1);
});

Deno.test("recovery counts from the shock to the old peak, after its own lowest point", () => {
  const account = (...equity: number[]) => ({
    ...backtest(market(), buyAndHold()),
    equity: Float64Array.from(equity),
    cash: 100,
  });
  const shock = { market: market(), lead: 0, start: 2, end: 5 };
  // Up in its first bar, down in the next two, back over 110 at the sixth bar.
  const back = outcomeOf(account(100, 110, 112, 80, 90, 100, 105, 111), shock, { threshold: 0.7, horizon: 99 });
  assertEquals([back.recovered, back.watched, back.lowest], [6, 6, 80 / 110]);
  assertEquals(back.died, NaN);
  const early = outcomeOf(account(100, 110, 112, 80, 90, 100, 105, 111), shock, { threshold: 0.7, horizon: 4 });
  assertEquals([early.recovered, early.watched], [NaN, 4]);
  const dead = outcomeOf(account(100, 110, 100, 82, 90, 70, 60, 60), shock, { threshold: 0.75, horizon: 99 });
  assertEquals([dead.died, dead.recovered], [2, NaN]);
});

Deno.test("a function that runs a market is asked here, beside strategies of the table", async () => {
  const strategy = makeStrategy("momentum");
  let asked = 0;
  const own = (bars: Market, options: object) => {
    asked++;
    return Promise.resolve(backtest(bars, strategy, options));
  };
  const { cells } = await stress(
    market(),
    { crash: "flash_crash" },
    { own, momentum: { name: "momentum" }, hold },
    { seeds: 12, workers: 1 },
  );
  assertEquals(cells.map((cell) => cell.strategy), ["own", "momentum", "hold"]);
  assertEquals(cells[0].outcomes, cells[1].outcomes);
  assertEquals(asked, 12 + 1);
});

Deno.test("progress goes up to all, an abort ends it, and what cannot be run says why", async () => {
  const told: number[] = [];
  await stress(market(), { crash: "flash_crash" }, { flat }, {
    seeds: 25,
    workers: 2,
    onProgress: (done, total) => void told.push(done / total),
  });
  assertEquals(told.at(-1), 1);
  const stopped = new AbortController();
  const run = stress(market(), { crash: "flash_crash" }, { hold }, {
    seeds: 2000,
    workers: 1,
    signal: stopped.signal,
    onProgress: () => stopped.abort(new DOMException("Interrupted", "AbortError")),
  });
  await assertRejects(() => run, DOMException, "Interrupted");
  const fails = (scenarios: Record<string, string>, options = {}, strategies = { hold }) => () =>
    stress(market(), scenarios, strategies, { seeds: 2, workers: 1, ...options });
  await assertRejects(fails({ c: "correlated_assets" }), RangeError, "at least two: current value is 1");
  await assertRejects(fails({ c: "flsh" }), RangeError, "must be one of the table");
  await assertRejects(fails({}), RangeError, "scenarios must be at least one");
  await assertRejects(fails({ c: "gap" }, { seeds: 0 }), RangeError, '"seeds" must be a whole number from 1');
  await assertRejects(fails({ c: "gap" }, { threshold: 1 }), RangeError, '"threshold" must be a share');
  await assertRejects(fails({ c: "gap" }, {}, { hold: { name: "hodl" } }), RangeError, "Cannot make the strategy");
});

Deno.test("risk rules watch over a strategy, beside the same one without", async () => {
  const { cells } = await stress(
    market(600, 1e-5),
    { crash: "flash_crash(0.5, bars=20, recovery=0)" },
    { hold, guarded: { ...hold, rules: "limit_drawdown(0.1)" } },
    { seeds: 10, workers: 1 },
  );
  assert(cells[1].drawdownMedian > cells[0].drawdownMedian + 0.1, `${cells[1].drawdownMedian}`);
  await assertRejects(
    () => stress(market(), { c: "gap" }, { hold: { ...hold, rules: "limit_drawdwn(0.1)" } }, { workers: 0 }),
    SyntaxError,
    "limit_drawdown",
  );
});

Deno.test("who runs several markets at once is asked for many together, and comes to the same", async () => {
  const momentum = makeStrategy("momentum");
  const asked: number[] = [];
  const one = (bars: Market, options: BacktestOptions) => backtest(bars, momentum, options);
  const many = Object.assign((bars: Market, options: BacktestOptions) => one(bars, options), {
    all(runs: readonly MarketRun[]) {
      asked.push(runs.length);
      return Promise.resolve(runs.map(({ market, options }) => one(market, options)));
    },
  });
  const scenarios = { crash: "flash_crash", "no trade": "gap" };
  const run = (strategies: Parameters<typeof stress>[2]) =>
    stress(market(), scenarios, strategies, { seeds: 50, workers: 0 });
  const { cells, asRecorded } = await run({ one, many, table: { name: "momentum" } });
  assertEquals(asked, [40, 10, 40, 10]);
  for (let i = 0; i < cells.length; i += 3) {
    for (const other of [cells[i + 1], cells[i + 2]]) assertEquals(other.outcomes, cells[i].outcomes);
  }
  assertEquals(asRecorded[1].outcomes, asRecorded[0].outcomes);
});
