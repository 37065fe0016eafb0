import { Command } from "commander";
import { snakeKeys } from "../pipeline/names.ts";
import { cellRow, trackedScenarios } from "../pipeline/scenarios.ts";
import { calibrationTable, realismTable, stressTable } from "../pipeline/scenarios/tables.ts";
import { scenarioFinding } from "../pipeline/scenarios/summary.ts";
import { parseRules } from "../risk/mod.ts";
import { describeScenario } from "../scenarios/mod.ts";
import { type ConfigOptions, configured, type Context, depsOf, print, resolve, runLines } from "./command.ts";
import { headOf, ruleFacts } from "./head.ts";
import { modelOf } from "./model.ts";

/** `lab scenarios`: a strategy beside its baselines, through crashes and droughts, as a tracked run. */
export function scenariosCommand(context: Context): Command {
  interface Options extends ConfigOptions {
    readonly scenario?: readonly string[];
    readonly seeds?: string;
    readonly weeks?: string;
    readonly model?: string;
    readonly rules?: string;
  }
  return configured(new Command("scenarios"))
    .description("put a strategy through crashes, thin and wild markets, many times, and see what survives")
    .option(
      "--scenario <names...>",
      "flash_crash, gap(bars=12), flash_crash+low_liquidity, …; lab list scenarios [NAME]",
    )
    .option("--seeds <count>", "times that each scenario is drawn")
    .option("--weeks <n>", "severity: as bad as the worst 1 in n weeks of the training data")
    .option("--model <model>", "a trained model in the strategy's place: candelabra@champion, FILE.onnx")
    .option(
      "--rules <rules>",
      "risk rules beside which the strategy is shown: trailing_stop(atr=3), limit_drawdown(0.2)",
    )
    .addHelpText(
      "after",
      '\nExample:\n  lab scenarios --input BTC/USD --strategy momentum --scenario flash_crash "gap(jump=0.3) + low_liquidity"\n\n' +
        "--json: data, span, period, data_hash, strategy, seed, finding, rules, seeds (draws of each), threshold,\n" +
        "horizon_bars, scenarios (settings used), calibration, calibration_check, realism, metrics (what a run records),\n" +
        "cells (a strategy in a scenario), as_recorded (the same without shocks), run. Of a cell: survival with its 95 %\n" +
        "interval; recovery_median in bars (Kaplan-Meier); fill_share of the value ordered; slippage in bps of the value\n" +
        "traded from the shock on; change_median, and change5 with 5 % of draws below it and shortfall5 their mean. Shares\n" +
        'are 0.1 for 10 %, numbers that are none are text: "NaN".',
    )
    .action(async (options: Options) => {
      const set = [
        ...(options.scenario === undefined ? [] : [`scenarios.list=${options.scenario.join(", ")}`]),
        ...(options.seeds === undefined ? [] : [`scenarios.seeds=${options.seeds}`]),
        ...(options.weeks === undefined ? [] : [`scenarios.weeks=${options.weeks}`]),
        ...(options.rules === undefined ? [] : [`risk.rules=${options.rules}`]),
        ...options.set,
      ];
      const { model, base } = await modelOf(options);
      const loaded = resolve({ ...options, set }, base);
      const deps = depsOf(context, options);
      const report = await trackedScenarios(loaded, deps, model === undefined ? {} : { model });
      const { source, title, specs, calibration, checks, realism, result, numbers, run } = report;
      const { config } = loaded;
      const facts = {
        ...headOf(source, title, config),
        finding: scenarioFinding(report),
        rules: ruleFacts(parseRules(config.risk.rules)),
        seeds: result.seeds,
        threshold: result.threshold,
        horizon_bars: result.horizon,
        scenarios: specs,
        calibration,
        calibration_check: checks,
        realism,
        metrics: numbers,
        cells: result.cells.map((cell) => snakeKeys(cellRow(cell))),
        as_recorded: result.asRecorded.map((cell) => snakeKeys(cellRow(cell))),
        run,
      };
      print(options, facts, () =>
        [
          `${source.name}, ${config.backtest.period} period, ${facts.span}; ${result.seeds} draws of each scenario`,
          ...Object.values(specs).map((spec) => `  ${describeScenario(spec)}`),
          "",
          stressTable(report).text,
          "",
          facts.finding,
          ...(calibration === undefined ? [] : ["", calibrationTable(report).text]),
          ...Object.keys(realism).flatMap((method) => ["", realismTable(report, method).text]),
          ...runLines(run, config),
        ].join("\n"));
    });
}
