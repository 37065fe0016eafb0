import { slice } from "../../market/candles.ts";
import { didYouMean } from "../../base/suggest.ts";
import { fanChart } from "../../report/plots/fan_chart.ts";
import { extent, padded } from "../../report/plots/frame.ts";
import { linesOverTime } from "../../report/plots/rolling.ts";
import { recoveryHistogram } from "../../report/plots/recovery_histogram.ts";
import { scenarioHeatmap } from "../../report/plots/scenario_heatmap.ts";
import { survivalCurve } from "../../report/plots/survival_curve.ts";
import { date, percent } from "../../report/format.ts";
import type { Role } from "../../report/theme.ts";
import type { StressCell } from "../../scenarios/mod.ts";
import { specScenario } from "../../scenarios/mod.ts";
import { rng } from "../../base/random.ts";
import type { ScenariosReport } from "../scenarios.ts";

const roles: Readonly<Record<string, Role>> = {
  "buy and hold": "hold",
  "momentum": "momentum",
  "mean reversion": "reversion",
};

/** Figures of a stress test, drawn when asked for. Without a name they show the scenario that hurts the strategy most. */
export function scenarioFigures(report: ScenariosReport) {
  const { result, title, source, specs } = report;
  const { step } = source.market.assets[0];
  const own = result.cells.filter(({ strategy }) => strategy === title);
  const worst = own.reduce((a, b) => (b.survival.share < a.survival.share ? b : a)).scenario;
  const known = (scenario: string) => {
    if (result.scenarios.includes(scenario)) return scenario;
    throw new RangeError(
      `Cannot draw "${scenario}" as it must be one of those that were run: ${didYouMean(scenario, result.scenarios)}`,
    );
  };
  const cellOf = (scenario: string, strategy: string) =>
    result.cells.find((cell) => cell.scenario === known(scenario) && cell.strategy === strategy)!;
  const roleOf = (strategy: string): { role?: Role } => {
    const role = strategy === title ? "agent" : roles[strategy];
    return role ? { role } : {};
  };
  const all = (measure: (cell: StressCell) => number) => result.cells.map(measure);
  const held = percent(result.threshold, { digits: 0 });
  return {
    /** Equity around the shock, over all draws. */
    fan(scenario = worst, strategy = title) {
      return fanChart({
        name: `${strategy} in ${scenario}`,
        at: result.offsets,
        paths: cellOf(scenario, strategy).paths,
        calm: result.asRecorded.find((cell) => cell.strategy === strategy)!.paths,
        step,
        threshold: result.threshold,
      });
    },
    /** The share of accounts still above the threshold. */
    survival: (scenario = worst) =>
      survivalCurve({
        what: `Accounts never below ${held} in ${scenario}`,
        curves: result.strategies.map((name) => ({
          name,
          ...roleOf(name),
          ...cellOf(scenario, name).survivalCurve,
        })),
        until: result.horizon,
        step,
      }),
    recovery: (scenario = worst, strategy = title) =>
      recoveryHistogram({
        name: `${strategy} in ${scenario}`,
        recovered: cellOf(scenario, strategy).outcomes.map(({ recovered }) => recovered),
        watched: result.horizon,
        step,
      }),
    heatmap: () =>
      scenarioHeatmap({
        what: `Share of draws that never fall below ${held}`,
        scenarios: ["as recorded", ...result.scenarios],
        strategies: result.strategies,
        values: [...result.asRecorded.map(({ survival }) => survival.share), ...all(({ survival }) => survival.share)],
      }),
    losses: () =>
      scenarioHeatmap({
        what: "Mean return of the worst twentieth of draws",
        scenarios: ["as recorded", ...result.scenarios],
        strategies: result.strategies,
        values: [...result.asRecorded.map(({ shortfall5 }) => shortfall5), ...all(({ shortfall5 }) => shortfall5)],
        kind: "change",
      }),
    /** Share of the wanted volume that was filled. */
    fills: () =>
      scenarioHeatmap({
        what: "Share of the volume wanted that was filled",
        scenarios: ["as recorded", ...result.scenarios],
        strategies: result.strategies,
        values: [...result.asRecorded.map(({ fillShare }) => fillShare), ...all(({ fillShare }) => fillShare)],
      }),
    /** The price as it was and as a few draws of a scenario have it. */
    price(scenario = worst, draws = 3) {
      const { market, period, split } = source;
      const cut = market.assets.map((asset) => slice(asset, period.from, period.to));
      const before = { ...market, assets: cut, length: period.to - period.from };
      const fitOn = market.assets.map((asset) => slice(asset, split.train.from, split.train.to));
      const made = specScenario(specs[known(scenario)], fitOn);
      const { time, $close, symbol } = cut[0];
      const drawn = Array.from({ length: draws }, (_, i) => made(before, rng(1000 + i)).assets[0].$close);
      const starts = drawn.map((prices) => prices.findIndex((price, t) => price !== $close[t]));
      const domain = padded(extent($close, ...drawn));
      return linesOverTime({
        what: `Price of ${symbol} in ${scenario}`,
        time,
        series: [
          { name: "as recorded", role: "hold", values: $close },
          ...drawn.map((values, i) => ({ name: `draw ${i + 1}`, values })),
        ],
        domain,
        zero: domain[0],
      }, {
        caption: starts.every((t) => t <= 0)
          ? "Draws differ from the bars as recorded from the first bar on, or not in price."
          : `Draws differ from the bars as recorded from ${
            starts.map((t) => t === -1 ? "no bar" : date(time[t])).join(", ")
          } on.`,
      });
    },
  };
}
