import * as Plot from "@observablehq/plot";
import { type Figure, figure } from "../figure.ts";
import { count, number } from "../format.ts";
import { stackSvg } from "../svg.ts";
import { color } from "../theme.ts";
import { extent, isNarrow, keyRow, padded, panel } from "./frame.ts";
import type { OwnText } from "./inputs.ts";
import { bestTrial, checkTrials, shownTrials, type SweepTrial } from "./sweep_inputs.ts";

/** A sweep's trials in the order of their numbers. */
export interface OptimisationHistoryInput {
  readonly trials: readonly SweepTrial[];
  readonly what: string; // the objective: "Sharpe ratio a year, mean of folds and seeds"
}

/** Every trial's value by its number, and the best there was up to each: whether searching on is worth while. */
export function optimisationHistory({ trials, what }: OptimisationHistoryInput, text: OwnText = {}): Figure {
  checkTrials("a sweep's history", trials);
  const shown = shownTrials(trials, 600);
  const finished = shown.filter(({ state }) => state === "finished");
  const others = shown.filter(({ state }) => state !== "finished");
  const failed = trials.filter(({ state }) => state === "failed");
  const [best, last] = [bestTrial(trials), Math.max(...trials.map(({ trial }) => trial))];
  const steps = bestSoFar(trials, last);
  const titleOf = ({ trial, state, value }: SweepTrial) => `trial ${trial}, ${word(state)}\n${number(value!)}`;
  const draw = (width: number) => {
    const narrow = isNarrow(width);
    const values = Float64Array.from(shown, ({ value }) => value!);
    const [low, high] = padded(extent(values), 0.08);
    const drawn = panel({
      width,
      height: narrow ? 240 : 300,
      x: { domain: [-0.5, last + 0.5], label: "Trial", format: (value) => number(value, { digits: 0 }) },
      y: { domain: [low, high], label: what },
      ...(low < 0 && high > 0 ? { zero: 0 } : {}),
      marks: [
        Plot.dot(others, { x: "trial", y: "value", r: 2.6, stroke: color("hold"), strokeWidth: 1.1, title: titleOf }),
        Plot.dot(finished, { x: "trial", y: "value", r: 3.2, fill: color("agent"), title: titleOf }),
        Plot.line(steps, {
          x: "trial",
          y: "value",
          curve: "step-after",
          stroke: color("momentum"),
          strokeWidth: 2.2,
        }),
        Plot.tickX(failed, {
          x: "trial",
          stroke: color("loss"),
          insetTop: (narrow ? 240 : 300) - 78,
          strokeWidth: 1.4,
        }),
      ],
      labels: best ? [{ text: `best ${number(best.value!)}`, value: best.value!, colour: color("momentum") }] : [],
    });
    return stackSvg([
      keyRow(width, [
        { text: "best so far", stroke: color("momentum") },
        { text: "finished", fill: color("agent") },
        ...(others.length > 0 ? [{ text: "○ given up early, its last value" }] : []),
        ...(failed.length > 0 ? [{ text: "failed", stroke: color("loss") }] : []),
      ]),
      drawn,
    ]);
  };
  const states = (["finished", "pruned", "failed", "running"] as const).map((state) => {
    const n = trials.filter((one) => one.state === state).length;
    return n > 0 ? `${n} ${word(state)}` : "";
  }).filter(Boolean).join(", ");
  const fact = best
    ? `The best is trial ${best.trial} with ${number(best.value!)}`
    : "None has used its whole budget yet";
  return figure(draw, {
    title: `${count(trials.length, "trial")}, and the best so far`,
    caption: `${states}. ${fact}. The best of many looks better than it is: see the deflated Sharpe ratio.`,
    alt:
      `Scatter plot of the value of each trial by its number with a rising line of the best so far: ${states}. ${fact}.`,
    wide: true,
    ...text,
  });
}

const word = (state: SweepTrial["state"]) => state === "pruned" ? "given up" : state;

function bestSoFar(trials: readonly SweepTrial[], last: number): { trial: number; value: number }[] {
  const steps: { trial: number; value: number }[] = [];
  for (const { trial, state, value } of trials.toSorted((a, b) => a.trial - b.trial)) {
    if (state !== "finished" || !(Number(value) > (steps.at(-1)?.value ?? -Infinity))) continue;
    steps.push({ trial, value: value! });
  }
  const end = steps.at(-1);
  return end ? [...steps, { trial: last + 0.5, value: end.value }] : [];
}
