import { Command, Option } from "commander";
import { comparisonTable } from "../pipeline/show/tables.ts";
import { demoStage } from "../pipeline/demo.ts";
import { allNotebooks } from "../pipeline/notebooks.ts";
import { type ReportResult, reportStage } from "../pipeline/report.ts";
import { verifyStage } from "../pipeline/verify.ts";
import { formatTable } from "../report/table.ts";
import type { Config } from "../config/schema.ts";
import { loadConfig } from "../config/load.ts";
import { type ConfigOptions, configured, type Context, depsOf, print, resolve, runLines } from "./command.ts";

/** `lab report`: notebooks into pages and runs. */
export function reportCommand(context: Context): Command {
  const collect = (value: string, all: readonly string[]) => [...all, value];
  return configured(new Command("report"))
    .description("execute notebooks into self-contained HTML pages in reports/, each an MLflow run")
    .argument("[notebooks...]", "notebooks; all of the project's unless named")
    .addOption(
      new Option("-p, --parameter <name=value>", "a parameter that the notebook declares; may be repeated")
        .argParser(collect).default([], "none"),
    )
    .option("-o, --output <folder>", "folder of the pages, reports/ unless given")
    .addHelpText(
      "after",
      "\nExamples:\n  lab report 03_backtest --preset full --set strategy.name=mean_reversion\n" +
        "  lab report my_notebook.ipynb -p window=20",
    )
    .action(async (paths: string[], options: ConfigOptions & { parameter: string[]; output?: string }) => {
      const loaded = resolve(options);
      const results = await reportStage(paths.length > 0 ? paths : await allNotebooks(), loaded, {
        parameters: Object.fromEntries(options.parameter.map(parameterOf)),
        ...(options.output ? { folder: options.output } : {}),
      }, depsOf(context, options));
      if (results.some(({ error }) => error)) context.exit(1);
      print(options, results, () => reportText(results, loaded.config));
    });
}

/** `deno task demo`: the whole way once, with what to look at next. */
export function demoCommand(context: Context): Command {
  return configured(new Command("demo"))
    .description("run the notebooks on the bundled candles and show what they made")
    .action(async (options: ConfigOptions) => {
      const loaded = resolve(options);
      const demo = await demoStage(loaded, depsOf(context, options));
      if (demo.reports.some(({ error }) => error)) context.exit(1);
      print(options, demo, () =>
        [
          `${demo.data}, test period ${demo.span}`,
          "",
          comparisonTable(demo.rows).text,
          "",
          ...demo.reports.map(({ report, finding, error }) => `${error ? "✗" : "✓"} ${report}\n    ${finding}`),
          "",
          `All reports:  ${demo.index}`,
          ...(demo.runsUrl ? [`MLflow:       ${demo.runsUrl}   (deno task mlflow keeps it open)`] : []),
          `Next:         deno task lab backtest --strategy mean_reversion · deno task notebook · deno task lab --help`,
        ].join("\n"));
    });
}

/** `lab verify`: a tracked run again. */
export function verifyCommand(context: Context): Command {
  return new Command("verify")
    .description("execute a tracked run again from its commit, settings, data and seed, and compare every number")
    .argument("<run>", "the run's id")
    .option("--json", "print JSON, and nothing else, on standard output")
    .action(async (id: string, options: { json?: boolean }) => {
      const { settings } = loadConfig();
      const found = await verifyStage(id, settings, depsOf(context, options));
      if (!found.passed) context.exit(1);
      const differing = found.numbers.filter(({ same }) => !same);
      print(options, found, () =>
        [
          ...(differing.length > 0 ? [formatTable(differing, { caption: "Different now", limit: 50 }), ""] : []),
          found.passed
            ? `✓ ${found.name}: all ${found.numbers.length} numbers came out the same, to the last bit`
            : `✗ ${found.name}: ${differing.length} of ${found.numbers.length} numbers differ`,
          `  commit ${found.commit.slice(0, 12)}, executed in ${
            found.from === "checkout" ? "a fresh checkout" : "the working tree"
          }`,
          ...found.notes.map((note) => `  ! ${note}`),
        ].join("\n"));
    });
}

function reportText(results: readonly ReportResult[], config: Config): string {
  return results.map(({ report, finding, run, error }) =>
    [
      `${error ? "✗" : "✓"} ${report}`,
      ...(finding ? [`  ${finding}`] : []),
      ...(error ? [`  cell ${error.cell}: ${error.name}: ${error.message}`] : []),
      ...runLines(run, config).filter((line) => line !== "").map((line) => `  ${line}`),
    ].join("\n")
  ).join("\n");
}

/** `name=value`; the value as JSON where it is, else as text. */
function parameterOf(text: string): [string, string | number | boolean | null] {
  const at = text.indexOf("=");
  if (at < 1) throw new RangeError(`Cannot read the parameter "${text}" as it must be like name=value`);
  const value = text.slice(at + 1);
  try {
    return [text.slice(0, at), JSON.parse(value)];
  } catch {
    return [text.slice(0, at), value]; // not JSON: plain text
  }
}
