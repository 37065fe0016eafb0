import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { evaluateStage } from "../../lib/pipeline/evaluate.ts";
import { findModel } from "../../lib/pipeline/agent/model_store.ts";
import { defaults } from "../../lib/config/schema.ts";
import type { Config } from "../../lib/config/schema.ts";
import { riskStage } from "../../lib/pipeline/risk.ts";
import { openModelRun } from "../../lib/pipeline/scenarios/model.ts";
import { scenarioFigures } from "../../lib/pipeline/scenarios/figures.ts";
import { scenarioSummary } from "../../lib/pipeline/scenarios/summary.ts";
import { calibrationTable, realismTable, scenarioTable, stressTable } from "../../lib/pipeline/scenarios/tables.ts";
import { scenariosStage } from "../../lib/pipeline/scenarios.ts";
import { policiesOf, trainStage } from "../../lib/pipeline/train.ts";
import { parseRules } from "../../lib/risk/mod.ts";
import { parseScenario, specScenario } from "../../lib/scenarios/mod.ts";
import { rng } from "../../lib/base/random.ts";
import { temporaryProject } from "../integration/project.ts";
import { tiny, withFolder, writeTiny } from "./tiny.ts";

/** The bundled daily candles, few draws. */
function settings(change: Partial<Config["scenarios"]> = {}, input = ["bitstamp_BTC-USD_1d"], rules = ""): Config {
  const own = defaults();
  return {
    ...own,
    data: { ...own.data, input },
    risk: { ...own.risk, rules },
    scenarios: { ...own.scenarios, seeds: 6, workers: 0, list: ["flash_crash", "historical_replay"], ...change },
  };
}

Deno.test("a stress test says what it found in words, tables and figures", async () => {
  const config = settings();
  const report = await scenariosStage(config);
  assertEquals(report.result.scenarios, ["flash crash", "historical replay"]);
  assertEquals(report.result.strategies, ["momentum", "buy and hold", "mean reversion"]);
  assertEquals([report.calibration?.weeks, Object.keys(report.realism)], [52, ["bootstrap", "garch"]]);
  const { finding, tiles, metrics } = scenarioSummary(report, config);
  assertStringIncludes(finding, "of 6 draws");
  assertEquals(tiles.length, 4);
  assert("flash_crash/momentum/survival" in metrics && "as_recorded/buy_and_hold/survival" in metrics);
  for (const text of [stressTable(report), scenarioTable(report), calibrationTable(report)].map((one) => one.text)) {
    assertEquals(/undefined|NaN/.test(text), false, text);
  }
  assertStringIncludes(realismTable(report, "garch").text, "excess kurtosis");
  assertStringIncludes(scenarioTable(report).text, "everything falls within a few bars");
  assertThrows(() => realismTable(report, "arch"), RangeError, "must be one of bootstrap, garch");
  const figures = scenarioFigures(report);
  for (const make of Object.values(figures)) assert(make().svg.length > 0);
  assertMatch(figures.price("flash crash").caption ?? "", /as recorded from \d{4}-\d\d-\d\d, /);
  assertThrows(() => figures.fan("flash crsh"), RangeError, 'nearest is "flash crash"');
  assertEquals((await scenariosStage(config)).numbers, report.numbers, "again the same numbers");
});

Deno.test("severity is taken from training data, but what is written by hand stays", async () => {
  const list = ["flash_crash", "flash_crash(depth=0.7)"];
  const { specs } = await scenariosStage(settings({ list, weeks: 10 }));
  const [[measured], [byHand]] = Object.values(specs);
  assert(Number(measured.settings.depth) < 0.2, `${measured.settings.depth}`);
  assertEquals([byHand.settings.depth, byHand.settings.volume], [0.7, measured.settings.volume]);
  const plain = await scenariosStage(settings({ list: ["flash_crash"], calibrate: false }));
  assertEquals(Object.values(plain.specs)[0][0].settings.depth, 0.3);
  assertThrows(() => calibrationTable(plain), RangeError, "scenarios.calibrate=true");
});

Deno.test("risk rules stand beside the strategy without them, and several assets can fall together", async () => {
  const { result } = await scenariosStage(
    settings(
      { list: ["correlated_assets(correlation=0.9)"] },
      ["bitstamp_BTC-USD_1d", "bitstamp_ETH-USD_1d"],
      "limit_drawdown(0.1)",
    ),
  );
  assertEquals(result.strategies.slice(0, 2), ["momentum", "momentum with risk rules"]);
  assertEquals(result.cells.length, 4);
});

Deno.test("bad input is told before or instead of a wrong number", async () => {
  const fails = (change: Partial<Config["scenarios"]>, kind: new (message: string) => Error, text: string) =>
    assertRejects(() => scenariosStage(settings(change)), kind, text);
  await fails({ list: ["flash_crash("] }, SyntaxError, "Cannot read the scenario");
  await fails({ list: ["flash_crsh"] }, RangeError, 'nearest is "flash_crash"');
  await fails({ list: ["correlated_assets"] }, RangeError, "at least two: current value is 1");
  await fails({ weeks: 5000 }, RangeError, "no more than there are");
  await fails({ list: [] }, RangeError, "scenarios must be at least one");
});

Deno.test("a model goes through scenarios in the strategy's place, with rules and without; on the command line too", async () => {
  await withFolder(async (folder) => {
    const path = await writeTiny(folder);
    const loaded = tiny(path);
    const { config } = loaded;
    const [{ file }] = policiesOf(await trainStage(config, {}, { checkpoints: null }));
    const model = `${folder}/model.onnx`;
    await Deno.writeFile(model, file);
    const list = ["flash_crash", "low_liquidity"];
    const own = { ...config.scenarios, list, seeds: 3, workers: 0, calibrate: false };
    const rules = "limit_exposure(0.3)";
    const settings: Config = { ...config, scenarios: own, risk: { ...config.risk, rules } };
    const found = await findModel(model, loaded.settings);
    const report = await scenariosStage(settings, {}, { model: found });
    assertEquals([report.title, report.result.strategies], [
      model,
      [model, `${model} with risk rules`, "buy and hold", "momentum", "mean reversion"],
    ]);
    assertEquals((await scenariosStage(settings, {}, { model: found })).numbers, report.numbers);
    const [free, guarded] = report.result.asRecorded;
    assert(guarded.drawdownMedian > free.drawdownMedian, "less exposure is less of a fall");
    // As recorded it is the backtest that an evaluation shows.
    const evaluated = await evaluateStage(settings, found.policies);
    const { start, change } = guarded.outcomes[0];
    const { equity } = evaluated.seeds[0].result;
    const end = Math.min(equity.length, start + report.result.horizon) - 1;
    assertEquals(change, equity[end] / equity[start - 1] - 1);

    // A report on risk takes the model as well: with its rules, and without each of them.
    const atRisk = { ...settings, risk: { ...settings.risk, window: 100 } };
    const risk = await riskStage(atRisk, {}, { model: found });
    assertEquals([risk.title, risk.rules.map(({ name }) => name)], [model, ["limit_exposure"]]);
    assertEquals(risk.result.equity, equity);
    assert(risk.free.equity.some((value, t) => value !== equity[t]));
    assertEquals(risk.effects[0].returnCost, risk.rows[1].totalReturn - risk.rows[0].totalReturn);

    // Many at once it does what it does one by one, whatever they are and wherever they end.
    await using agent = await openModelRun(found, report.source);
    const { market } = report.source;
    const spec = specScenario(parseScenario("flash_crash(depth=0.4)"));
    const markets = [market, spec(market, rng(1)), spec(market, rng(2))];
    const runs = markets.map((one, i) => ({
      market: one,
      options: { from: 700, to: 900 - 50 * i, risk: i === 1 ? [] : parseRules(rules).map(({ rule }) => rule) },
    }));
    const together = await agent.run.all!(runs);
    for (const [i, { market, options }] of runs.entries()) {
      assertEquals((await agent.run(market, options)).equity, together[i].equity);
    }

    await using project = await temporaryProject();
    const set = ["scenarios.calibrate=false", "scenarios.workers=0"].flatMap((one) => ["--set", one]);
    const line = (...more: string[]) => ["scenarios", "--model", model, "--input", path, "--no-track", ...set, ...more];
    const [ran, wrong, absent, underRules, both] = await project.each([
      line("--scenario", ...list, "--seeds", "3", "--rules", rules, "--json"),
      line("--input", "coinbase_BTC-USD_1h", "--seeds", "2"),
      ["scenarios", "--model", `${folder}/other.onnx`],
      ["risk", "--model", model, "--input", path, "--no-track", "--rules", rules, "--set", "risk.window=100", "--json"],
      ["risk", "--model", model, "--strategy", "momentum"],
    ]);
    assertEquals(underRules.code, 0, underRules.stderr);
    const told = JSON.parse(underRules.stdout);
    assertEquals([told.strategy, told.settings], [model, {}]);
    assertEquals(told.metrics["with_rules/total_return"], risk.numbers["with_rules/total_return"]);
    assertStringIncludes(both.stderr, "Cannot take --strategy beside --model");
    assertEquals(ran.code, 0, ran.stderr);
    const { metrics } = JSON.parse(ran.stdout) as { metrics: Record<string, number | "NaN"> };
    assertEquals(
      Object.fromEntries(Object.entries(metrics).map(([key, value]) => [key, Number(value)])),
      report.numbers,
    );
    assertStringIncludes(wrong.stderr, "my_signal");
    assertStringIncludes(absent.stderr, "there is no such file");
    assertEquals([wrong.code, absent.code], [1, 1]);
  });
});

Deno.test("bars without volume fill nothing, and a market that stands still is no crash: both are said, neither is an error", async () => {
  await withFolder(async (folder) => {
    const path = await writeTiny(folder);
    const still = `${folder}/still.csv`;
    const silent = `${folder}/silent.csv`;
    const [heading, ...lines] = (await Deno.readTextFile(path)).trim().split("\n");
    const column = heading.split(",").findIndex((name) => name.includes("volume"));
    const changed = (change: (cells: string[]) => string[]) =>
      [heading, ...lines.map((line) => change(line.split(",")).join(","))].join("\n");
    await Deno.writeTextFile(silent, changed((cells) => cells.with(column, "0")));
    const prices = new Set(["open", "high", "low", "close"]);
    const names = heading.split(",").map((name) => name.replace("$", ""));
    await Deno.writeTextFile(still, changed((cells) => cells.map((cell, i) => prices.has(names[i]) ? "5" : cell)));
    const of = (input: string): Config => {
      const { config } = tiny(input, ["strategy.name=buy_and_hold"]);
      const scenarios = { ...config.scenarios, list: ["flash_crash"], seeds: 3, workers: 0, calibrate: false };
      return { ...config, scenarios, risk: { ...config.risk, window: 100 } };
    };
    const nothing = await scenariosStage(of(silent));
    assert(nothing.result.cells.every(({ fillShare }) => fillShare === 0));
    assertStringIncludes(scenarioSummary(nothing, of(silent)).finding, "was filled in 1 scenario: the bars");
    assertMatch(realismTable(nothing).text, /volume and \|return\| +– +– +– +not known/);
    assert(scenarioSummary(nothing, of(silent)).badges?.some(({ verdict }) => verdict.includes("of 3 stylised facts")));
    const risk = await riskStage(of(silent));
    assert(risk.warnings.some((warning) => warning.startsWith("Nothing that was asked for was filled")));
    const flat = await scenariosStage(of(still));
    assertEquals(flat.realism, {});
    assert(flat.result.asRecorded[0].drawdownMedian > -0.001, "no more than the fee");
    await assertRejects(
      () => scenariosStage({ ...of(path), scenarios: { ...of(path).scenarios, calibrate: true } }),
      RangeError,
      "at least 4 whole weeks: they have 3",
    );
  });
});
