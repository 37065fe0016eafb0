import { Command, Option } from "commander";
import { writeAtomic } from "../base/files.ts";
import { loadConfig } from "../config/load.ts";
import { presets } from "../config/presets.ts";
import { featureSpecs } from "../features/sets.ts";
import { actionTable, agentTable, feeTable, seedTable } from "../pipeline/agent/tables.ts";
import { agentVerdict } from "../pipeline/agent/summary.ts";
import { type AgentReport, trackedEvaluate } from "../pipeline/evaluate.ts";
import { snakeKeys } from "../pipeline/names.ts";
import { loadMarket, spanText } from "../pipeline/market.ts";
import { findModel, listModels, promoteModel, settingsOfModel } from "../pipeline/agent/model_store.ts";
import { policiesOf, trackedTrain, type TrainReport } from "../pipeline/train.ts";
import { count, duration, number } from "../report/format.ts";
import { formatTable } from "../report/table.ts";
import { feesJson } from "./backtest.ts";
import { cleaningFacts, cleaningLines } from "./cleaning.ts";
import { type ConfigOptions, configured, type Context, depsOf, print, resolve, runLines } from "./command.ts";

interface TrainOptions extends ConfigOptions {
  readonly features?: string;
  readonly engine?: string;
  readonly backend?: string;
  readonly seeds?: string;
  readonly timesteps?: string;
  readonly resume?: boolean;
  readonly output?: string;
}

/** `lab train`: agents of several seeds, their model, and how it does on the test part. */
export function trainCommand(context: Context): Command {
  return configured(new Command("train"), { strategy: false })
    .description("train a PPO agent, register its model, and show it beside its baselines on the untouched test part")
    .argument("[preset]", `starting point: ${Object.keys(presets).join(", ")}`)
    .option("--features <features>", "features or sets of them: core44, or 'rsi(14), $close/return, my_column'")
    .option("--seeds <count>", "how many agents are trained, from --seed on; figures of fewer than 5 are watermarked")
    .option("--timesteps <count>", "env steps of each training")
    .addOption(
      new Option("--engine <name>", "onnx: compiled; tfjs: TensorFlow.js step by step").choices(["onnx", "tfjs"]),
    )
    .option("--backend <name>", "of onnx: cpu, cuda; of tfjs: node-gpu, node, webgpu, wasm, cpu")
    .option("--resume", "go on from the last checkpoint of a training with the same settings and data")
    .option("--output <file>", "write the model to FILE.onnx as well")
    .addHelpText(
      "after",
      "\nExample:\n  lab train --input my_candles.csv --features 'rsi(14), $close/return' --seeds 5",
    )
    .action(async (preset: string | undefined, options: TrainOptions) => {
      const loaded = resolve(withSettings({ ...options, ...(preset === undefined ? {} : { preset }) }, {
        features: "features.spec",
        engine: "agent.engine",
        backend: "agent.backend",
        seeds: "run.seeds",
        timesteps: "ppo.total_timesteps",
      }));
      const deps = depsOf(context, options);
      const done = await trackedTrain(loaded, deps, { resume: options.resume ?? false }).catch((error) => {
        if (!context.signal.aborted) throw error;
        const how = "the same command with --resume goes on from the last checkpoint.";
        throw new DOMException(`Interrupted. What was finished is kept: ${how}`, "AbortError");
      });
      const { training, evaluation, registered, run, numbers } = done;
      if (options.output) await writeAtomic(options.output, policiesOf(training)[0].file);
      const facts = { ...agentFacts(evaluation), engine: training.seeds[0].engine, metrics: numbers, registered, run };
      const { config } = loaded;
      print(options, facts, () =>
        [
          trainingLine(training),
          ...agentLines(evaluation),
          ...(registered ? ["", `Model ${registered.name} version ${registered.version}: ${registered.reason}`] : []),
          ...(options.output ? ["", `Written to ${options.output}`] : []),
          ...runLines(run, config),
        ].join("\n"));
    });
}

interface EvaluateOptions extends ConfigOptions {
  readonly model: string;
  readonly features?: string;
  readonly seeds?: string;
}

/** `lab evaluate`: a model on the test part, or on other candles. */
export function evaluateCommand(context: Context): Command {
  return configured(new Command("evaluate"), { strategy: false })
    .description("let a trained model trade the test part, beside its baselines")
    .requiredOption("--model <model>", "candelabra@champion, candelabra/3, a training's run, or FILE.onnx")
    .option("--features <features>", "features it must have been trained on")
    .option("--seeds <count>", "how many of its training's seeds are looked at; all unless given")
    .addHelpText(
      "after",
      "\nExample:\n  lab evaluate --model candelabra@champion --input ETH/USD --set costs.transaction_fee=5",
    )
    .action(async (options: EvaluateOptions) => {
      const { settings } = loadConfig();
      const model = await findModel(options.model, settings);
      const { config: own, origins, ...rest } = resolve(
        withSettings(options, { features: "features.spec", seeds: "evaluate.seeds" }),
        settingsOfModel(model),
      );
      const count = own.evaluate.seeds ?? model.policies.length;
      if (count > model.policies.length) {
        throw new RangeError(
          `Cannot evaluate ${count} seeds of ${model.name} as it was trained with ${model.policies.length}: ` +
            `deno task train --seeds ${count} trains as many`,
        );
      }
      const deps = depsOf(context, options);
      const source = await loadMarket(own, deps);
      const columns = Object.keys(source.market.assets[0].extra);
      const asked = origins["features.spec"] === "--set" ? featureSpecs(own.features.spec, { columns }) : undefined;
      const policies = model.policies.slice(0, count);
      const report = await trackedEvaluate({ config: own, origins, ...rest }, { ...model, policies }, deps, {
        source,
        ...(asked ? { wanted: asked } : {}),
      });
      const { run } = report;
      print(options, { ...agentFacts(report), model: model.name, metrics: report.numbers, run }, () =>
        [
          `${model.name}, trained on ${report.notes.symbol} ${report.notes.about.trained ?? ""}`,
          ...agentLines(report),
          ...runLines(run, own),
        ].join("\n"));
    });
}

/** `lab promote`: makes a version the champion. */
export function promoteCommand(): Command {
  return new Command("promote")
    .description("make a version of the model the champion")
    .argument("<version>", "its number, an alias (challenger), or the run that trained it")
    .option("--name <model>", "the registered model", "candelabra")
    .option("--json", "print JSON, and nothing else, on standard output")
    .action(async (which: string, options: { name: string; json?: boolean }) => {
      const { settings } = loadConfig();
      const version = await promoteModel(options.name, which, settings);
      print(options, version, () => `${version.name} version ${version.version} is the champion now`);
    });
}

/** `lab models`: what is registered. */
export function modelsCommand(): Command {
  return new Command("models")
    .description("list the registered versions of the model")
    .option("--name <model>", "the registered model", "candelabra")
    .option("--json", "print JSON, and nothing else, on standard output")
    .action(async (options: { name: string; json?: boolean }) => {
      const { settings } = loadConfig();
      const versions = await listModels(options.name, settings);
      const rows = versions.map(({ version, aliases, tags, runId }) => ({
        version,
        alias: aliases.join(", "),
        validation: Number(tags["candelabra.validation"] ?? NaN),
        data: tags.data ?? "",
        trunk: tags.trunk ?? "",
        seeds: tags.seeds ?? "",
        run: runId.slice(0, 8),
      }));
      print(
        options,
        versions,
        () =>
          rows.length === 0
            ? `No model is called ${options.name}: deno task train makes one`
            : formatTable(rows, { caption: options.name, units: { validation: "%" }, limit: 50 }),
      );
    });
}

/** What was trained by what: the engine's own line says what better backends lack. */
function trainingLine({ seeds }: TrainReport): string {
  const [{ engine, history, resumed }] = seeds;
  const steps = number(history["time/total_timesteps"].at(-1)!, { digits: 0 });
  const seconds = seeds.reduce((sum, one) => sum + one.seconds, 0);
  const time = resumed > 0 ? "" : ` in ${duration(1000 * seconds)}`;
  return `Trained: ${count(seeds.length, "seed")} of ${steps} steps${time}; ${engine}`;
}

/** Adds settings that options of a command stand for. */
function withSettings<O extends ConfigOptions>(options: O, paths: Readonly<Record<string, string>>): O {
  const short = Object.entries(paths).flatMap(([name, path]) => {
    const value = options[name as keyof O];
    return value === undefined ? [] : [`${path}=${value}`];
  });
  return { ...options, set: [...short, ...options.set] };
}

/** What `lab evaluate --json` says of agents. */
export function agentFacts(
  { source, rules, seeds, rows, improvement, monthlyImprovement, fees, lag, costs, actions, warnings }: AgentReport,
) {
  const { market, period } = source;
  return {
    data: source.name,
    span: spanText(market, period),
    data_hash: source.hash,
    rules: rules.map(({ text }) => text),
    seeds: seeds.map(({ seed, evaluation }) => snakeKeys({ ...evaluation, seed })),
    comparison: rows.map(snakeKeys),
    improvement,
    monthly_improvement: monthlyImprovement,
    fees: feesJson(fees),
    lag: lag.map(snakeKeys),
    costs: snakeKeys(costs),
    actions,
    warnings,
    cleaning: cleaningFacts(source.loaded),
  };
}

/** Agents beside their baselines, as text. */
export function agentLines(report: AgentReport): string[] {
  const { source, rules, rows, seeds, warnings } = report;
  return [
    `${source.name}, ${spanText(source.market, source.period)}, fees and spread included`,
    ...cleaningLines(source.loaded),
    ...(rules.length > 0 ? [`Risk rules over the agent: ${rules.map(({ text }) => text).join(", ")}`] : []),
    "",
    agentTable(rows).text,
    "",
    ...(seeds.length > 1 ? [seedTable(seeds).text, ""] : []),
    feeTable(report).text,
    "",
    actionTable(report).text,
    "",
    agentVerdict(report),
    ...warnings.map((warning) => `! ${warning}`),
  ];
}
