import { Command } from "commander";
import type { FeeColumn } from "../backtest/mod.ts";
import type { LoadedConfig } from "../config/load.ts";
import { snakeKeys } from "../pipeline/names.ts";
import { type TrackedBacktest, trackedBacktest } from "../pipeline/backtest.ts";
import { spanText } from "../pipeline/market.ts";
import { comparisonTable } from "../pipeline/show/tables.ts";
import { number } from "../report/format.ts";
import { cleaningFacts, cleaningLines } from "./cleaning.ts";
import { type ConfigOptions, configured, type Context, depsOf, print, resolve, runLines } from "./command.ts";
import { headOf } from "./head.ts";

/** `lab backtest`: a strategy beside its baselines, as a tracked run. */
export function backtestCommand(context: Context): Command {
  return configured(new Command("backtest"))
    .description("run a strategy beside its baselines, fees included, and record it as an MLflow run")
    .addHelpText(
      "after",
      "\nExamples:\n  lab backtest --input BTC/USD --strategy momentum --set strategy.fast=12\n" +
        "  lab backtest --input my.csv --timerange 20180131-20180301 --period all --json\n\n" +
        "The last part of the bars is traded, the test period, unless --period says otherwise.\n" +
        "--json: data, span, period, data_hash, strategy, seed, settings, metrics, comparison, lag, fees, costs,\n" +
        'trades, warnings, leaks, cleaning, run; shares are 0.1 for 10 %, numbers that are none are text: "NaN".',
    )
    .action(async (options: ConfigOptions) => {
      const loaded = resolve(options);
      const report = await trackedBacktest(loaded, depsOf(context, options));
      print(options, backtestJson(report, loaded), () => backtestText(report, loaded, options));
    });
}

/**
 * What `--json` prints. `metrics` are the numbers that a run records and `lab verify` compares, with MLflow's names;
 * `comparison` has the strategy first, then what it stands beside; `fees` is by multiple of the fee, of the strategy and of
 * buy and hold; `run.url` is missing where MLflow has not taken the run (yet).
 */
export function backtestJson(report: TrackedBacktest, { config }: LoadedConfig) {
  const { source, title, rows, warnings, leaks, lag, fees, costs, stats, numbers, run } = report;
  return {
    ...headOf(source, title, config),
    settings: config.strategy,
    metrics: numbers,
    comparison: rows.map(snakeKeys),
    lag: lag.map(snakeKeys),
    fees: feesJson(fees),
    costs: snakeKeys(costs),
    trades: snakeKeys(stats),
    warnings,
    leaks: { passed: leaks.passed, verdict: leaks.verdict },
    cleaning: cleaningFacts(source.loaded),
    run,
  };
}

/** Fee columns by who paid them. */
export function feesJson(fees: Readonly<Record<string, readonly FeeColumn[]>>) {
  return Object.fromEntries(Object.entries(fees).map(([name, columns]) => [name, columns.map(snakeKeys)]));
}

function backtestText(report: TrackedBacktest, { config }: LoadedConfig, options: ConfigOptions): string {
  const { source, rows, lag, leaks, warnings, run } = report;
  const { period } = config.backtest;
  const all = source.market.length;
  const part = period === "all"
    ? "all bars"
    : `${period} period, ${source.period.to - source.period.from} of ${all} bars`;
  const check = leaks.passed ? "✓ no look-ahead" : leaks.leaks.length > 0 ? "✗ looks ahead" : "? look-ahead not known";
  return [
    `${source.name}, ${part}, ${spanText(source.market, source.period)}; ` +
    `fee ${config.costs.transaction_fee} bps, spread ${config.costs.spread} bps`,
    ...(options.timerange && period !== "all" ? ["--period all trades the whole time range"] : []),
    ...cleaningLines(source.loaded),
    "",
    comparisonTable(rows).text,
    "",
    `Sharpe with 0, 1, 2 bars of delay: ${lag.map(({ sharpeRatio }) => number(sharpeRatio, { digits: 2 })).join(", ")}`,
    `${check}: ${leaks.verdict}`,
    ...warnings.map((warning) => `! ${warning}`),
    ...runLines(run, config),
  ].join("\n");
}
