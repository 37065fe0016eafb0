import * as Plot from "@observablehq/plot";
import { quantileSorted } from "../../base/stats.ts";
import { type Figure, figure } from "../figure.ts";
import { compact, number } from "../format.ts";
import { besideSvg, stackSvg } from "../svg.ts";
import { color } from "../theme.ts";
import { extent, isNarrow, keyRow, padded, panel } from "./frame.ts";
import type { OwnText } from "./inputs.ts";
import { thin } from "./thin.ts";

/** One measure of training, of several seeds. */
export interface LearningCurve {
  readonly name: string; // "Reward per episode", "KL divergence"
  readonly seeds: readonly ArrayLike<number>[]; // [N][U] per seed and update; NaN where not logged
  readonly zero?: number; // base line
  readonly target?: number; // a level that stops or bounds it, drawn dashed
}

/** Measures of training over environment steps. */
export interface LearningCurvesInput {
  readonly steps: ArrayLike<number>; // [U] environment steps at each update
  readonly curves: readonly LearningCurve[];
}

/** Each measure over training: the median of the seeds, the band of their middle half, and each seed as a thin line. */
export function learningCurves({ steps, curves }: LearningCurvesInput, text: OwnText = {}): Figure {
  for (const { name, seeds } of curves) {
    for (const values of seeds) {
      if (values.length === steps.length) continue;
      throw new RangeError(
        `Cannot draw "${name}" as each seed must have one value per update (${steps.length}): current value is ${values.length}`,
      );
    }
  }
  if (curves.length === 0 || steps.length === 0) {
    throw new RangeError("Cannot draw learning curves as there must be at least one measure and one update");
  }
  const seeds = Math.max(...curves.map((curve) => curve.seeds.length));
  const ends = curves.map((curve) => ({ name: curve.name, ...spreadAt(curve.seeds, steps.length - 1) }));
  const draw = (width: number) => {
    const columns = isNarrow(width) ? 1 : Math.min(2, curves.length);
    const gap = 20;
    const each = Math.floor((width - gap * (columns - 1)) / columns);
    const rows: string[] = [];
    for (let at = 0; at < curves.length; at += columns) {
      const last = at + columns >= curves.length;
      rows.push(besideSvg(curves.slice(at, at + columns).map((curve) => small(curve, steps, each, last)), gap));
    }
    const key = keyRow(
      width,
      seeds === 1 ? [{ text: "the only seed", stroke: color("agent") }] : [
        { text: `median of ${seeds} seeds`, stroke: color("agent") },
        { text: "middle half", fill: "var(--seq-2)" },
        { text: "each seed", stroke: color("hold"), strokeWidth: 0.8 },
      ],
    );
    return stackSvg([key, ...rows], 6);
  };
  const fact = ends.map(({ name, middle, low, high }) =>
    seeds === 1 ? `${name} ${brief(middle)}` : `${name} ${brief(middle)} (${brief(low)} to ${brief(high)})`
  ).join("; ");
  return figure(draw, {
    title: seeds === 1 ? "Training, a single seed" : `Training over ${seeds} seeds`,
    caption: `At the end: ${fact}.${
      seeds === 1 ? " One seed says little about the next." : " In brackets the middle half of the seeds."
    }`,
    alt: `Panels of training measures by environment steps. At the end: ${fact}.`,
    wide: curves.length > 1,
    ...text,
  });
}

function small(
  { name, seeds, zero, target }: LearningCurve,
  steps: ArrayLike<number>,
  width: number,
  last: boolean,
): string {
  const updates = steps.length;
  const stops = Array.from(
    { length: Math.min(updates, 160) },
    (_, i, all = Math.min(updates, 160)) => Math.round((i / Math.max(1, all - 1)) * (updates - 1)),
  );
  const band = stops.map((u) => ({ at: steps[u], ...spreadAt(seeds, u) })).filter((p) => Number.isFinite(p.middle));
  const shown = seeds.map((values) => thin(steps, values, seeds.length > 1 ? 140 : 300));
  const levels = [zero, target].filter((one) => one !== undefined);
  return panel({
    width,
    height: last ? 190 : 168,
    right: 12,
    x: {
      domain: updates > 1 ? [steps[0], steps[updates - 1]] : [0, steps[0] * 2 || 1],
      format: compact,
      ...(last && { label: "environment steps" }),
    },
    y: { domain: padded(extent(...seeds, levels), 0.06), label: name },
    marks: [
      ...(seeds.length > 1
        ? shown.map(({ at, values }) =>
          Plot.line(at, { x: at, y: values, stroke: color("hold"), strokeWidth: 0.7, strokeOpacity: 0.75 })
        )
        : []),
      ...(seeds.length > 1
        ? [Plot.areaY(band, { x: "at", y1: "low", y2: "high", fill: color("agent"), fillOpacity: 0.2 })]
        : []),
      target === undefined ? null : Plot.ruleY([target], { stroke: color("loss"), strokeDasharray: "4 3" }),
      Plot.line(band, { x: "at", y: "middle", stroke: color("agent"), strokeWidth: 2 }),
      Plot.dot(updates === 1 ? band : [], { x: "at", y: "middle", fill: color("agent"), r: 3 }),
    ],
    ...(zero !== undefined && { zero }),
  });
}

function brief(value: number): string {
  return number(Number(value.toPrecision(3)));
}

/** Median and quartiles of the seeds at an update. */
function spreadAt(seeds: readonly ArrayLike<number>[], update: number): { middle: number; low: number; high: number } {
  const values = Float64Array.from(seeds, (one) => one[update]).filter(Number.isFinite).sort();
  if (values.length === 0) return { middle: NaN, low: NaN, high: NaN };
  return { middle: quantileSorted(values, 0.5), low: quantileSorted(values, 0.25), high: quantileSorted(values, 0.75) };
}
