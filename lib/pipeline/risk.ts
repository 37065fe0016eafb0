import {
  backtest,
  type BacktestOptions,
  type BacktestResult,
  evaluate,
  type Evaluation,
  exposureOf,
  resultMetrics,
  returns,
  warnings,
} from "../backtest/mod.ts";
import type { LoadedConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import type { Market } from "../market/market.ts";
import { assetReturns } from "../risk/asset_returns.ts";
import {
  backtestTail,
  checkRules,
  exceptions,
  hmmRegimes,
  type NamedRule,
  parseRules,
  type TailBacktest,
  type TailForecasts,
  tailForecasts,
  type TailMethod,
  tailMethods,
  volatilityRegimes,
} from "../risk/mod.ts";
import { wildest } from "../risk/rolling.ts";
import { makeStrategy, strategies } from "../strategies/mod.ts";
import { columnsBytes } from "./artifact.ts";
import { actorsOf, optionsOf, titleOf } from "./backtest.ts";
import { barOf, breath, type Deps } from "./deps.ts";
import { type LoadedMarket, loadMarket } from "./market.ts";
import type { FoundModel } from "./agent/model_store.ts";
import { openModelRun } from "./scenarios/model.ts";
import { datasetOf, type RunFacts, tracked, type Tracking } from "./tracked.ts";

/** What one rule prevented and what it cost: the run with all rules against the run without this one. */
export interface RuleEffect {
  readonly rule: string; // "trailing_stop(atr=3)"
  readonly kind: NamedRule["kind"];
  readonly events: number;
  readonly drawdownPrevented: number; // share of equity; negative where the rule made the largest drawdown larger
  readonly returnCost: number; // share of the start; negative where the rule earned
  readonly sharpeChange: number;
  readonly exposureChange: number; // of the mean gross exposure
  readonly feesChange: number; // quote currency
}

/** Something a rule did, and how things stood. */
export interface RiskAction {
  readonly time: number; // close of the bar at which it acted, as that bar's open, ms UTC
  readonly rule: string;
  readonly reason: string;
  readonly equity: number; // quote currency
  readonly close: number; // of the first asset
}

/** How a method's forecasts of the market's value at risk did over the period. */
export interface TailRow extends TailBacktest {
  readonly method: TailMethod;
  readonly forecast: TailForecasts; // [T] of the period
  readonly valueAtRisk: number; // mean forecast
  readonly expectedShortfall: number; // mean forecast
}

/** Everything a report on risk shows. */
export interface RiskReport {
  readonly source: LoadedMarket;
  readonly title: string; // of the strategy or model
  readonly rules: readonly NamedRule[]; // in the order they act; none: the account as it is
  readonly free: BacktestResult; // without rules
  readonly result: BacktestResult; // with all rules
  readonly hold: BacktestResult; // buy and hold
  readonly rows: readonly Evaluation[]; // with rules, where there are any; without; buy and hold
  readonly effects: readonly RuleEffect[];
  readonly events: readonly RiskAction[];
  readonly level: number;
  readonly marketReturns: Float64Array; // [T] of equal parts of the assets, traded back at each bar
  readonly tails: readonly TailRow[];
  /** Probability of the wild regime of the first asset, by both methods [T]; NaN while unknown. */
  readonly regimes: Readonly<Record<"hmm" | "volatility", Float64Array>>;
  readonly warnings: readonly string[];
  readonly numbers: Readonly<Record<string, number>>;
}

/** A report on risk that is a run. */
export interface TrackedRisk extends RiskReport {
  readonly run: { readonly id: string; readonly url: string | undefined };
}

/** What a report on risk is given beside its settings. */
export interface RiskOptions {
  /** A model that the rules watch over, in the place of the strategy that settings name. */
  readonly model?: FoundModel;
}

/**
 * Runs a strategy or a model with and without risk rules, and without each of them; forecasts the market's value at risk
 * bar by bar and tests the forecasts; tells regimes. Without rules it says what there is to be kept in bounds.
 *
 * @throws {RangeError} if strategy, settings or data are unknown or impossible
 * @throws {SyntaxError} if the rules cannot be read
 */
export async function riskStage(config: Config, deps: Deps = {}, { model }: RiskOptions = {}): Promise<RiskReport> {
  const rules = parseRules(config.risk.rules);
  const { name, ...settings } = config.strategy;
  const own = makeStrategy(String(name), settings);
  const source = await loadMarket(config, deps);
  const { market, period: { from, to } } = source;
  checkRules(rules, to, market.assets.length);
  const options = optionsOf(config, source);
  using bar = barOf(deps, "Risk");
  const total = rules.length + 3;
  const pause = breath(deps);
  const step = async (done: number, what: string) => {
    await pause();
    bar.update(done, total, what);
  };

  const title = model === undefined ? titleOf(String(name), settings) : model.name;
  await step(0, title);
  await using agent = model === undefined ? undefined : await openModelRun(model, source);
  const trade = agent?.run ?? ((market: Market, options: BacktestOptions) => backtest(market, own, options));
  const run = (without?: NamedRule) =>
    trade(market, { ...options, risk: rules.filter((rule) => rule !== without).map(({ rule }) => rule) });
  const free = await trade(market, options);
  const result = await run();
  const hold = backtest(market, strategies.buy_and_hold.make({}), options);
  const effects: RuleEffect[] = [];
  for (const [i, rule] of rules.entries()) {
    await step(i + 1, `without ${rule.text}`);
    effects.push(effectOf(rule, i, result, await run(rule)));
  }
  await step(rules.length + 1, "value at risk");
  const all = assetReturns(market);
  const together = all[0].map((_, t) => all.reduce((sum, one) => sum + one[t] / all.length, 0));
  const tails = tailRows(together, config.risk, from, to);
  await step(rules.length + 2, "regimes");
  const regimes = {
    hmm: wildest(hmmRegimes(all[0].subarray(0, to))).subarray(from),
    volatility: wildest(volatilityRegimes(all[0].subarray(0, to))).subarray(from),
  };
  bar.update(total, total);
  const guarded = rules.length === 0 ? [] : [evaluate("with rules", result)];
  const rows = [...guarded, evaluate("without", free), evaluate("buy and hold", hold)];
  return {
    source,
    title,
    rules,
    free,
    result,
    hold,
    rows,
    effects,
    events: result.events.map(({ t, rule, reason }) => ({
      time: result.time[t],
      rule: rules[rule].text,
      reason,
      equity: result.equity[t],
      close: market.assets[0].$close[from + t],
    })),
    level: config.risk.level,
    marketReturns: together.subarray(from, to),
    tails,
    regimes,
    warnings: warnings(result),
    numbers: numbersOf(rows, effects, tails, result, free),
  };
}

/** `riskStage` inside an MLflow run with its numbers, events and equity. */
export async function trackedRisk(
  loaded: LoadedConfig,
  deps: Deps = {},
  options: RiskOptions = {},
): Promise<TrackedRisk> {
  const { config } = loaded;
  const { model } = options;
  const facts: RunFacts = {
    kind: "risk",
    name: `risk ${model?.name ?? config.strategy.name} ${config.data.input.join(" ")}`,
    command: ["risk", ...(model === undefined ? [] : ["--model", model.reference])],
  };
  // What can't be run is told before there is a run of it.
  actorsOf(config);
  await loadMarket(config, deps);
  return await tracked(loaded, facts, async (run) => {
    const report = await riskStage(config, deps, options);
    await record(run, report);
    return { ...report, run: { id: run.id, url: run.url } };
  }, deps);
}

async function record(run: Tracking, { source, result, free, events, numbers }: RiskReport): Promise<void> {
  run.tags({ "candelabra.data_hash": source.hash, "candelabra.data": source.name });
  run.dataset(datasetOf(source, "backtest"));
  run.result(numbers);
  const equity = { timestamp: result.time, equity: result.equity, without_rules: free.equity };
  await run.artifact("results/equity.parquet", await columnsBytes(equity));
  await run.artifact("results/events.json", JSON.stringify(events, null, 1) + "\n");
}

function effectOf(rule: NamedRule, i: number, result: BacktestResult, without: BacktestResult): RuleEffect {
  const [a, b] = [resultMetrics(result), resultMetrics(without)];
  return {
    rule: rule.text,
    kind: rule.kind,
    events: result.events.filter((event) => event.rule === i).length,
    drawdownPrevented: a.maxDrawdown - b.maxDrawdown,
    returnCost: b.totalReturn - a.totalReturn,
    sharpeChange: a.sharpeRatio - b.sharpeRatio,
    exposureChange: exposureOf(result).exposure - exposureOf(without).exposure,
    feesChange: result.fees - without.fees,
  };
}

/** Forecasts of each method over bars `from` to `to`, from the bars before each. */
function tailRows(all: Float64Array, { level, window }: Config["risk"], from: number, to: number): TailRow[] {
  const start = Math.max(1, from - window); // bar 0 has no return
  const known = all.subarray(start, to);
  const returns = known.subarray(from - start);
  if (known.length <= window) {
    throw new RangeError(
      `Cannot forecast the value at risk as risk.window must be fewer bars than there are (${known.length}): ` +
        `current value is ${window}`,
    );
  }
  return (Object.keys(tailMethods) as TailMethod[]).map((method) => {
    const { invalid, ...columns } = tailForecasts(known, method, { level, window });
    const valueAtRisk = columns.valueAtRisk.subarray(from - start);
    const expectedShortfall = columns.expectedShortfall.subarray(from - start);
    return {
      method,
      forecast: { valueAtRisk, expectedShortfall, invalid },
      valueAtRisk: meanOf(valueAtRisk),
      expectedShortfall: meanOf(expectedShortfall),
      ...backtestTail(exceptions(returns, valueAtRisk), level),
    };
  });
}

function meanOf(values: Float64Array): number {
  const known = values.filter((value) => value === value);
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}

function numbersOf(
  rows: readonly Evaluation[],
  effects: readonly RuleEffect[],
  tails: readonly TailRow[],
  result: BacktestResult,
  free: BacktestResult,
): Record<string, number> {
  const tail = (one: BacktestResult) => tailMethods.historical(returns(one.equity).filter((r) => Number.isFinite(r)));
  return Object.fromEntries([
    ...rows.flatMap((
      { strategy, totalReturn, sharpeRatio, sortinoRatio, maxDrawdown, annualVolatility, exposure, fees },
    ) =>
      Object.entries({
        total_return: totalReturn,
        sharpe_ratio: sharpeRatio,
        sortino_ratio: sortinoRatio,
        max_drawdown: maxDrawdown,
        annual_volatility: annualVolatility,
        exposure,
        fees,
      }).map(([key, value]) => [`${strategy.replaceAll(" ", "_")}/${key}`, value])
    ),
    ...(effects.length === 0 ? [] : [["with_rules/value_at_risk", tail(result).valueAtRisk]]),
    ["without/value_at_risk", tail(free).valueAtRisk],
    ["events", result.events.length],
    ...effects.flatMap(({ rule, drawdownPrevented, returnCost }, i) => {
      const kind = nameOf(rule);
      const before = effects.slice(0, i).filter((one) => nameOf(one.rule) === kind).length;
      const name = before === 0 ? kind : `${kind}_${before + 1}`; // two stops are two
      return [[`rule/${name}/drawdown_prevented`, drawdownPrevented], [`rule/${name}/return_cost`, returnCost]];
    }),
    ...tails.flatMap(({ method, exceptions, forecasts, kupiec, christoffersen }) => [
      [`var/${method}/exception_rate`, exceptions / forecasts],
      [`var/${method}/kupiec_p`, kupiec.pValue],
      [`var/${method}/christoffersen_p`, christoffersen.pValue],
    ]),
  ]);
}

/** `trailing_stop` of "trailing_stop(atr=3)". */
const nameOf = (rule: string) => rule.replace(/\(.*/, "");
