import type { Displayable } from "../../base/display.ts";
import type { Config } from "../../config/schema.ts";
import { capital, count, duration, number, percent } from "../../report/format.ts";
import { type Badge, type Summary, summary } from "../../report/summary.ts";
import type { StressCell } from "../../scenarios/mod.ts";
import { spanText } from "../market.ts";
import type { ScenariosReport } from "../scenarios.ts";
import { provenanceOf } from "../show/summaries.ts";

/** One sentence of what came out: where the strategy fares worst, beside buy and hold there. */
export function scenarioFinding({ result, title, source }: ScenariosReport): string {
  const { step } = source.market.assets[0];
  const own = result.cells.filter(({ strategy }) => strategy === title);
  const worst = worstOf(own);
  const hold = result.cells.find((cell) => cell.scenario === worst.scenario && /^buy and hold/.test(cell.strategy));
  const all = own.filter(({ survival }) => survival.share === 1).length;
  const calm = result.asRecorded.find(({ strategy }) => strategy === title)!;
  const beside = hold === undefined || hold === worst
    ? ""
    : `, buy and hold ${percent(hold.survival.share, { digits: 0 })}`;
  const days = duration(result.horizon * step);
  if (own.every(({ fillShare }) => fillShare === 0)) {
    return `Nothing that ${title} asked for was filled in ${
      count(own.length, "scenario")
    }: the bars it came to did not ` +
      `trade, or had no volume. Its account stays as it was.`;
  }
  const recovery = Number.isNaN(worst.recoveryMedian)
    ? `${percent(worst.recoveredShare, { digits: 0 })} of them were back at their peak by then`
    : worst.recoveryMedian === 0
    ? "half of them were back at their peak at once"
    : `half of them were back at their peak after ${duration(worst.recoveryMedian * step)}`;
  const stays = `${percent(worst.survival.share, { digits: 0 })} of ${number(result.seeds)} draws`;
  const who = own.length === 1
    ? `${stays} of ${title} in ${worst.scenario}`
    : `${capital(title)} survives every draw of ${
      all === own.length ? `all ${all}` : `${all} of ${own.length}`
    } scenarios; it fares worst in ${worst.scenario}: ${stays}`;
  return `${who} stay above ${percent(result.threshold, { digits: 0 })} of their equity before the ` +
    `shock for ${days} (95 % interval ${percent(worst.survival.low, { digits: 0 })} to ${
      percent(worst.survival.high, { digits: 0 })
    }; without a shock ${percent(calm.survival.share, { digits: 0 })}${beside}), and ${recovery}.`;
}

/** Header of a report on scenarios. */
export function scenarioSummary(report: ScenariosReport, config: Config): Summary & Displayable {
  const { result, title, source, calibration, checks, realism, numbers } = report;
  const own = result.cells.filter(({ strategy }) => strategy === title);
  const worst = worstOf(own);
  const holdIn = (scenario: string) =>
    result.cells.find((cell) => cell.scenario === scenario && /^buy and hold/.test(cell.strategy))!;
  const deepest = own.reduce((a, b) => (b.drawdownMedian < a.drawdownMedian ? b : a));
  const thin = own.filter(({ fillShare }) => Number.isFinite(fillShare))
    .reduce<StressCell | undefined>((a, b) => (a === undefined || b.fillShare < a.fillShare ? b : a), undefined);
  const badges: Badge[] = [
    ...checks.map(({ scenario, worse, weeks, expected }) => ({
      label: `severity of ${scenario.replaceAll("_", " ")}`,
      verdict: `${worse} of ${weeks} later weeks were worse, ${number(expected, { digits: 1 })} expected`,
      passed: worse <= Math.max(1, 3 * expected),
    })),
    ...Object.entries(realism).map(([method, rows]) => {
      const known = rows.filter(({ unseen }) => !Number.isNaN(unseen)); // without volume one is not
      const within = known.filter(({ holds }) => holds).length;
      return {
        label: `realism of ${method}`,
        verdict: `${within} of ${known.length} stylised facts of later bars within what is generated`,
        passed: 2 * within >= known.length,
      };
    }),
    { label: "seeds", verdict: `${number(result.seeds)} draws of each scenario`, passed: result.seeds >= 100 },
  ];
  return summary({
    finding: scenarioFinding(report),
    tiles: [
      {
        label: "Lowest survival",
        value: percent(worst.survival.share, { digits: 0 }),
        beside: `${worst.scenario}; buy and hold ${percent(holdIn(worst.scenario).survival.share, { digits: 0 })}`,
        tone: worst.survival.share > 0.95 ? "good" : worst.survival.share > 0.5 ? "warn" : "bad",
      },
      {
        label: "Deepest drawdown",
        value: percent(deepest.drawdownMedian),
        beside: `median in ${deepest.scenario}; buy and hold ${percent(holdIn(deepest.scenario).drawdownMedian)}`,
      },
      {
        label: "Worst 5 % lose",
        value: percent(worst.shortfall5, { sign: true }),
        beside: `on average, in ${worst.scenario}`,
      },
      {
        label: "Least filled",
        value: thin === undefined ? "–" : percent(thin.fillShare, { digits: 0 }),
        beside: thin === undefined ? "nothing was wanted" : `of the volume wanted, in ${thin.scenario}`,
      },
    ],
    badges,
    provenance: {
      ...provenanceOf(source, config),
      "period shown": `${config.backtest.period}: ${spanText(source.market, source.period)}`,
      "strategy": title,
      "severity": calibration === undefined
        ? "as set by hand"
        : `the worst 1 in ${calibration.weeks} of ${calibration.of} weeks of the training part`,
    },
    metrics: numbers,
  });
}

function worstOf(cells: readonly StressCell[]): StressCell {
  return cells.reduce((a, b) =>
    b.survival.share < a.survival.share || (b.survival.share === a.survival.share && b.shortfall5 < a.shortfall5)
      ? b
      : a
  );
}
