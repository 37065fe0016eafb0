import { Command } from "commander";
import { snakeKeys } from "../pipeline/names.ts";
import { trackedRisk } from "../pipeline/risk.ts";
import { riskFinding } from "../pipeline/risk/summary.ts";
import { effectTable, eventTable, falls, fallTable, tailTable } from "../pipeline/risk/tables.ts";
import { comparisonTable } from "../pipeline/show/tables.ts";
import { percent } from "../report/format.ts";
import { type ConfigOptions, configured, type Context, depsOf, print, resolve, runLines } from "./command.ts";
import { headOf, ruleFacts } from "./head.ts";
import { modelOf } from "./model.ts";

/** `lab risk`: a strategy with and without risk rules, what each did, and what a bar may lose, as a tracked run. */
export function riskCommand(context: Context): Command {
  return configured(new Command("risk"))
    .description("what a strategy may lose, and what each risk rule around it prevents and costs")
    .option(
      "--rules <rules>",
      'such as "volatility_target(0.3), trailing_stop(atr=3)"; all of them: lab list rules [NAME]',
    )
    .option("--model <model>", "a trained model in the strategy's place: candelabra@champion, FILE.onnx")
    .addHelpText(
      "after",
      '\nExample:\n  lab risk --input BTC/USD --rules "volatility_target(0.3), trailing_stop(atr=3), limit_drawdown(0.2)"\n\n' +
        "--json: data, span, period, data_hash, strategy, seed, settings, finding, rules (in the order they act), metrics\n" +
        "(what a run records), comparison (with rules, without, buy and hold), effects (of each rule: the run with all less\n" +
        "the run without it), events (time: ms UTC), drawdowns (the five deepest), level, warnings, wild_share (of bars,\n" +
        "by both regime methods), value_at_risk (forecasts of each method, Kupiec's and Christoffersen's tests), run.\n" +
        'Shares are 0.1 for 10 %, numbers that are none are text: "NaN".',
    )
    .action(async (options: ConfigOptions & { readonly rules?: string; readonly model?: string }) => {
      const rule = options.rules === undefined ? [] : [`risk.rules=${options.rules}`];
      const { model, base } = await modelOf(options);
      const loaded = resolve({ ...options, set: [...options.set, ...rule] }, base);
      const report = await trackedRisk(loaded, depsOf(context, options), model === undefined ? {} : { model });
      const { source, title, rules, rows, effects, events, level, tails, regimes, numbers, run } = report;
      const wild = (method: keyof typeof regimes) => {
        const known = regimes[method].filter((probability) => !Number.isNaN(probability));
        return known.length === 0 ? NaN : known.filter((probability) => probability > 0.5).length / known.length;
      };
      const { config } = loaded;
      const facts = {
        ...headOf(source, title, config),
        settings: model === undefined ? config.strategy : {},
        finding: riskFinding(report, config),
        rules: ruleFacts(rules),
        metrics: numbers,
        comparison: rows.map(snakeKeys),
        effects: effects.map(snakeKeys),
        events,
        drawdowns: falls(report),
        level,
        warnings: report.warnings,
        wild_share: { hmm: wild("hmm"), volatility: wild("volatility") },
        value_at_risk: tails.map(({ forecast: { invalid }, ...row }) => snakeKeys({ ...row, invalid })),
        run,
      };
      print(options, facts, () =>
        [
          `${title} on ${source.name}, ${
            config.backtest.period === "all" ? "all bars" : `${config.backtest.period} period`
          }, ${facts.span}`,
          ...(rules.length === 0 ? [] : [`Rules, in the order they act: ${rules.map(({ text }) => text).join(", ")}`]),
          "",
          comparisonTable(rows).text,
          "",
          ...(rules.length === 0 ? [] : [
            "What each rule prevented and cost (the run without it, all others kept):",
            effectTable(effects).text,
            "",
            `What rules did, the first of ${events.length}:`,
            eventTable(events, "", 10).text,
            "",
          ]),
          ...(report.rows[0].maxDrawdown === 0 ? [] : ["Deepest drawdowns:", fallTable(report).text, ""]),
          `Wild regime: ${share(wild("hmm"))} of bars by a hidden Markov model, ${
            share(wild("volatility"))
          } by volatility, as known at the time`,
          "",
          `One-bar value at risk of the market at ${
            Number((100 * level).toPrecision(6))
          } %, forecast from ${config.risk.window} returns:`,
          tailTable(tails).text,
          "",
          facts.finding,
          ...report.warnings.map((warning) => `! ${warning}`),
          ...(rules.length === 0
            ? [
              'To put rules around it: --rules "volatility_target(0.3), limit_drawdown(0.2)"; all of them: lab list rules',
            ]
            : []),
          ...runLines(run, config),
        ].join("\n"));
    });
}

const share = (value: number) => Number.isNaN(value) ? "an unknown share" : percent(value, { digits: 0 });
