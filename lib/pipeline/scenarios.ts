import type { BacktestOptions } from "../backtest/mod.ts";
import type { Config } from "../config/schema.ts";
import type { LoadedConfig } from "../config/load.ts";
import { slice } from "../market/candles.ts";
import type { Market } from "../market/market.ts";
import { checkRules, type RiskRule } from "../risk/mod.ts";
import {
  calibrate,
  type Calibration,
  type CalibrationCheck,
  certify,
  checkCalibration,
  type MarketRun,
  parseScenario,
  type RealismRow,
  type RunMarket,
  type ScenarioSpec,
  type StrategySpec,
  stress,
  type StressCell,
  type StressResult,
} from "../scenarios/mod.ts";
import { actorsOf, titleOf } from "./backtest.ts";
import { barOf, type Deps } from "./deps.ts";
import { type LoadedMarket, loadMarket } from "./market.ts";
import type { FoundModel } from "./agent/model_store.ts";
import { openModelRun } from "./scenarios/model.ts";
import { datasetOf, type RunFacts, tracked } from "./tracked.ts";

/** Everything a report on scenarios shows. */
export interface ScenariosReport {
  readonly source: LoadedMarket;
  readonly title: string; // of the strategy or model in question
  readonly specs: Readonly<Record<string, ScenarioSpec>>; // by the names of `result.scenarios`
  readonly calibration: Calibration | undefined; // of the training part
  readonly checks: readonly CalibrationCheck[]; // of the calibration, on bars after the training part
  /** Generated beside real bars, by method; empty where there are too few bars to say, or none that move. */
  readonly realism: Readonly<Record<string, readonly RealismRow[]>>;
  readonly result: StressResult;
  /** The numbers a run records and `verify` compares. */
  readonly numbers: Readonly<Record<string, number>>;
}

/** The run of a stress test that is already done, for those who want to look at it. */
export interface TrackedScenarios extends ScenariosReport {
  readonly run: { readonly id: string; readonly url: string | undefined };
}

/** What a stress test is given beside its settings. */
export interface ScenariosOptions {
  /** A model that goes through it in the place of the strategy that settings name. */
  readonly model?: FoundModel;
}

/**
 * Puts the strategy that settings name, with and without the risk rules they name, and its baselines through scenarios over the period they name. Severity and
 * whatever scenarios learn is taken from the training part alone, and laid beside the bars after it.
 *
 * @throws {SyntaxError | RangeError} if a scenario cannot be read, a name or setting is unknown, or the training part is
 * too short to calibrate
 */
export async function scenariosStage(
  config: Config,
  deps: Deps = {},
  { model }: ScenariosOptions = {},
): Promise<ScenariosReport> {
  const { name, ...settings } = config.strategy;
  const { rules } = actorsIn(config);
  const source = await loadMarket(config, deps);
  const { market, split, period } = source;
  checkRules(rules, period.to, market.assets.length);
  const part = ({ from, to }: { from: number; to: number }) => market.assets.map((one) => slice(one, from, to));
  const training = part(split.train);
  const later = part({ from: split.train.to, to: market.length });

  const calibration = config.scenarios.calibrate ? calibrate(training, config.scenarios.weeks ?? undefined) : undefined;
  const specs = Object.fromEntries(
    config.scenarios.list.map((text) => [labelOf(text), parseScenario(text, calibration?.settings)]),
  );
  await using agent = model === undefined ? undefined : await openModelRun(model, source);
  const title = model === undefined ? titleOf(String(name), settings) : model.name;
  const risk = rules.map(({ rule }) => rule);
  const guarded = agent === undefined
    ? { name: String(name), settings, rules: config.risk.rules }
    : underRules(agent.run, risk);
  const strategies: Record<string, StrategySpec | RunMarket> = {
    [title]: agent === undefined ? { name: String(name), settings } : agent.run,
    ...(rules.length === 0 ? {} : { [`${title} with risk rules`]: guarded }),
    ...Object.fromEntries(
      ["buy_and_hold", "momentum", "mean_reversion"].filter((other) => model !== undefined || other !== name)
        .map((other) => [other.replaceAll("_", " "), { name: other }]),
    ),
  };
  using bar = barOf(deps, "Scenarios");
  const result = await stress(market, specs, strategies, {
    seeds: config.scenarios.seeds,
    seed: config.run.seed,
    threshold: config.scenarios.threshold,
    ...(config.scenarios.horizon === null ? {} : { horizon: config.scenarios.horizon }),
    workers: config.scenarios.workers,
    fitOn: training,
    from: period.from,
    to: period.to,
    cash: config.backtest.cash,
    lag: config.backtest.lag,
    margin: { leverage: config.backtest.leverage },
    onProgress: bar.update,
    ...(deps.signal ? { signal: deps.signal } : {}),
  });
  const enough = [training[0], later[0]].every(({ length, $close }) =>
    length >= 200 && $close.some((close) => close !== $close[0])
  );
  return {
    source,
    title,
    specs,
    calibration,
    checks: calibration === undefined ? [] : checkCalibration(calibration, later),
    realism: enough
      ? Object.fromEntries(
        ["bootstrap", "garch"].map((method) => [
          method,
          certify(training[0], later[0], { method, seed: config.run.seed }),
        ]),
      )
      : {},
    result,
    numbers: numbersOf(result),
  };
}

/** The same runs with risk rules around them. */
function underRules(run: RunMarket, risk: readonly RiskRule[]): RunMarket {
  const guarded = (market: Market, options: BacktestOptions) => run(market, { ...options, risk });
  const { all } = run;
  if (all === undefined) return guarded;
  return Object.assign(guarded, {
    all: (runs: readonly MarketRun[]) =>
      all(runs.map(({ market, options }) => ({ market, options: { ...options, risk } }))),
  });
}

/** Strategy and rules by settings; wrong names, of scenarios too, are told before any work. */
function actorsIn(config: Config) {
  for (const text of config.scenarios.list) parseScenario(text);
  return actorsOf(config);
}

/** `scenariosStage` inside an MLflow run with its numbers and the outcome of every trial. */
export async function trackedScenarios(
  loaded: LoadedConfig,
  deps: Deps = {},
  options: ScenariosOptions = {},
): Promise<TrackedScenarios> {
  const { config } = loaded;
  const { model } = options;
  const facts: RunFacts = {
    kind: "scenarios",
    name: `scenarios ${model?.name ?? config.strategy.name} ${config.data.input.join(" ")}`,
    command: ["scenarios", ...(model === undefined ? [] : ["--model", model.reference])],
  };
  // What can't be run is told before there is a run of it.
  actorsIn(config);
  await loadMarket(config, deps);
  return await tracked(loaded, facts, async (run) => {
    const report = await scenariosStage(config, deps, options);
    const { source, specs, calibration, checks, realism, result, numbers } = report;
    run.tags({ "candelabra.data_hash": source.hash, "candelabra.data": source.name });
    run.dataset(datasetOf(source, "test"));
    run.result(numbers);
    const json = (value: unknown) => JSON.stringify(value, null, 2) + "\n";
    await run.artifact("results/scenarios.json", json({ specs, calibration, checks, realism }));
    await run.artifact(
      "results/outcomes.json",
      json(result.cells.map(({ scenario, strategy, outcomes }) => ({
        scenario,
        strategy,
        outcomes,
      }))),
    );
    return { ...report, run: { id: run.id, url: run.url } };
  }, deps);
}

/** A cell's line in tables and JSON: without trials, curves and paths. */
export function cellRow(cell: StressCell) {
  const { outcomes: _, survivalCurve: __, recoveryCurve: ___, paths: ____, survival, ...rest } = cell;
  return { ...rest, survival: survival.share, survivalLow: survival.low, survivalHigh: survival.high };
}

/** `flash_crash(0.4) + gap` as a name: "flash crash(0.4) + gap". */
const labelOf = (text: string) => text.replaceAll("_", " ").replaceAll(/\s+/g, " ").trim();

function numbersOf({ cells, asRecorded }: StressResult): Record<string, number> {
  const slug = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9.]+/g, "_").replaceAll(/^_|_$/g, "");
  return Object.fromEntries([...asRecorded, ...cells].flatMap((cell) => {
    const name = (what: string) => `${slug(cell.scenario)}/${slug(cell.strategy)}/${what}`;
    return [
      [name("survival"), cell.survival.share],
      [name("recovered_share"), cell.recoveredShare],
      [name("recovery_median_bars"), cell.recoveryMedian],
      [name("fill_share"), cell.fillShare],
      [name("slippage_bps"), cell.slippage],
      [name("drawdown_median"), cell.drawdownMedian],
      [name("shortfall_5"), cell.shortfall5],
    ];
  }));
}
