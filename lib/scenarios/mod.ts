/** Markets under stress: what they can turn into, and who is left standing. */
export { calibrate, type Calibration, type CalibrationCheck, checkCalibration } from "./calibrate.ts";
export { correlate, correlatedAssets } from "./correlated_assets.ts";
export { extremeVolatility } from "./extreme_volatility.ts";
export { flashCrash } from "./flash_crash.ts";
export { gap } from "./gap.ts";
export { fitGarch, type Garch } from "./garch.ts";
export { historicalReplay } from "./historical_replay.ts";
export { lowLiquidity } from "./low_liquidity.ts";
export { certify, type RealismRow, type StylisedFacts, stylisedFacts } from "./realism.ts";
export type { Scenario } from "./scenario.ts";
export { stress, type StressOptions, type StressResult } from "./stress.ts";
export type { StressCell } from "./stress_summary.ts";
export { kaplanMeier, type Rate, type SurvivalCurve, timeTo, wilson } from "./survival.ts";
export {
  compose,
  describeScenario,
  makeScenario,
  parseScenario,
  type ScenarioEntry,
  scenarios,
  type ScenarioSpec,
  specScenario,
} from "./table.ts";
export { trendReversal } from "./trend_reversal.ts";
export type { MarketRun, Outcome, RunMarket, StrategySpec } from "./trial.ts";
