/**
 * Every figure of the reports: a function from plain records of typed arrays to a `Figure` that shows itself.
 *
 * To add one: a file here named after it, built from `panel()` and its neighbours in `frame.ts` (they draw for the page
 * and for a phone, in the theme's colours, with periods, end labels and hover values), and a line below.
 * `tests/report/plots_test.ts` then holds it to the laws of all: a title, a caption and alternative text made of the
 * numbers, no colour but the theme's, no NaN in the drawing, equal input equal bytes, small enough for a report.
 */
export { actionMap } from "./action_map.ts";
export { beforeAfterScaling } from "./before_after_scaling.ts";
export { validationByCheckpoint } from "./checkpoints.ts";
export { costsDecomposition } from "./costs_decomposition.ts";
export { coverageCalendar } from "./coverage_calendar.ts";
export { deflatedSharpes } from "./deflated_sharpes.ts";
export { drawdownTable } from "./drawdown_table.ts";
export { equityAndDrawdown, equityCurves } from "./equity_curves.ts";
export { eventsOnEquity } from "./events_on_equity.ts";
export { fanChart } from "./fan_chart.ts";
export { featureCorrelation } from "./feature_correlation.ts";
export { holdingTimeScatter } from "./holding_time_scatter.ts";
export { indicatorPanels } from "./indicator_panels.ts";
export { informationCoefficient } from "./information_coefficient.ts";
export type { OwnText, Period, Series, TradeMark } from "./inputs.ts";
export { intervalPlot } from "./interval_plot.ts";
export { latencyHistogram } from "./latency_histogram.ts";
export { learningCurves } from "./learning_curves.ts";
export { leverageAndLimits } from "./leverage_and_limits.ts";
export { monthlyHeatmap } from "./monthly_heatmap.ts";
export { optimisationHistory } from "./optimisation_history.ts";
export { overfittingSplits } from "./overfitting_splits.ts";
export { parallelCoordinates } from "./parallel_coordinates.ts";
export { parameterImportance } from "./parameter_importance.ts";
export { partialDependence } from "./partial_dependence.ts";
export { priceAndVolume } from "./price_and_volume.ts";
export { priceExplorer } from "./price_explorer.ts";
export { priceWithTrades } from "./price_with_trades.ts";
export { recoveryHistogram } from "./recovery_histogram.ts";
export { regimeRibbon } from "./regime_ribbon.ts";
export { returnDistribution } from "./return_distribution.ts";
export { linesOverTime, rollingCorrelation, rollingSharpe } from "./rolling.ts";
export { riskContributions } from "./risk_contributions.ts";
export { rungCurves } from "./rung_curves.ts";
export { scenarioHeatmap } from "./scenario_heatmap.ts";
export { searchSlices } from "./search_slices.ts";
export { decisionLag, feeColumns } from "./sensitivity.ts";
export type { Searched, SweepTrial } from "./sweep_inputs.ts";
export { survivalCurve } from "./survival_curve.ts";
export { throughputByWorkers } from "./throughput_by_workers.ts";
export { timeByPart } from "./time_by_part.ts";
export { valueAtRiskExceptions } from "./value_at_risk.ts";
export { volatilityClustering } from "./volatility_clustering.ts";
export { warmupMap } from "./warmup_map.ts";
