import * as Plot from "@observablehq/plot";
import { type Figure, figure } from "../figure.ts";
import { compact, percent } from "../format.ts";
import { stackSvg } from "../svg.ts";
import { color } from "../theme.ts";
import { extent, isNarrow, keyRow, padded, panel } from "./frame.ts";
import type { OwnText } from "./inputs.ts";
import { bestTrial, type SweepTrial } from "./sweep_inputs.ts";

/** A sweep's trials and the steps at which they report. */
export interface RungCurvesInput {
  readonly trials: readonly SweepTrial[];
  readonly rungs: readonly number[]; // rising
  readonly what: string; // the objective
}

/** Every trial's value along its training: who was given up where, and whether the order at early rungs foretells the end. */
export function rungCurves({ trials, rungs, what }: RungCurvesInput, text: OwnText = {}): Figure {
  const learnt = trials.filter(({ reports }) => reports.length > 0);
  if (learnt.length === 0 || rungs.length === 0) {
    throw new RangeError(`Cannot draw rungs as there must be a trial that reported: of ${trials.length} none has`);
  }
  const drawn = learnt.length <= 200 ? learnt : learnt.filter((_, i) => i % Math.ceil(learnt.length / 200) === 0);
  const best = bestTrial(trials);
  const log = rungs.length > 1 && rungs[rungs.length - 1] / rungs[0] > 8;
  const [first, last] = [rungs[0], rungs[rungs.length - 1]];
  const domain = first === last ? [0, 2 * last] as const : padded([first, last], 0.06, log ? "log" : "linear");
  const ended = drawn.filter(({ state, reports }) => state === "pruned" && reports.length < rungs.length)
    .map(({ trial, reports }) => ({ trial, ...reports[reports.length - 1] }));
  const all = Float64Array.from(drawn.flatMap(({ reports }) => reports.map(({ value }) => value)));
  const draw = (width: number) => {
    const narrow = isNarrow(width);
    const [low, high] = padded(extent(all), 0.06);
    const line = (one: SweepTrial, stroke: string, strokeWidth: number) =>
      Plot.line(one.reports, { x: "step", y: "value", stroke, strokeWidth, title: () => `trial ${one.trial}` });
    const lone = drawn.filter(({ reports }) => reports.length === 1).map(({ reports: [report] }) => report);
    return stackSvg([
      keyRow(width, [
        ...(best ? [{ text: `trial ${best.trial}, the best`, stroke: color("momentum") }] : []),
        { text: "finished", stroke: color("agent") },
        { text: "given up where it ends (×)", stroke: color("hold") },
      ]),
      panel({
        width,
        height: narrow ? 240 : 300,
        x: {
          domain,
          ...(log ? { kind: "log" as const } : {}),
          ticks: rungs.length <= 8 ? rungs : rungs.filter((_, i) => i % Math.ceil(rungs.length / 8) === 0),
          format: compact,
          label: "Steps of training",
        },
        y: { domain: [low, high], label: what },
        ...(low < 0 && high > 0 ? { zero: 0 } : {}),
        marks: [
          ...drawn.filter(({ state }) => state !== "finished").map((one) => line(one, color("hold"), 0.9)),
          ...drawn.filter((one) => one.state === "finished" && one !== best).map((one) =>
            line(one, color("agent"), 1.2)
          ),
          Plot.dot(lone, { x: "step", y: "value", r: 1.6, fill: color("hold") }),
          Plot.dot(ended, { x: "step", y: "value", r: 3, symbol: "times", stroke: color("hold") }),
          ...(best ? [line(best, color("momentum"), 2.6)] : []),
        ],
        labels: best ? [{ text: `trial ${best.trial}`, value: best.value!, colour: color("momentum") }] : [],
      }),
    ]);
  };
  const used = learnt.reduce((sum, { reports }) => sum + reports[reports.length - 1].step, 0);
  const counts = rungs.map((rung) => learnt.filter(({ reports }) => reports.some(({ step }) => step === rung)).length);
  const fact = `${counts[0]} trials came to ${compact(first)} steps, ${counts[counts.length - 1]} to ${compact(last)}`;
  const saved = percent(used / (learnt.length * last), { digits: 0 });
  return figure(draw, {
    title: "Trials along their training, and where they were given up",
    caption: `${fact}: ${saved} of the steps that all of them to the end would have taken.`,
    alt:
      `Curves of ${what} by steps of training, one for each of ${drawn.length} trials. ${fact}, ${saved} of all steps.`,
    wide: true,
    ...text,
  });
}
