/** From a strategy to numbers that can be believed, or a reason why not. */
export {
  backtest,
  type BacktestOptions,
  type BacktestResult,
  type Books,
  openBooks,
  type RiskEvent,
} from "./backtest.ts";
export {
  type DeflatedSharpe,
  deflatedSharpe,
  expectedMaxSharpe,
  probabilisticSharpe,
  type SharpeSample,
  sharpeSample,
} from "./deflated_sharpe.ts";
export { type Drawdown, drawdowns, underWater } from "./drawdowns.ts";
export { compare, type Comparison, evaluate, type Evaluation, exposureOf, resultMetrics } from "./evaluate.ts";
export { type CostDecomposition, costDecomposition, type FeeColumn, feeColumns } from "./fees.ts";
export { lagCurve, type LagPoint } from "./lag.ts";
export { barsPerYear, type Metrics, metrics, type MetricsOptions, returns, sharpeRatio } from "./metrics.ts";
export { type Overfitting, overfitting } from "./overfitting.ts";
export {
  bootstrap,
  type BootstrapOptions,
  type Estimate,
  interquartileEstimate,
  interquartileMean,
  probabilityOfImprovement,
  type Scores,
} from "./reliable.ts";
export { type MonthlyReturn, monthlyReturns, rollingSharpe } from "./rolling.ts";
export { combinations, type Grid, sweep, type SweepOptions, type SweepRow } from "./sweep.ts";
export { type Trade, trades, type TradeStats, tradeStats } from "./trades.ts";
export { warnings } from "./warnings.ts";
