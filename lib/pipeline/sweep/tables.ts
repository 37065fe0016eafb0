import type { Params } from "../../hyperopt/trial.ts";
import { count, number, percent } from "../../report/format.ts";
import { type Table, table } from "../../report/table.ts";
import type { OtherSweeps, Sweep } from "./sweep.ts";

/** The best trials of a sweep, the finished ones first, with the parameters that were searched. */
export function trialTable({ rows, spec }: Sweep, limit = 12): Table {
  const order = { finished: 0, pruned: 1, running: 2, failed: 3 };
  const sorted = rows.toSorted((a, b) =>
    order[a.state] - order[b.state] || (b.value ?? -Infinity) - (a.value ?? -Infinity) || a.trial - b.trial
  );
  const shown = sorted.map(({ trial, state, value, reports, seconds, params }) => ({
    ...{ trial, state, value, steps: reports.at(-1)?.step ?? 0, time: 1000 * seconds },
    parameters: paramsText(params),
  }));
  return table(shown, {
    limit,
    units: { time: "duration" },
    labels: { value: spec.config.tune ? objectiveName(spec.config.tune) : "Objective" },
    align: { parameters: "left" },
  });
}

/** What is made large, for people: "Sharpe ratio". */
export function objectiveName(tune: unknown): string {
  return (tune as { objective?: string }).objective === "log_return" ? "Log return a year" : "Sharpe ratio";
}

/** Parameters on a line, each by the last part of its name: "learning_rate 0.0032, gamma 0.9". */
export function paramsText(params: Params): string {
  return Object.entries(params).map(([name, value]) => {
    const short = name.replace(/^[^.]+\./, "").replace(/^net_arch\./, "");
    const rounded = typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(3)) : value;
    return `${short} ${rounded === "" ? "none" : rounded}`;
  }).join(", ");
}

/** One sentence each on what was tried, who won, and what that is worth. */
export function sweepVerdict(
  { rows, best, count: counted, deflated, deflatedFinished, overfitting, spec }: Sweep,
): string[] {
  const tried = `${counted.trials} configurations were tried on ${spec.data}: ${counted.finished} finished, ` +
    `${counted.pruned} stopped early, ${counted.failed} failed${
      counted.exploits > 0 ? `; ${counted.exploits} of them went on from another's checkpoint` : ""
    }${
      counted.deleted > 0
        ? `; ${counted.deleted} of them deleted, which cannot win and still count${counted.deleted === 1 ? "s" : ""}`
        : ""
    }.`;
  if (!best || !deflated) {
    return [tried, rows.length === 0 ? "" : "None finished, so there is no winner."].filter(Boolean);
  }
  const { sharpe, expectedMax, deflated: probability, bars } = deflated;
  return [
    tried,
    `Trial ${best.trial} won with ${objectiveName(spec.config.tune)} ${number(best.value!)}, the mean of ` +
    `${count(spec.folds, "fold")} and ${count(spec.seeds.length, "seed")} out of sample.`,
    Number.isNaN(probability)
      ? "It did not trade, so there is nothing to deflate."
      : `Per bar its Sharpe ratio is ${number(sharpe, { digits: 4 })} over ${
        number(bars)
      } bars; the best of ${counted.trials} ` +
        `without skill would show ${
          number(expectedMax, { digits: 4 })
        }. The probability that it is above that (deflated Sharpe ` +
        `ratio) is ${percent(probability)}${
          probability > 0.95
            ? ""
            : sharpe < 0
            ? "; it loses after costs, so nothing that was tried is worth trading"
            : ": luck alone may explain it"
        }.`,
    ...(deflatedFinished && !Number.isNaN(deflatedFinished.deflated)
      ? [
        `If only trials that used their whole budget say how much trials differ, it is ${
          percent(deflatedFinished.deflated)
        }, above ${number(deflatedFinished.expectedMax, { digits: 4 })}.`,
      ]
      : []),
    ...(overfitting
      ? [
        `Probability of backtest overfitting (CSCV over ${overfitting.trials} trials): ${
          percent(overfitting.probability)
        }.`,
      ]
      : []),
  ];
}

/** A sentence on other sweeps of the same candles; nothing where there are none. */
export function otherSweepsVerdict({ names, trials, deflated, opened }: OtherSweeps): string[] {
  if (names.length === 0) return [];
  const others = `${count(names.length, "other sweep")} tried ${count(trials, "configuration")} on the same candles`;
  const together = deflated && !Number.isNaN(deflated.deflated)
    ? `: counted together, the deflated Sharpe ratio is ${percent(deflated.deflated)}`
    : "";
  return [
    `${others}${together}.`,
    ...opened.map(({ name, at }) => `The hold-out of the same candles was opened at ${at}, by ${name}: it is not new.`),
  ];
}
