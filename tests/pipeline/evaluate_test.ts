import { assert, assertAlmostEquals, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { openPolicy } from "../../lib/agent/policy_file.ts";
import type { LoadedConfig } from "../../lib/config/load.ts";
import { agentFigures, trainingFigures } from "../../lib/pipeline/agent/figures.ts";
import { checkAgentLeaks } from "../../lib/pipeline/agent/leaks.ts";
import { agentSummary, agentVerdict } from "../../lib/pipeline/agent/summary.ts";
import { actionTable, agentTable, feeTable, seedTable } from "../../lib/pipeline/agent/tables.ts";
import { type AgentReport, evaluateStage } from "../../lib/pipeline/evaluate.ts";
import { learningVerdict } from "../../lib/pipeline/agent/learning_suite.ts";
import { loadMarket } from "../../lib/pipeline/market.ts";
import { settingsOfModel } from "../../lib/pipeline/agent/model_store.ts";
import { featuresFor, probe } from "../../lib/pipeline/agent/models.ts";
import { policiesOf, type TrainReport, trainStage } from "../../lib/pipeline/train.ts";
import { tiny, withFolder, writeTiny } from "./tiny.ts";

/** A training of two seeds and its evaluation, made once. */
async function trained(folder: string, set: readonly string[] = []) {
  const path = await writeTiny(folder);
  const loaded = tiny(path, ["run.seeds=2", "evaluate.resamples=200", ...set]);
  const training = await trainStage(loaded.config, {}, { checkpoints: null });
  return { path, loaded, training, report: await evaluateStage(loaded.config, policiesOf(training)) };
}

Deno.test("an agent stands beside its baselines, summed up over seeds, on bars it did not see", async (t) => {
  await withFolder(async (folder) => {
    const { path, loaded, training, report } = await trained(folder);
    const { config } = loaded;

    await t.step("the lines of the table, the agent first", () => {
      assertEquals(report.rows.map(({ strategy, runs }) => [strategy, runs]), [
        ["PPO agent", 2],
        ["buy and hold", 1],
        ["momentum", 1],
        ["mean reversion", 1],
        ["random, same turnover", 8],
        ["flat", 1],
      ]);
      const [agent, hold, , , random, flat] = report.rows;
      const mean = (report.seeds[0].evaluation.totalReturn + report.seeds[1].evaluation.totalReturn) / 2;
      assertAlmostEquals(agent.totalReturn, mean, 1e-12);
      assert(agent.returns.low <= agent.totalReturn && agent.totalReturn <= agent.returns.high);
      assertEquals([hold.returns.low, hold.returns.high], [hold.totalReturn, hold.totalReturn]);
      assertEquals(flat.totalReturn, 0);
      assertAlmostEquals(random.turnover, agent.turnover, 0.3 * agent.turnover + 5);
    });

    await t.step("the test part alone, fees included", () => {
      const { test } = report.source.split;
      for (const { result, fees } of report.seeds) {
        assertEquals([result.from, result.equity.length], [test.from, test.to - test.from]);
        assertEquals(fees.map(({ multiple }) => multiple), [0, 0.5, 1, 2]);
        assertEquals(fees[2].fees, result.fees);
        assert(fees[0].fees === 0 && fees[2].fees > 0);
      }
      assert(report.fees["PPO agent"][0].totalReturn > report.fees["PPO agent"][3].totalReturn);
    });

    await t.step("shares of actions add up, and what was chosen is what was counted", () => {
      assertEquals(report.actions.map(({ action }) => action), ["short", "flat", "long"]);
      assertAlmostEquals(report.actions.reduce((sum, { share }) => sum + share, 0), 1, 1e-12);
    });

    await t.step("the same again gives the same numbers", async () => {
      assertEquals((await evaluateStage(config, policiesOf(training))).numbers, report.numbers);
    });

    await t.step("it says that two seeds are few, and whether it beat buy and hold", () => {
      assert(report.warnings.some((warning) => warning.startsWith("2 seeds:")));
      const [{ seed }] = report.seeds; // whose own numbers the others are about
      assert(report.warnings.some((warning) => warning.startsWith(`Seed ${seed}, the model: the run covers`)));
      const { watermark, badges = [], tiles, finding, metrics } = agentSummary(report, config, { training });
      assertEquals(watermark, "2 seeds");
      assertEquals(badges.find(({ label }) => label === "seeds")?.passed, false);
      assertStringIncludes(tiles[0].label, "2 seeds");
      assertStringIncludes(finding, "buy and hold");
      assertEquals(metrics["agent/total_return"], report.rows[0].totalReturn);
      for (const shown of [agentTable(report.rows), seedTable(report.seeds), feeTable(report), actionTable(report)]) {
        assert(!/NaN|undefined/.test(shown.text), shown.text);
      }
    });

    await t.step("the figures are drawn, without a number missing", async () => {
      const [own, learnt] = [agentFigures(report), trainingFigures(training, config)];
      const drawn = [own.intervals(), own.intervals("sharpe"), own.equity(), own.actions(), own.fees(), own.lag()]
        .concat(own.costs(), learnt.learning(), learnt.validation(), await own.response(training));
      for (const { svg, title, caption } of drawn) assert(!/NaN|undefined/.test(svg + title + caption), title);
      await assertRejects(() => own.response(training, "rsi(14)"), RangeError, "my_signal");
    });

    await t.step("its decisions keep the prefix law", async () => {
      const { passed, verdict } = await checkAgentLeaks(
        report.source,
        policiesOf(training)[0].file,
        {},
        { bars: 120, effort: 50_000 },
      );
      assert(passed, verdict);
    });

    await t.step("what it was trained on is told when it is tested on it", async () => {
      const seen = tiny(path, ["backtest.period=train"]).config;
      const { warnings } = await evaluateStage(seen, policiesOf(training).slice(0, 1));
      assert(warnings.some((warning) => warning.includes("it has seen some of what it is tested on")));
      assert(warnings.some((warning) => warning.startsWith("The run covers"))); // there is no other seed
      assert(!report.warnings.some((warning) => warning.includes("it has seen")));
    });

    await t.step("a file says all that is needed to use it", () => saysAll(training, loaded));
    await t.step("features that are not those of the training are refused", () => refusals(folder, training));
  });
});

async function saysAll(training: TrainReport, { config }: LoadedConfig) {
  await using policy = await openPolicy(policiesOf(training)[0].file);
  const { notes } = policy;
  assertEquals(notes.features, ["$close/logreturn", "rsi(7)", "my_signal"]);
  assertEquals([notes.window, notes.stateSize, notes.symbol, notes.step], [4, 3, "tiny", 3_600_000]);
  assertEquals(notes.actions.choices, [[-1], [0], [1]]);
  assert(notes.scaler.fitted.bars > 400 && notes.scaler.fitted.bars < 540);
  assert(/^[0-9a-f]{40}|^not in git/.test(notes.commit));
  assertEquals(notes.about.data_hash, training.source.hash);
  assertEquals(JSON.parse(notes.about.settings)["ppo.gamma"], String(config.ppo.gamma));
}

async function refusals(folder: string, training: TrainReport) {
  await using policy = await openPolicy(policiesOf(training)[0].file);
  const { notes } = policy;
  const { source } = training;
  const market = async (set: string[]) => await loadMarket(tiny(set[0], set.slice(1)).config);
  const daily = await market([await writeTiny(folder, { name: "daily", step: 864e5 })]);
  await assertRejects(() => featuresFor(notes, daily), RangeError, "trained on bars of 1h: these are of 1d");

  const plain = { ...source, market: { ...source.market, assets: [{ ...source.market.assets[0], extra: {} }] } };
  await assertRejects(() => featuresFor(notes, plain), RangeError, "my_signal");

  const twice = { ...source, market: { ...source.market, assets: [source.market.assets[0], source.market.assets[0]] } };
  await assertRejects(() => featuresFor(notes, twice), RangeError, "1 asset(s): the data have 2");

  await assertRejects(
    () => featuresFor(notes, source, ["$close/logreturn", "rsi(14)", "my_signal"]),
    RangeError,
    "missing rsi(7); not known to it rsi(14)",
  );
  await assertRejects(
    () => featuresFor(notes, source, ["rsi(7)", "$close/logreturn", "my_signal"]),
    RangeError,
    "another order",
  );

  const recorded = JSON.parse(notes.about.probe);
  const other = { ...notes, about: { ...notes.about, probe: JSON.stringify({ ...recorded, "rsi(7)": 12 }) } };
  await assertRejects(() => featuresFor(other, source), RangeError, '"rsi(7)" was 12 when it was trained');
  const rounding = { ...recorded, "rsi(7)": recorded["rsi(7)"] * (1 + 1e-7) };
  await featuresFor({ ...notes, about: { ...notes.about, probe: JSON.stringify(rounding) } }, source);
}

Deno.test("the bars that models are compared on do not depend on what else the data have", () => {
  const one = probe(["rsi(7)", "a"], ["a"]);
  assertEquals(probe(["rsi(7)", "a"], ["b", "a"]), one);
  assert(Object.values(one).every(Number.isFinite));
});

Deno.test("a verdict claims no more than its interval allows", () => {
  const line = (strategy: string, totalReturn: number, low = totalReturn, high = totalReturn) => ({
    strategy,
    totalReturn,
    trades: 10,
    returns: { point: totalReturn, low, high },
  });
  const verdict = (agent: ReturnType<typeof line>, seeds = 5) =>
    agentVerdict({
      rows: [agent, line("buy and hold", 0.1), line("random, same turnover", -0.1, -0.2, 0.05)],
      seeds: Array.from({ length: seeds }, () => ({})),
      improvement: { point: 0.6 },
      monthlyImprovement: { point: 0.5 },
    } as unknown as AgentReport);
  assertStringIncludes(verdict(line("PPO agent", 0.3, 0.2, 0.4)), "beat buy and hold: +30.0");
  assertStringIncludes(verdict(line("PPO agent", 0.3, 0.2, 0.4)), "timing was worth something");
  assertStringIncludes(verdict(line("PPO agent", 0.12, 0.02, 0.4)), "cannot be told apart from buy and hold");
  assertStringIncludes(verdict(line("PPO agent", 0.12, 0.02, 0.4)), "worth nothing that can be shown");
  assertStringIncludes(verdict(line("PPO agent", -0.1, -0.2, 0)), "did not beat buy and hold");
  assertStringIncludes(verdict(line("PPO agent", 0.3), 1), "One seed says little of the next");
});

Deno.test("several assets, any exposure: features of each side by side, evaluated like one", async () => {
  await withFolder(async (folder) => {
    const one = await writeTiny(folder, { name: "one" });
    const two = await writeTiny(folder, { name: "two", seed: 2 });
    const { config } = tiny(one, [`data.input=${one}, ${two}`, "env.actions=box", "evaluate.resamples=100"]);
    const training = await trainStage(config, {}, { checkpoints: null });
    assertEquals(training.features.matrix.names.slice(2, 5), [
      "one my_signal",
      "two $close/logreturn",
      "two rsi(7)",
    ]);
    const report = await evaluateStage(config, policiesOf(training));
    assertEquals(report.seeds[0].result.symbols, ["one", "two"]);
    assertEquals(report.actions.length, 4);
    const keys = Object.keys(report.numbers).filter((name) => name.startsWith("action/"));
    assertEquals(keys[0], "action/short_more_than_half");
  });
});

Deno.test("the learning suite's verdict counts bars met; there is none where it was not run", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/learn.jsonl`;
    assertEquals(await learningVerdict(path), undefined);
    await Deno.writeTextFile(path, '{"task":"oracle","met":true}\n{"task":"random walk","met":false}\n');
    const { verdict, passed } = (await learningVerdict(path))!;
    assertEquals([verdict, passed], ["1 of 2 bars met; missed: random walk", false]);
    await Deno.writeTextFile(path, '{"task":"oracle","met":true}\n');
    assertEquals((await learningVerdict(path))!.passed, true);
  });
});

Deno.test("risk rules watch over an agent in training, on validation and on the test part", async () => {
  await withFolder(async (folder) => {
    const rules = "risk.rules=limit_exposure(0.3), stop_loss(0.01, wait=3)";
    const { loaded, training, report } = await trained(folder, [rules]);
    const free = await trainStage({ ...loaded.config, risk: { ...loaded.config.risk, rules: "" } }, {}, {
      checkpoints: null,
    });
    assert(training.seeds[0].weights !== free.seeds[0].weights, "the env pays what is left under the rules");
    assertEquals(report.rules.map(({ name }) => name), ["stop_loss", "limit_exposure"]);
    for (const { result } of report.seeds) {
      assert(result.events.length > 0 && result.weights.every((weight) => Math.abs(weight) < 0.33));
    }
    const [, hold, guarded] = report.rows;
    assertEquals(guarded.strategy, "buy and hold with risk rules");
    assert(guarded.exposure < 0.33 && hold.exposure > 0.9, `${guarded.exposure} and ${hold.exposure}`);
    const { provenance } = agentSummary(report, loaded.config, { training });
    assertEquals(provenance["risk rules"], "stop_loss(loss=0.01, wait=3), limit_exposure(limit=0.3)");
    await using policy = await openPolicy(policiesOf(training)[0].file);
    assertEquals(settingsOfModel(policy).risk?.rules, loaded.config.risk.rules);
    const again = await evaluateStage(
      tiny(loaded.config.data.input[0], ["run.seeds=2", "evaluate.resamples=200"]).config,
      policiesOf(training),
    );
    assertEquals(again.rules, [], "settings say under which rules");
  });
});
