import { Command } from "commander";
import { trackedBacktest } from "../pipeline/backtest.ts";
import { spanText } from "../pipeline/market.ts";
import { comparisonTable } from "../pipeline/tables.ts";
import { bar, type ConfigOptions, configured, type Context, print, resolve } from "./command.ts";

/** `lab backtest`: a strategy beside its baselines, as a tracked run. */
export function backtestCommand(context: Context): Command {
  return configured(new Command("backtest"))
    .description("run a strategy beside its baselines, fees included, and record it as an MLflow run")
    .addHelpText("after", "\nExample:\n  lab backtest --input BTC/USD --strategy momentum --set strategy.fast=12")
    .action(async (options: ConfigOptions) => {
      const loaded = resolve(options);
      const report = await trackedBacktest(loaded, {
        signal: context.signal,
        progress: (label) => bar(label, options),
      });
      const { source, rows, warnings, leaks, lag, fees, costs, stats, numbers, run } = report;
      const { market, period } = source;
      const span = spanText(market, period);
      const { config } = loaded;
      const facts = {
        data: source.name,
        span,
        period: config.backtest.period,
        data_hash: source.hash,
        strategy: report.title,
        seed: config.run.seed,
        metrics: numbers,
        comparison: rows,
        lag,
        fees,
        costs,
        trades: stats,
        warnings,
        leaks: { passed: leaks.passed, verdict: leaks.verdict },
        run,
      };
      print(options, facts, () =>
        [
          `${source.name}, ${
            config.backtest.period === "all" ? "all bars" : `${config.backtest.period} period`
          }, ${span}; ` +
          `fee ${config.costs.transaction_fee} bps, spread ${config.costs.spread} bps`,
          "",
          comparisonTable(rows).text,
          "",
          `Sharpe with 0, 1, 2 bars of delay: ${lag.map(({ sharpeRatio }) => sharpeRatio.toFixed(2)).join(", ")}`,
          `${leaks.passed ? "✓ no look-ahead" : "✗ looks ahead"}: ${leaks.verdict}`,
          ...warnings.map((warning) => `! ${warning}`),
          ...(run.url ? ["", `Run ${run.id}: ${run.url}`] : config.run.track ? ["", `Run ${run.id}`] : []),
        ].join("\n"));
    });
}
