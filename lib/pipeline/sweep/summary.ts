import type { Displayable } from "../../base/display.ts";
import { flatten } from "../../config/load.ts";
import type { Config } from "../../config/schema.ts";
import { writeParameter } from "../../hyperopt/space_text.ts";
import { count, number, percent } from "../../report/format.ts";
import { type Summary, summary } from "../../report/summary.ts";
import { type Table, table } from "../../report/table.ts";
import { sweepImportance } from "./figures.ts";
import type { Sweep } from "./sweep.ts";
import { objectiveName } from "./tables.ts";

/** One sentence of what came out: who won, and what that is worth. */
export function sweepFinding({ best, count: counted, deflated, overfitting, spec }: Sweep): string {
  const tried = `${number(counted.trials)} configurations were tried`;
  if (!best) return `${tried}; none of them has used its whole budget, so there is no winner.`;
  const won = `${tried}; trial ${best.trial} has the highest ${inText(spec)} out of ` +
    `sample, ${number(best.value!, { digits: 2 })} (${count(spec.folds, "fold")} × ${
      count(spec.seeds.length, "seed")
    })`;
  if (!deflated || Number.isNaN(deflated.deflated)) return `${won}. It did not trade, so there is nothing to deflate.`;
  const chance = percent(deflated.deflated, { digits: 0 });
  const worth = deflated.deflated > 0.95
    ? `which luck alone is unlikely to explain: the deflated Sharpe ratio is ${chance}`
    : deflated.sharpe < 0
    ? `which is a loss after costs: nothing that was tried is worth trading`
    : `which luck alone may explain: the deflated Sharpe ratio is ${chance}`;
  const choice = overfitting
    ? `, the probability of overfitting ${percent(overfitting.probability, { digits: 0 })}`
    : "";
  return `${won}, ${worth}${choice}.`;
}

/** Header of a report on a sweep: the winner beside the middle of the field, what it is worth, what was counted. */
export function sweepSummary(sweep: Sweep): Summary & Displayable {
  const { best, count: counted, deflated, overfitting, spec, rows, ledgerHead } = sweep;
  const finished = rows.filter(({ state }) => state === "finished").map(({ value }) => value!).sort((a, b) => a - b);
  const middle = finished[finished.length >> 1];
  const steps = rows.reduce((sum, { reports }) => sum + (reports.at(-1)?.step ?? 0), 0);
  const whole = rows.length * (spec.rungs.at(-1) ?? 0);
  const found = sweepImportance(sweep)?.importance;
  const known = deflated !== undefined && Number.isFinite(deflated.deflated);
  return summary({
    finding: sweepFinding(sweep),
    tiles: [
      {
        label: `Best ${inText(spec)}`,
        value: best ? number(best.value!, { digits: 2 }) : "–",
        ...(best ? { beside: `median of ${finished.length} finished ${number(middle, { digits: 2 })}` } : {}),
      },
      {
        label: "Deflated Sharpe ratio",
        value: known ? percent(deflated.deflated, { digits: 0 }) : "–",
        beside: known ? `as the only trial ${percent(deflated.probabilistic, { digits: 0 })}` : "nothing traded",
        ...(known ? { tone: deflated.deflated > 0.95 ? "good" : "bad" } : {}),
      },
      {
        label: "Probability of overfitting",
        value: overfitting ? percent(overfitting.probability, { digits: 0 }) : "–",
        beside: overfitting ? `of ${number(overfitting.logits.length)} splits; lots drawn 50 %` : "too few trials",
      },
      {
        label: "Trials",
        value: number(counted.trials),
        beside: `${percent(steps / whole, { digits: 0 })} of the steps of all to the end`,
      },
    ],
    badges: [
      {
        label: "ledger",
        verdict: `${number(counted.trials)} trials counted, the stopped and failed ones too; no line was changed`,
        passed: true, // `readSweep` refuses any other
      },
      {
        label: "hold-out",
        verdict: counted.holdout
          ? `opened once, at ${counted.holdout.at}, for trial ${counted.holdout.trial}`
          : "closed: the test part is in no file that a trial could read",
        passed: true,
      },
      {
        label: "deflation",
        verdict: known
          ? `${percent(deflated.deflated)} that the winner is better than the luckiest of so many`
          : "no winner",
        passed: known && deflated.deflated > 0.95,
      },
      ...(found
        ? [{
          label: "importance",
          verdict: `foretells trials it has not seen with R² ${number(found.fit, { digits: 2 })}`,
          passed: found.fit > 0.1,
        }]
        : []),
      {
        label: "seeds",
        verdict: `${count(spec.seeds.length, "seed")} in each of ${count(spec.folds, "fold")}`,
        passed: spec.seeds.length >= 2,
      },
    ],
    provenance: {
      "sweep": spec.study,
      "data": spec.data,
      "candles hash": spec.market,
      "sampler": spec.sampler,
      "scheduler": `${spec.scheduler}, rungs at ${spec.rungs.map((rung) => number(rung)).join(", ")} steps`,
      "seed": String(spec.seed),
      "ledger": ledgerHead,
    },
    metrics: {
      trials: counted.trials,
      finished: counted.finished,
      pruned: counted.pruned,
      failed: counted.failed,
      steps_share: steps / whole,
      ...(best ? { best_value: best.value! } : {}),
      ...(known ? { deflated_sharpe: deflated.deflated, probabilistic_sharpe: deflated.probabilistic } : {}),
      ...(overfitting ? { probability_of_overfitting: overfitting.probability } : {}),
    },
  });
}

/** The winner's parameters beside what was searched and what they were before. */
export function bestTable({ best, space, spec }: Sweep): Table {
  const before = flatten(spec.config as unknown as Config);
  const say = (value: unknown) =>
    typeof value === "number" ? number(Number(value.toPrecision(3))) : String(value ?? "");
  const rows = Object.entries(space).map(([setting, { only, ...parameter }]) => {
    const base = setting.replace(/\.(depth|width)$/, "");
    return {
      setting,
      best: best?.params[setting] === undefined ? "–" : say(best.params[setting]) || "none",
      searched: writeParameter(parameter) + (only ? `, while ${only.of} is ${only.is.join(" or ")}` : ""),
      before: before[setting] ?? before[base] ?? "",
    };
  });
  return table(rows, {
    labels: { best: best ? `Trial ${best.trial}` : "Best", before: "Preset" },
    align: { best: "right", searched: "left", before: "right" },
    limit: 40,
    ...(best ? {} : { caption: "No trial has finished" }),
  });
}

/** What the ledger counts, which is what the winner is deflated by. */
export function ledgerTable({ count: counted, deflated, ledgerHead }: Sweep): Table {
  const { trials, finished, pruned, failed, deleted, running, exploits, sharpes, holdout } = counted;
  const rows = [
    { what: "configurations tried, N of the deflation", count: trials },
    { what: "finished", count: finished },
    { what: "stopped early", count: pruned },
    { what: "failed", count: failed },
    { what: "deleted, and still counted", count: deleted },
    { what: "begun and not ended", count: running },
    { what: "gone on from another's checkpoint", count: exploits },
    { what: "with a Sharpe ratio, whose variance deflates", count: sharpes.length },
  ];
  const limit = deflated && Number.isFinite(deflated.barsNeeded)
    ? ` A deflated Sharpe ratio of 95 % would take ${number(deflated.barsNeeded)} bars at this Sharpe ratio.`
    : "";
  const opened = holdout ? `The hold-out was opened at ${holdout.at}.` : "The hold-out is closed.";
  return table(rows, {
    labels: { what: "Ledger", count: "Trials" },
    align: { what: "left" },
    caption: `${opened}${limit} The last line's hash: ${ledgerHead.slice(0, 16)}…`,
  });
}

const inText = ({ config }: Sweep["spec"]) => objectiveName(config.tune).replace("Log", "log");
