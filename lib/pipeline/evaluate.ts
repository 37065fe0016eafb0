import { openPolicy, type PolicyNotes } from "../agent/policy_file.ts";
import { trade, tradeAll, type Traded, type Trader } from "../agent/policy_strategy.ts";
import {
  backtest,
  type BacktestResult,
  compare,
  type CostDecomposition,
  costDecomposition,
  type Estimate,
  evaluate,
  type Evaluation,
  type FeeColumn,
  feeColumns,
  interquartileEstimate,
  interquartileMean,
  type LagPoint,
  monthlyReturns,
  probabilityOfImprovement,
  resultMetrics,
  type Trade,
  trades,
  warnings,
} from "../backtest/mod.ts";
import { feeColumn, feeMultiples, withFees } from "../backtest/fees.ts";
import type { LoadedConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import type { Market } from "../market/market.ts";
import { checkRules, type NamedRule, parseRules, type RiskRule } from "../risk/mod.ts";
import { makeStrategy, randomLike, strategies } from "../strategies/mod.ts";
import type { AgentFeatures } from "./agent/features.ts";
import { choiceNames } from "./agent/options.ts";
import { columnsBytes } from "./artifact.ts";
import { optionsOf, tradeColumns } from "./backtest.ts";
import { barOf, type Deps } from "./deps.ts";
import { historyEvent } from "./history.ts";
import { type LoadedMarket, loadMarket } from "./market.ts";
import { featuresFor, seenWarnings } from "./agent/models.ts";
import { datasetOf, type RunFacts, tracked, type Tracking } from "./tracked.ts";

/** A policy file of one seed. */
export interface PolicyOfSeed {
  readonly seed: number;
  readonly file: Uint8Array;
}

/** What one seed's agent did on the period. */
export interface AgentSeed {
  readonly seed: number;
  readonly result: BacktestResult;
  readonly evaluation: Evaluation;
  readonly chosen: Float32Array; // as `Traded` has it
  readonly fees: readonly FeeColumn[]; // at 0, ½, 1 and 2 times the fee, asked anew at each
  readonly trades: readonly Trade[];
}

/** A line of the comparison: one run, or the interquartile mean of several with the interval of its return. */
export interface AgentRow extends Omit<Evaluation, "ruined" | "strategy"> {
  readonly strategy: string;
  readonly runs: number;
  readonly returns: Estimate;
  readonly sharpe: Estimate;
}

/** How often something was chosen. */
export interface ChoiceCount {
  readonly action: string;
  readonly share: number; // of the bars decided on, mean over seeds
  readonly low: number; // smallest and largest of the seeds
  readonly high: number;
}

/** Agents of one model beside their baselines, on bars they did not learn from. */
export interface AgentReport {
  readonly source: LoadedMarket;
  readonly features: AgentFeatures;
  readonly notes: PolicyNotes; // of the model, which is the first seed's
  readonly rules: readonly NamedRule[]; // that watched over the agent, in the order they act
  readonly seeds: readonly AgentSeed[];
  /** The agent, buy and hold (under the agent's rules too, if any), momentum, mean reversion, random of the same turnover, flat. */
  readonly rows: readonly AgentRow[];
  readonly results: Readonly<Record<string, BacktestResult>>; // of the baselines that are one run
  /** How likely a seed earns more than buy and hold over the period; and in a month of it. */
  readonly improvement: Estimate;
  readonly monthlyImprovement: Estimate;
  readonly actions: readonly ChoiceCount[];
  readonly fees: Readonly<Record<string, readonly FeeColumn[]>>; // interquartile means of the agent; buy and hold
  readonly lag: readonly LagPoint[]; // of the model
  readonly costs: CostDecomposition; // of the model
  readonly warnings: readonly string[];
  /** The numbers a run records and `verify` compares. */
  readonly numbers: Readonly<Record<string, number>>;
}

export const AGENT = "PPO agent";
const HOLD = "buy and hold";
const GUARDED_HOLD = "buy and hold with risk rules";
const RANDOM = "random, same turnover";
const RANDOM_PATHS = 4; // per seed

/** What an evaluation is given beside its settings. */
export interface EvaluateOptions {
  /** Candles already loaded. */
  readonly source?: LoadedMarket;
  /** Features that settings ask for, where they do: refused unless they are the model's. */
  readonly wanted?: readonly string[];
}

/**
 * Lets trained agents trade the period that settings name, greedily and with all costs, beside buy and hold, momentum,
 * mean reversion, chance with the same turnover, and cash. Several seeds are summed up by their interquartile mean with
 * a bootstrap interval (Agarwal et al. 2021), because a single seed says little. Risk rules that settings name watch over
 * the agent, and over buy and hold once more; the other baselines trade without.
 *
 * @param policies the model first; then other seeds of the same training
 * @throws {RangeError} if there is none, or the features at hand are not those it was trained on
 */
export async function evaluateStage(
  config: Config,
  policies: readonly PolicyOfSeed[],
  deps: Deps = {},
  { source: given, wanted }: EvaluateOptions = {},
): Promise<AgentReport> {
  if (policies.length === 0) {
    throw new RangeError("Cannot evaluate as there must be at least one policy: there is none");
  }
  const source = given ?? await loadMarket(config, deps);
  const { market } = source;
  const rules = parseRules(config.risk.rules);
  checkRules(rules, source.period.to, market.assets.length);
  const options = optionsOf(config, source);
  const guarded = { ...options, risk: rules.map(({ rule }) => rule) };
  using bar = barOf(deps, "Evaluating");
  const total = policies.length + 2;
  await using first = await openPolicy(policies[0].file);
  const { notes } = first;
  const features = await featuresFor(notes, source, wanted);

  const seeds: AgentSeed[] = [];
  const markets = feeMultiples.map((multiple) => withFees(market, multiple));
  for (const [i, { seed, file }] of policies.entries()) {
    bar.update(i, total, `seed ${seed}`);
    await using policy = i === 0 ? undefined : await openPolicy(file);
    const trader = traderOf((policy ?? first).policy(features.matrix), notes, features);
    const traded = await tradeAll(markets, trader, withSignal(guarded, deps));
    seeds.push(seedOf(seed, market, traded));
  }
  bar.update(policies.length, total, "decision lag");
  const trader = traderOf(first.policy(features.matrix), notes, features);
  const lag = await lagOf(market, trader, withSignal(guarded, deps), seeds[0].result);
  bar.update(policies.length + 1, total, "baselines");
  const { rows, results } = beside(market, config, options, guarded.risk, seeds);
  const hold = results[HOLD];
  const costs = costDecomposition(seeds[0].result);
  const estimation = { resamples: config.evaluate.resamples, seed: config.run.seed };
  const improvement = probabilityOfImprovement(
    [seeds.map(({ evaluation }) => evaluation.totalReturn)],
    [[resultMetrics(hold).totalReturn]],
    estimation,
  );
  const monthlyImprovement = probabilityOfImprovement(
    byMonth(seeds.map(({ result }) => result)),
    byMonth([hold]),
    estimation,
  );
  const actions = countsOf(seeds, notes, market);
  bar.update(total, total);
  return {
    source,
    features,
    notes,
    rules,
    seeds,
    rows,
    results,
    improvement,
    monthlyImprovement,
    actions,
    fees: { [AGENT]: meanFees(seeds), [HOLD]: feeColumns(market, strategies.buy_and_hold.make({}), options) },
    lag,
    costs,
    warnings: [...modelWarnings(seeds, lag), ...cautions(source, notes, seeds)],
    numbers: numbersOf(rows, seeds, { improvement, monthlyImprovement }, actions, costs),
  };
}

const withSignal = <O extends object>(options: O, { signal }: Deps) => ({ ...options, ...(signal ? { signal } : {}) });

function traderOf(policy: Trader["policy"], { actions, window }: PolicyNotes, { matrix }: AgentFeatures): Trader {
  return { policy, actions, first: matrix.warmup + window - 1 };
}

/** @param traded at each of `feeMultiples` */
function seedOf(seed: number, market: Market, traded: readonly Traded[]): AgentSeed {
  const { result, chosen } = traded[feeMultiples.indexOf(1)];
  const fees = feeMultiples.map((multiple, i) => feeColumn(market, multiple, traded[i].result));
  return { seed, result, evaluation: evaluate(`seed ${seed}`, result), chosen, fees, trades: trades(result) };
}

async function lagOf(
  market: Market,
  trader: Trader,
  options: Parameters<typeof trade>[2] & object,
  punctual: BacktestResult,
): Promise<LagPoint[]> {
  const points: LagPoint[] = [];
  const own = options.lag ?? 0;
  for (const lag of [0, 1, 2]) {
    const result = lag === own ? punctual : (await trade(market, trader, { ...options, lag })).result;
    const { totalReturn, sharpeRatio, maxDrawdown } = resultMetrics(result);
    points.push({ lag, totalReturn, sharpeRatio, maxDrawdown });
  }
  return points;
}

/** The lines of the comparison: the agent first. */
function beside(
  market: Market,
  config: Config,
  options: ReturnType<typeof optionsOf>,
  risk: readonly RiskRule[],
  seeds: readonly AgentSeed[],
): { rows: AgentRow[]; results: Record<string, BacktestResult> } {
  const names = ["buy_and_hold", "momentum", "mean_reversion", "flat"];
  const plain = compare(
    market,
    Object.fromEntries(names.map((name) => [name.replaceAll("_", " "), makeStrategy(name)])),
    options,
  );
  const chance = seeds.flatMap(({ result, seed }) =>
    Array.from({ length: RANDOM_PATHS }, (_, i) => randomLike(result, { seed: RANDOM_PATHS * seed + i }))
  );
  const random = compare(market, Object.fromEntries(chance.map((strategy, i) => [String(i), strategy])), options);
  const guarded = Object.fromEntries(
    risk.length === 0 ? [] : [[GUARDED_HOLD, backtest(market, strategies.buy_and_hold.make({}), { ...options, risk })]],
  );
  const row = (strategy: string, runs: readonly Evaluation[]) => rowOf(strategy, runs, config);
  const [hold, momentum, reversion, flat] = plain.rows.map((one) => row(one.strategy, [one]));
  return {
    rows: [
      row(AGENT, seeds.map(({ evaluation }) => evaluation)),
      hold,
      ...Object.entries(guarded).map(([name, result]) => row(name, [evaluate(name, result)])),
      momentum,
      reversion,
      row(RANDOM, random.rows),
      flat,
    ],
    results: { ...plain.results, ...guarded },
  };
}

function rowOf(
  strategy: string,
  runs: readonly Evaluation[],
  { evaluate: { resamples }, run: { seed } }: Config,
): AgentRow {
  // A run that never traded has no Sharpe ratio, no trades to win: it is left out of those, and only of those.
  const known = (key: keyof Evaluation) =>
    runs.map((run) => run[key] as number).filter((value) => !Number.isNaN(value));
  const estimate = (key: keyof Evaluation): Estimate =>
    known(key).length === 0
      ? { point: NaN, low: NaN, high: NaN }
      : interquartileEstimate([known(key)], { resamples, seed });
  const keys = Object.keys(runs[0]).filter((key) => key !== "strategy" && key !== "ruined") as (keyof Evaluation)[];
  const means = Object.fromEntries(keys.map((key) => [key, interquartileMean(known(key))]));
  return {
    strategy,
    runs: runs.length,
    ...means as Omit<Evaluation, "ruined" | "strategy">,
    returns: estimate("totalReturn"),
    sharpe: estimate("sharpeRatio"),
  };
}

/** Returns of each calendar month, a run beside the other: months are the tasks, runs the runs. */
function byMonth(results: readonly BacktestResult[]): number[][] {
  const each = results.map(({ time, equity }) => monthlyReturns(time, equity));
  return each[0].map((_, month) => each.map((months) => months[month].return));
}

const quarters = ["short, more than half", "short, up to half", "long, up to half", "long, more than half"];

/** How often each choice was made, or a box's exposure lay in each quarter of its range. */
function countsOf(seeds: readonly AgentSeed[], { actions }: PolicyNotes, { assets }: Market): ChoiceCount[] {
  const discrete = actions.kind === "discrete";
  const names = discrete ? choiceNames(actions, assets.map(({ symbol }) => symbol)) : quarters;
  const place = (value: number) => discrete ? value : Math.min(3, Math.floor((value + 1) * 2));
  const shares = seeds.map(({ chosen }) => {
    const counts = new Float64Array(names.length);
    const decided = chosen.filter((value) => !Number.isNaN(value));
    for (const value of decided) counts[place(value)]++;
    return counts.map((count) => count / Math.max(1, decided.length));
  });
  return names.map((action, i) => {
    const each = shares.map((share) => share[i]);
    return {
      action,
      share: each.reduce((a, b) => a + b, 0) / each.length,
      low: Math.min(...each),
      high: Math.max(...each),
    };
  });
}

function meanFees(seeds: readonly AgentSeed[]): FeeColumn[] {
  return feeMultiples.map((multiple, i) => {
    const middle = (key: keyof FeeColumn) => interquartileMean(seeds.map(({ fees }) => fees[i][key]));
    return {
      multiple,
      transactionFee: middle("transactionFee"),
      totalReturn: middle("totalReturn"),
      sharpeRatio: middle("sharpeRatio"),
      maxDrawdown: middle("maxDrawdown"),
      fees: middle("fees"),
      finalEquity: middle("finalEquity"),
    };
  });
}

/** Writes an evaluation into a run: equity of every seed and of buy and hold, what was held, trades. */
export async function recordEvaluation(run: Tracking, { seeds, results }: AgentReport): Promise<void> {
  const { time, equity } = results[HOLD];
  const every = Math.max(1, Math.ceil(time.length / 500)); // enough for a curve
  const [model] = seeds;
  for (let t = 0; t < time.length; t += every) {
    run.metrics({ "equity/agent": model.result.equity[t], "equity/buy_and_hold": equity[t] }, t);
  }
  const columns = seeds.flatMap(({ seed, result }) => {
    const K = result.symbols.length;
    const held = result.symbols.map((symbol, k) =>
      [`seed ${seed} weight ${symbol}`, result.equity.map((_, t) => result.weights[t * K + k])] as const
    );
    return [[`seed ${seed} equity`, result.equity] as const, ...held];
  });
  const file = { timestamp: time, buy_and_hold: equity, ...Object.fromEntries(columns) };
  await run.artifact("results/equity.parquet", await columnsBytes(file));
  await run.artifact("results/trades.parquet", await columnsBytes(tradeColumns(model.trades)));
}

/** `evaluateStage` of a model that is found, inside an MLflow run. */
export async function trackedEvaluate(
  loaded: LoadedConfig,
  { policies, name, reference }: { policies: readonly PolicyOfSeed[]; name: string; reference: string },
  deps: Deps = {},
  options: EvaluateOptions = {},
): Promise<AgentReport & { readonly run: { readonly id: string; readonly url: string | undefined } }> {
  const facts: RunFacts = {
    kind: "evaluate",
    name: `evaluate ${name} on ${loaded.config.data.input.join(" ")}`,
    command: ["evaluate", "--model", reference],
  };
  return await tracked(loaded, facts, async (run) => {
    const report = await evaluateStage(loaded.config, policies, deps, options);
    tellModel(report, deps);
    const { source, features, numbers } = report;
    run.tags({ "candelabra.data_hash": source.hash, "candelabra.data": source.name });
    run.tags({ "candelabra.feature_hash": features.hash, "candelabra.model": name });
    run.dataset(datasetOf(source, "test"));
    run.result(numbers);
    await recordEvaluation(run, report);
    return { ...report, run: { id: run.id, url: run.url } };
  }, deps);
}

/** Tells how the model, the first seed's policy, did. */
export function tellModel({ source, seeds }: AgentReport, { onEvent }: Deps): void {
  onEvent?.(historyEvent(`${AGENT}, seed ${seeds[0].seed}`, source.market, seeds[0].result));
}

/** What speaks against the model's own numbers; among several seeds it is said whose they are. */
function modelWarnings([{ seed, result }, ...others]: readonly AgentSeed[], lag: readonly LagPoint[]): string[] {
  const lines = warnings(result, { lag });
  if (others.length === 0) return lines;
  return lines.map((line) => `Seed ${seed}, the model: ${line.slice(0, 1).toLowerCase()}${line.slice(1)}`);
}

/** What else speaks against believing the numbers. */
function cautions({ market, period }: LoadedMarket, notes: PolicyNotes, seeds: readonly AgentSeed[]): string[] {
  const [{ time }] = market.assets;
  const out: string[] = [];
  if (seeds.length < 5) {
    out.push(
      `${
        seeds.length === 1 ? "A single seed" : `${seeds.length} seeds`
      }: the next one may come out quite differently; ` +
        `five are the least for a figure to be believed.`,
    );
  }
  out.push(...seenWarnings(notes, market.assets.map((asset) => asset.symbol), time[period.from]));
  const still = seeds.filter(({ evaluation }) => evaluation.trades === 0).length;
  if (still > 0) out.push(`${still} of ${seeds.length} seeds did not trade at all.`);
  return out;
}

function numbersOf(
  rows: readonly AgentRow[],
  seeds: readonly AgentSeed[],
  { improvement, monthlyImprovement }: { improvement: Estimate; monthlyImprovement: Estimate },
  actions: readonly ChoiceCount[],
  costs: CostDecomposition,
): Record<string, number> {
  const slug = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9]+/g, "_").replace(/^_|_$/g, "");
  const snake = (key: string) => slug(key.replace(/[A-Z]/g, (letter) => `_${letter}`));
  const named = (prefix: string, values: object) =>
    Object.entries(values)
      .filter((entry): entry is [string, number] => typeof entry[1] === "number")
      .map(([key, value]) => [prefix + snake(key), value] as const);
  return Object.fromEntries([
    ...rows.flatMap((row, i) => {
      const prefix = i === 0 ? "agent/" : `${slug(row.strategy)}/`;
      const { totalReturn, sharpeRatio, maxDrawdown, turnover, fees, timeInMarket, exposure, trades } = row;
      return [
        ...named(prefix, { totalReturn, sharpeRatio, maxDrawdown, turnover, fees, timeInMarket, exposure, trades }),
        ...(row.runs > 1 ? named(prefix, { totalReturnLow: row.returns.low, totalReturnHigh: row.returns.high }) : []),
      ];
    }),
    ...seeds.flatMap(({ seed, evaluation }) => {
      const { totalReturn, sharpeRatio, maxDrawdown, turnover, trades, finalEquity } = evaluation;
      return named(`seed_${seed}/`, { totalReturn, sharpeRatio, maxDrawdown, turnover, trades, finalEquity });
    }),
    ...named("improvement/", improvement),
    ...named("monthly_improvement/", monthlyImprovement),
    ...actions.map(({ action, share }) => [`action/${slug(action)}`, share] as const),
    ...named("cost/", costs),
  ]);
}
