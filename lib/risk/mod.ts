/** Rules that keep an account within bounds, and measures of what it may lose. */
export {
  type Covariance,
  ledoitWolf,
  minimumVariance,
  portfolioVariance,
  riskContributions,
  riskParity,
} from "./covariance.ts";
export { fixedFraction } from "./fixed_fraction.ts";
export { filterHmm, fitHmm, type FittedHmm, type Hmm, type HmmOptions } from "./hmm.ts";
export { kelly } from "./kelly.ts";
export { limitDailyLoss } from "./limit_daily_loss.ts";
export { limitDrawdown } from "./limit_drawdown.ts";
export { limitExposure } from "./limit_exposure.ts";
export { limitLeverage } from "./limit_leverage.ts";
export { limitShortfall, limitValueAtRisk, type TailLimit } from "./limit_tail.ts";
export { equalRisk, leastVariance } from "./portfolio_weights.ts";
export { rebalanceBands, rebalanceCalendar } from "./rebalance.ts";
export {
  type HmmRegimeOptions,
  hmmRegimes,
  type Regimes,
  type VolatilityRegimeOptions,
  volatilityRegimes,
} from "./regime.ts";
export { regimeStop } from "./regime_stop.ts";
export { type RollingBeta, rollingBeta, rollingContributions, wildest } from "./rolling.ts";
export type { Check, RiskRule } from "./rule.ts";
export { checkRules, type NamedRule, parseRules, riskRules, type RuleEntry, ruleKinds } from "./rules.ts";
export { stopLoss } from "./stop_loss.ts";
export {
  cornishFisherTail,
  ewmaTail,
  ewmaVariance,
  filteredTail,
  historicalTail,
  normalTail,
  type Tail,
  type TailForecasts,
  tailForecasts,
  type TailMethod,
  tailMethods,
  type TailOptions,
} from "./tail.ts";
export {
  backtestTail,
  exceptions,
  independence,
  kupiec,
  type LikelihoodRatio,
  type TailBacktest,
} from "./tail_backtest.ts";
export { takeProfit } from "./take_profit.ts";
export { trailingStop } from "./trailing_stop.ts";
export { volatilityTarget } from "./volatility_target.ts";
