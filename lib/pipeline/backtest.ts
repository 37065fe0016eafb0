import type { LoadedConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import {
  backtest,
  type BacktestOptions,
  type BacktestResult,
  compare,
  type CostDecomposition,
  costDecomposition,
  evaluate,
  type Evaluation,
  type FeeColumn,
  feeColumns,
  lagCurve,
  type LagPoint,
  type Metrics,
  resultMetrics,
  type Trade,
  trades,
  type TradeStats,
  tradeStats,
  warnings,
} from "../backtest/mod.ts";
import { decisions } from "../backtest/decisions.ts";
import type { LeakVerdict } from "../features/leaks.ts";
import { type StoredColumns, wholeMs } from "../data/frames.ts";
import type { Market } from "../market/market.ts";
import { checkRules, parseRules } from "../risk/mod.ts";
import { makeStrategy, randomLike, strategies, type Strategy } from "../strategies/mod.ts";
import { columnsBytes } from "./artifact.ts";
import { barOf, breath, type Deps } from "./deps.ts";
import { historyEvent } from "./history.ts";
import { interruptibleLeakCheck } from "./leak_check.ts";
import { type LoadedMarket, loadMarket } from "./market.ts";
import { snakeCase } from "./names.ts";
import { datasetOf, type RunFacts, tracked, type Tracking } from "./tracked.ts";

/** Everything a backtest's report shows. */
export interface BacktestReport {
  readonly source: LoadedMarket;
  readonly strategy: string; // name in the table
  readonly title: string; // with its parameters: "momentum (fast 12, slow 26)"
  readonly result: BacktestResult;
  readonly metrics: Metrics; // against buy and hold
  readonly rows: readonly Evaluation[]; // the strategy first, then baselines
  readonly results: Readonly<Record<string, BacktestResult>>;
  readonly trades: readonly Trade[];
  readonly stats: TradeStats;
  readonly lag: readonly LagPoint[];
  readonly fees: Readonly<Record<string, readonly FeeColumn[]>>; // of the strategy and of buy and hold
  readonly costs: CostDecomposition;
  readonly warnings: readonly string[];
  readonly leaks: LeakVerdict; // of the strategy's decisions
  /** The numbers a run records and `verify` compares. */
  readonly numbers: Readonly<Record<string, number>>;
}

/** The run of a backtest that is already done, for those who want to look at it. */
export interface TrackedBacktest extends BacktestReport {
  readonly run: { readonly id: string; readonly url: string | undefined };
}

/**
 * Runs the strategy that settings name over the period they name, beside buy and hold, cash, the other strategies, and
 * chance that trades as often; with decision lag, fee columns, costs, trades, and the check for look-ahead. Risk rules
 * (`risk.rules`) watch over the strategy, not over its baselines.
 *
 * @throws {RangeError} if strategy, parameters or data are unknown or impossible
 */
export async function backtestStage(config: Config, deps: Deps = {}): Promise<BacktestReport> {
  const actors = actorsOf(config); // a wrong name is told before any work
  return await backtestOn(await loadMarket(config, deps), actors, config, deps);
}

/** Who decides: a strategy, and rules that may overrule it. */
interface Actors {
  readonly own: Strategy;
  readonly rules: ReturnType<typeof parseRules>;
}

/** Who settings name. @throws {RangeError} for an unknown strategy, rule or parameter */
export function actorsOf({ strategy: { name, ...settings }, risk }: Config): Actors {
  return { own: makeStrategy(String(name), settings), rules: parseRules(risk.rules) };
}

async function backtestOn(
  source: LoadedMarket,
  { own, rules }: Actors,
  config: Config,
  deps: Deps,
): Promise<BacktestReport> {
  const { name, ...settings } = config.strategy;
  const { market } = source;
  const options = optionsOf(config, source);
  checkRules(rules, source.period.to, market.assets.length);
  const guarded = { ...options, risk: rules.map(({ rule }) => rule) };
  using bar = barOf(deps, "Backtest");
  const pause = breath(deps);
  const step = async (done: number, what: string) => {
    await pause();
    bar.update(done, 5, what);
  };

  await step(0, String(name));
  const title = titleOf(String(name), settings) + (rules.length > 0 ? " with risk rules" : "");
  const result = backtest(market, own, guarded);
  const others = compare(market, baselines(String(name), result, config.run.seed), options);
  const rows = [evaluate(title, result), ...others.rows];
  const results = { [title]: result, ...others.results };
  await step(1, "decision lag");
  const lag = lagCurve(market, own, guarded);
  await step(2, "fees");
  const hold = strategies.buy_and_hold.make({});
  const fees = { [title]: feeColumns(market, own, guarded), "buy and hold": feeColumns(market, hold, options) };
  await step(3, "look-ahead");
  const leaks = await interruptibleLeakCheck(market, (bars: Market) => decisions(bars, own), deps);
  await step(4, "trades");
  const table = trades(result);
  const stats = tradeStats(table);
  const measured = resultMetrics(result, results["buy and hold"]);
  const costs = costDecomposition(result);
  bar.update(5, 5);
  return {
    source,
    strategy: String(name),
    title,
    result,
    metrics: measured,
    rows,
    results,
    trades: table,
    stats,
    lag,
    fees,
    costs,
    warnings: [...warnings(result, { lag }), ...leakWarnings(leaks)],
    leaks,
    numbers: numbersOf(measured, stats, costs, rows),
  };
}

/** `backtestStage` inside an MLflow run with its equity, trades and numbers. */
export async function trackedBacktest(loaded: LoadedConfig, deps: Deps = {}): Promise<TrackedBacktest> {
  const { config } = loaded;
  const facts: RunFacts = {
    kind: "backtest",
    name: `backtest ${config.strategy.name} ${config.data.input.join(" ")}`,
    command: ["backtest"],
  };
  // What can't be run is told before there is a run of it.
  const actors = actorsOf(config);
  const source = await loadMarket(config, deps);
  return await tracked(loaded, facts, async (run) => {
    const report = await backtestOn(source, actors, config, deps);
    deps.onEvent?.(historyEvent(report.title, source.market, report.result));
    await record(run, report);
    return { ...report, run: { id: run.id, url: run.url } };
  }, deps);
}

function leakWarnings({ passed, leaks, verdict }: LeakVerdict): string[] {
  if (passed) return [];
  return [
    leaks.length > 0 ? `The strategy looks ahead: ${verdict}` : `Whether it looks ahead is not known: ${verdict}`,
  ];
}

/** Writes a backtest into a run: data, numbers, the equity curve's history, results as parquet. */
export async function record(
  run: Tracking,
  { source, result, results, trades, numbers }: BacktestReport,
): Promise<void> {
  run.tags({ "candelabra.data_hash": source.hash, "candelabra.data": source.name });
  run.dataset(datasetOf(source, "backtest"));
  run.result(numbers);
  const hold = results["buy and hold"].equity;
  const every = Math.max(1, Math.ceil(result.equity.length / 500)); // enough for a curve
  for (let t = 0; t < result.equity.length; t += every) {
    run.metrics({ "equity/strategy": result.equity[t], "equity/buy_and_hold": hold[t] }, t);
  }
  const K = result.symbols.length;
  const weights = result.symbols.map((symbol, k) =>
    [`weight ${symbol}`, result.equity.map((_, t) => result.weights[t * K + k])] as const
  );
  const equity = {
    timestamp: wholeMs(result.time),
    equity: result.equity,
    buy_and_hold: hold,
    ...Object.fromEntries(weights),
  };
  await run.artifact("results/equity.parquet", await columnsBytes(equity));
  await run.artifact("results/trades.parquet", await columnsBytes(tradeColumns(trades)));
}

/** Options of a backtest by settings. */
export function optionsOf({ backtest: { cash, leverage, lag } }: Config, { period }: LoadedMarket): BacktestOptions {
  return { cash, lag, from: period.from, to: period.to, margin: { leverage } };
}

/** What every strategy stands beside. The strategy itself is not among them. */
export function baselines(name: string, result: BacktestResult, seed: number): Record<string, Strategy> {
  const others = ["buy_and_hold", "momentum", "mean_reversion", "flat"].filter((other) => other !== name);
  return {
    ...(name === "buy_and_hold" ? { "buy and hold": strategies.buy_and_hold.make({}) } : {}),
    ...Object.fromEntries(others.map((other) => [other.replaceAll("_", " "), makeStrategy(other)])),
    "random, same turnover": randomLike(result, { seed }),
  };
}

/** A strategy with its parameters, for people: "momentum (fast 12, slow 26)". */
export function titleOf(name: string, settings: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(settings).map(([key, value]) => `${key} ${value}`);
  const title = name.replaceAll("_", " ");
  if (name === "buy_and_hold") return "buy and hold (strategy)";
  return parts.length > 0 ? `${title} (${parts.join(", ")})` : title;
}

function numbersOf(
  measured: Metrics,
  stats: TradeStats,
  costs: CostDecomposition,
  rows: readonly Evaluation[],
): Record<string, number> {
  const named = (prefix: string, values: object) =>
    Object.entries(values)
      .filter((entry): entry is [string, number] => typeof entry[1] === "number")
      .map(([key, value]) => [prefix + snakeCase(key), value]);
  return Object.fromEntries([
    ...named("", measured),
    ...named("trade/", stats),
    ...named("cost/", costs),
    ...rows.slice(1).flatMap(({ strategy, totalReturn, sharpeRatio, maxDrawdown }) =>
      named(`${strategy.replaceAll(/[^a-z]+/g, "_")}/`, { totalReturn, sharpeRatio, maxDrawdown })
    ),
  ]);
}

/** Trades as columns for a file: times in ms UTC. */
export function tradeColumns(table: readonly Trade[]): StoredColumns {
  const numeric = ["size", "entryPrice", "exitPrice", "fees", "spreadCost", "impactCost", "profit", "return"] as const;
  return {
    symbol: table.map(({ symbol }) => symbol),
    side: table.map(({ side }) => side),
    entry_time: wholeMs(table.map(({ entryTime }) => entryTime)),
    exit_time: wholeMs(table.map(({ exitTime }) => exitTime)),
    bars: Int32Array.from(table, ({ bars }) => bars),
    ...Object.fromEntries(numeric.map((key) => [snakeCase(key), Float64Array.from(table, (trade) => trade[key])])),
    open: Uint8Array.from(table, ({ open }) => Number(open)),
  };
}
