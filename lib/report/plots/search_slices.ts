import * as Plot from "@observablehq/plot";
import { type Figure, figure } from "../figure.ts";
import { compact, number } from "../format.ts";
import { besideSvg, stackSvg } from "../svg.ts";
import { color } from "../theme.ts";
import { extent, fitText, isNarrow, keyRow, niceTicks, padded, panel } from "./frame.ts";
import type { OwnText } from "./inputs.ts";
import { bestTrial, checkTrials, type Searched, shortNames, shownTrials, type SweepTrial } from "./sweep_inputs.ts";

/** A sweep's trials and what was searched, in the order of the panels. */
export interface SearchSlicesInput {
  readonly trials: readonly SweepTrial[];
  readonly space: Readonly<Record<string, Searched>>;
  readonly what: string; // the objective
}

/** The values of all trials by each setting alone: where good ones lie, and whether the best lies at the edge of its range. */
export function searchSlices({ trials, space, what }: SearchSlicesInput, text: OwnText = {}): Figure {
  checkTrials("slices of a sweep", trials);
  const settings = Object.entries(space);
  const names = shortNames(Object.keys(space));
  const best = bestTrial(trials);
  const y = padded(extent(Float64Array.from(shownTrials(trials, trials.length), ({ value }) => value!)), 0.08);
  const draw = (width: number) => {
    const narrow = isNarrow(width);
    const columns = narrow ? 2 : Math.min(4, settings.length);
    const gap = 12;
    const each = Math.floor((width - gap * (columns - 1)) / columns);
    const shown = shownTrials(trials, Math.max(40, Math.floor((narrow ? 900 : 1200) / settings.length)));
    const panels = settings.map(([name, searched], i) =>
      slice(name, names.get(name)!, searched, shown, best, y, each, i % columns === 0, narrow)
    );
    const rows: string[] = [];
    for (let i = 0; i < panels.length; i += columns) rows.push(besideSvg(panels.slice(i, i + columns), gap));
    const key = keyRow(width, [
      { text: "● finished" },
      { text: "○ given up early" },
      ...(best ? [{ text: `◆ trial ${best.trial}, the best` }] : []),
    ]);
    return stackSvg([key, ...rows], 8);
  };
  const edges = best ? settings.filter(([name, searched]) => atEdge(searched, best.params[name])) : [];
  const edge = edges.map(([name]) => names.get(name)).join(", ");
  const fact = edges.length === 0
    ? "The best trial lies inside every range"
    : `The best trial lies at the edge of ${edge}: a wider range may hold a better one`;
  return figure(draw, {
    title: `${what} by each setting`,
    caption: `${
      best ? `${fact}. ` : ""
    }Other settings differ too from dot to dot, so a trend must stand out of the scatter.`,
    alt: `Scatter plots of ${what} by each of ${settings.length} settings over ${trials.length} trials.${
      best ? ` ${fact}.` : ""
    }`,
    wide: true,
    ...text,
  });
}

function slice(
  name: string,
  label: string,
  searched: Searched,
  shown: readonly SweepTrial[],
  best: SweepTrial | undefined,
  domain: readonly [number, number],
  width: number,
  first: boolean,
  narrow: boolean,
): string {
  const at = ({ params, trial }: SweepTrial) => {
    const value = params[name];
    if (searched.kind !== "choice") return Number(value);
    return searched.values.indexOf(value) + 0.3 * ((trial * 0.618034) % 1 - 0.5); // apart, so that equal ones are seen
  };
  const there = shown.filter(({ params }) => params[name] !== undefined);
  const finished = there.filter(({ state }) => state === "finished");
  const others = there.filter(({ state }) => state !== "finished");
  const choices = searched.kind === "choice" ? searched.values : [];
  const room = (width - 40) / Math.max(1, choices.length);
  const x = searched.kind === "choice"
    ? {
      domain: [-0.6, choices.length - 0.4] as const,
      ticks: choices.map((_, i) => i),
      format: (i: number) => fitText(choices[i] === "" ? "none" : String(choices[i]), room, narrow ? 10.5 : 11.5),
    }
    : searched.log
    ? { domain: padded([searched.min, searched.max], 0.04, "log"), kind: "log" as const, format: compact }
    : {
      domain: padded([searched.min, searched.max], 0.04),
      format: compact,
      ...(searched.kind === "int" ? { ticks: wholeTicks(searched.min, searched.max) } : {}),
    };
  const star = best && best.params[name] !== undefined ? [best] : [];
  const titleOf = (one: SweepTrial) => `trial ${one.trial}: ${one.params[name]}\n${number(one.value!)}`;
  return panel({
    width,
    height: narrow ? 132 : 158,
    left: first || narrow ? 40 : 30,
    right: 6,
    top: 8,
    x: { ...x, label: fitText(label, width - 44, 11.5) },
    y: { domain },
    ...(domain[0] < 0 && domain[1] > 0 ? { zero: 0 } : {}),
    marks: [
      Plot.dot(others, {
        x: at,
        y: "value",
        r: 2,
        stroke: color("hold"),
        strokeWidth: 0.9,
        ...(narrow ? {} : { title: titleOf }),
      }),
      Plot.dot(finished, { x: at, y: "value", r: 2.4, fill: color("agent"), ...(narrow ? {} : { title: titleOf }) }),
      Plot.dot(star, {
        x: at,
        y: "value",
        symbol: "diamond",
        r: 5,
        fill: color("momentum"),
        stroke: color("paper"),
        strokeWidth: 1,
      }),
    ],
  });
}

function wholeTicks(min: number, max: number): number[] {
  return niceTicks([min, max], 5).filter(Number.isInteger);
}

/** Whether a number lies in the outer twentieth of its range. */
function atEdge(searched: Searched, value: number | string | boolean | undefined): boolean {
  if (searched.kind === "choice" || typeof value !== "number" || searched.max === searched.min) return false;
  const { min, max, log } = searched;
  const share = log ? Math.log(value / min) / Math.log(max / min) : (value - min) / (max - min);
  return searched.kind === "float" ? share < 0.05 || share > 0.95 : value === min || value === max;
}
