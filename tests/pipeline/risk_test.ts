import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { loadConfig } from "../../lib/config/load.ts";
import { backtestStage } from "../../lib/pipeline/backtest.ts";
import { riskStage } from "../../lib/pipeline/risk.ts";
import { riskFigures } from "../../lib/pipeline/risk/figures.ts";
import { riskFinding, riskSummary } from "../../lib/pipeline/risk/summary.ts";
import { fallTable } from "../../lib/pipeline/risk/tables.ts";
import { comparisonTable } from "../../lib/pipeline/show/tables.ts";

const rules = "limit_drawdown(0.1), trailing_stop(atr=3), volatility_target(0.3)";
const configOf = (...set: string[]) =>
  loadConfig({ set: ["data.timerange=20190101-20190401", "risk.window=200", ...set] }).config;

Deno.test("rules around a strategy: with, without, and without each; events with their rule; tails and regimes", async () => {
  const report = await riskStage(configOf(`risk.rules=${rules}`));
  const T = report.result.equity.length;
  assertEquals(report.rules.map(({ name }) => name), ["volatility_target", "trailing_stop", "limit_drawdown"]);
  assertEquals(report.rows.map(({ strategy }) => strategy), ["with rules", "without", "buy and hold"]);
  assertEquals(report.effects.reduce((sum, { events }) => sum + events, 0), report.events.length);
  assert(report.events.some(({ rule }) => rule === "trailing_stop(atr=3)"));
  for (const { forecast, forecasts, exceptions, kupiec } of report.tails) {
    assertEquals([forecast.valueAtRisk.length, forecasts], [T, T]);
    assert(exceptions > 0 && kupiec.pValue >= 0);
  }
  assertEquals([report.regimes.hmm.length, report.regimes.volatility.length], [T, T]);
  assert(Object.values(report.numbers).every((value) => typeof value === "number"));
  assertEquals((await riskStage(configOf(`risk.rules=${rules}`))).numbers, report.numbers);

  const backtested = await backtestStage(configOf(`risk.rules=${rules}`));
  assertEquals(backtested.result.equity, report.result.equity);
  assertEquals(backtested.results["buy and hold"].equity, report.hold.equity);
  assertAlmostEquals(backtested.rows[0].totalReturn, report.rows[0].totalReturn, 0);
});

Deno.test("without rules it says what there is to keep in bounds", async () => {
  const config = configOf();
  const report = await riskStage(config);
  assertEquals(report.rows.map(({ strategy }) => strategy), ["without", "buy and hold"]);
  assertEquals([report.rules, report.effects, report.events], [[], [], []]);
  assertEquals(report.tails.length, 5);
  const { finding, tiles } = riskSummary(report, config);
  assertStringIncludes(finding, "No risk rules watch over it");
  assertEquals(tiles.length, 4);
  for (const text of [finding, comparisonTable(report.rows).text, fallTable(report).text]) {
    assertEquals(/undefined|NaN/.test(text), false, text);
  }
  const figures = riskFigures(report);
  for (const draw of [figures.equity, figures.drawdowns, figures.events, figures.exposure, figures.regimes]) draw();
  assertMatch(figures.beta().caption ?? "", /^With rules [−\d.]+ to [−\d.]+, half the time over/);
});

Deno.test("two rules of one name are two in the numbers; what was prevented is said in points", async () => {
  const config = configOf("risk.rules=stop_loss(0.02), stop_loss(atr=2)");
  const report = await riskStage(config);
  const [near, far] = report.effects;
  assertEquals(report.numbers["rule/stop_loss/return_cost"], near.returnCost);
  assertEquals(report.numbers["rule/stop_loss_2/return_cost"], far.returnCost);
  assert(near.returnCost !== far.returnCost);
  assertMatch(
    riskFinding(report, config),
    /, (for|and earned) [\d.]+ points (less return|more); its Sharpe ratio went/,
  );
});

Deno.test("where nothing was wanted the finding says so, and no ratio of nothing", async () => {
  const config = configOf("strategy.name=flat", "risk.rules=limit_drawdown(0.1)");
  const finding = riskFinding(await riskStage(config), config);
  assertEquals(finding, "Flat asked for nothing on the test period, with its risk rules or without.");
});

Deno.test("rules that cannot be read, and too little history are refused in words", async () => {
  await assertRejects(() => riskStage(configOf("risk.rules=stop_los(0.1)")), SyntaxError, 'nearest is "stop_loss"');
  await assertRejects(
    () => backtestStage(configOf("risk.rules=fixed_fraction(2), limit_leverage(1)")),
    RangeError,
    "Cannot combine",
  );
  await assertRejects(
    () => riskStage(configOf(`risk.rules=${rules}`, "risk.window=50000")),
    RangeError,
    "risk.window must be fewer",
  );
});
