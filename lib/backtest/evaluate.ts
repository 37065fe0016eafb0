import type { Market } from "../market/market.ts";
import type { Strategy } from "../strategies/strategy.ts";
import { backtest, type BacktestOptions, type BacktestResult } from "./backtest.ts";
import { barsPerYear, type Metrics, metrics } from "./metrics.ts";
import { trades, tradeStats } from "./trades.ts";

/** One strategy's line in a comparison. Shares are fractions. */
export interface Evaluation {
  readonly strategy: string;
  readonly totalReturn: number;
  readonly annualReturn: number;
  readonly annualVolatility: number;
  readonly sharpeRatio: number;
  readonly sortinoRatio: number;
  readonly calmarRatio: number;
  readonly maxDrawdown: number;
  readonly trades: number;
  readonly winRate: number; // of trades
  readonly avgBars: number; // held per trade
  readonly timeInMarket: number; // share of bars with a position
  readonly exposure: number; // mean gross exposure, fraction of equity
  readonly turnover: number; // value traded, multiple of mean equity
  readonly fees: number; // quote currency
  readonly finalEquity: number;
  readonly ruined: boolean;
}

/** Strategies beside each other, and the runs behind the numbers. */
export interface Comparison {
  readonly rows: readonly Evaluation[]; // in the order given
  readonly results: Readonly<Record<string, BacktestResult>>;
}

/**
 * Runs several strategies over the same bars, costs and rules, and puts them beside each other.
 *
 * @param entries strategies by the name their line gets; the first result may serve as a benchmark
 */
export function compare(
  market: Market,
  entries: Readonly<Record<string, Strategy>>,
  options: BacktestOptions = {},
): Comparison {
  const results = Object.fromEntries(
    Object.entries(entries).map(([name, strategy]) => [name, backtest(market, strategy, options)]),
  );
  return { rows: Object.entries(results).map(([name, result]) => evaluate(name, result)), results };
}

/** The line of one result. */
export function evaluate(strategy: string, result: BacktestResult): Evaluation {
  const measured = resultMetrics(result);
  const stats = tradeStats(trades(result));
  const { timeInMarket, exposure } = exposureOf(result);
  const { totalReturn, annualReturn, annualVolatility, sharpeRatio, sortinoRatio, calmarRatio, maxDrawdown } = measured;
  return {
    strategy,
    totalReturn,
    annualReturn,
    annualVolatility,
    sharpeRatio,
    sortinoRatio,
    calmarRatio,
    maxDrawdown,
    trades: stats.trades,
    winRate: stats.winRate,
    avgBars: stats.avgBars,
    timeInMarket,
    exposure,
    turnover: result.turnover,
    fees: result.fees,
    finalEquity: result.equity[result.equity.length - 1],
    ruined: result.ruined,
  };
}

/** `metrics` of a result's equity, annualised by its bar length, against another result over the same bars. */
export function resultMetrics({ equity, time, step }: BacktestResult, benchmark?: BacktestResult): Metrics {
  const against = benchmark === undefined ? {} : { benchmark: benchmark.equity };
  return metrics(equity, { time, barsPerYear: barsPerYear(step), ...against });
}

/** Share of bars that end with a position, and mean gross exposure. */
export function exposureOf({ equity, weights }: BacktestResult): { timeInMarket: number; exposure: number } {
  const T = equity.length;
  const K = weights.length / T;
  let bars = 0;
  let sum = 0;
  for (let t = 0; t < T; t++) {
    let gross = 0;
    for (let k = 0; k < K; k++) gross += Math.abs(weights[t * K + k]);
    if (gross > 0) bars++;
    sum += gross;
  }
  return { timeInMarket: bars / T, exposure: sum / T };
}
