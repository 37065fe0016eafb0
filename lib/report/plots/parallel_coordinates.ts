import { type Figure, figure } from "../figure.ts";
import { compact, number } from "../format.ts";
import { stackSvg, tidySvg } from "../svg.ts";
import { color, sequential } from "../theme.ts";
import { extent, fitText, isNarrow, keyRow, round, svgOf, textSvg } from "./frame.ts";
import type { OwnText } from "./inputs.ts";
import {
  bestTrial,
  checkTrials,
  placeOf,
  type Searched,
  shortNames,
  shownTrials,
  type SweepTrial,
} from "./sweep_inputs.ts";

/** A sweep's trials and what was searched, in the order of the axes. */
export interface ParallelCoordinatesInput {
  readonly trials: readonly SweepTrial[];
  readonly space: Readonly<Record<string, Searched>>;
  readonly what: string; // the objective: "Sharpe ratio"
}

/**
 * A line per trial through all that was searched and to its value: the stronger the better. Where strong lines run together
 * a setting matters and has a good range; where they are everywhere it does not. A setting that a trial did not have
 * is passed in the gap below its axis. On a phone the axes lie, one below the other.
 */
export function parallelCoordinates({ trials, space, what }: ParallelCoordinatesInput, text: OwnText = {}): Figure {
  checkTrials("parallel coordinates", trials);
  const shown = shownTrials(trials, 200).sort((a, b) => a.value! - b.value!);
  const best = bestTrial(trials) ?? shown[shown.length - 1];
  const range = extent(Float64Array.from(shown, ({ value }) => value!));
  const objective: Searched = { kind: "float", min: range[0], max: range[1], log: false };
  const axes = [...Object.entries(space), ["", objective] as const];
  const gaps = axes.map(([name]) => name !== "" && shown.some(({ params }) => params[name] === undefined));
  const names = shortNames(Object.keys(space));
  const draw = (width: number) => {
    const lying = isNarrow(width);
    const [across, along] = lying
      ? [{ from: 26, size: (axes.length - 1) * 58 }, { from: 10, size: width - 20 }]
      : [{ from: 52, size: width - 112 }, { from: 250, size: -212 }];
    const at = (i: number) => across.from + across.size * i / (axes.length - 1);
    const room = gaps.some(Boolean) ? 0.1 : 0; // for what was not there
    const place = (share: number | undefined) =>
      along.from + along.size * (share === undefined ? 0 : room + (1 - room) * share);
    const point = (i: number, share: number | undefined) =>
      lying ? `${round(place(share))},${round(at(i))}` : `${round(at(i))},${round(place(share))}`;
    const lineOf = ({ params, value }: SweepTrial) =>
      `M${
        axes.map(([name, searched], i) => point(i, placeOf(searched, name === "" ? value! : params[name]))).join("L")
      }`;
    const paths = shown.map((one, i) => {
      const rank = shown.length === 1 ? 1 : i / (shown.length - 1);
      return `<path d="${lineOf(one)}" stroke="${sequential(0.15 + 0.85 * rank)}" stroke-width="${
        rank > 0.9 ? 1.3 : 0.9
      }"><title>trial ${one.trial}: ${number(one.value!)}</title></path>`;
    });
    const top = `<path d="${lineOf(best)}" stroke="${color("momentum")}" stroke-width="2.4"/>`;
    const axis = (name: string, searched: Searched, i: number) => {
      const [x, y] = [at(i), at(i)];
      const line = lying
        ? `<path d="M${round(place(0))},${round(y)}H${round(place(1))}" stroke="${color("muted")}"/>`
        : `<path d="M${round(x)},${round(place(0))}V${round(place(1))}" stroke="${color("muted")}"/>`;
      const ends = endsOf(searched);
      const each = across.size / (axes.length - 1);
      if (lying) {
        const title = textSvg(along.from, y - 6, fitText(name, 190, 11), {
          anchor: "start",
          fill: color("ink"),
          size: 11,
          weight: "600",
        });
        const values = textSvg(width - 10, y - 6, fitText(`${ends[0]} … ${ends[1]}`, 140, 10), {
          anchor: "end",
          size: 10,
        });
        return line + rimmed(title) + rimmed(values);
      }
      const titles = words(name, each - 6).map((word, k, all) =>
        textSvg(x, 26 - 12 * (all.length - 1 - k), word, { fill: color("ink"), size: 11, weight: "600" })
      );
      return line + titles.join("") +
        ticksOf(searched, each - 8).map(([share, tick]) =>
          `<path d="M${round(x - 3)},${round(place(share))}h6" stroke="${color("muted")}"/>` +
          rimmed(textSvg(x + 6, place(share) + 4, tick, { anchor: "start", size: 10.5 }))
        ).join("") + (gaps[i] ? rimmed(textSvg(x, place(undefined) + 12, "none", { size: 10 })) : "");
    };
    const scales = axes.map(([name, searched], i) => axis(names.get(name) ?? what, searched, i)).join("");
    const height = lying ? at(axes.length - 1) + 14 : along.from + 20;
    const drawn = tidySvg(svgOf(width, height, `<g fill="none">${paths.join("")}${top}</g>${scales}`));
    const key = keyRow(width, [
      { text: `trial ${best.trial}, the best`, stroke: color("momentum") },
      { text: "better", stroke: sequential(1) },
      { text: "worse", stroke: sequential(0.2) },
    ]);
    return stackSvg([key, drawn], 4);
  };
  const values = Object.keys(space).filter((name) => best.params[name] !== undefined)
    .map((name) => `${names.get(name)} ${say(best.params[name])}`).join(", ");
  return figure(draw, {
    title: "Where good trials run together",
    caption: `A line is a trial, the stronger the better its ${what}. The best, trial ${best.trial}: ${values}.${
      shown.length < trials.length ? ` Drawn are ${shown.length} of ${trials.length} trials.` : ""
    }`,
    alt:
      `Parallel coordinates of ${shown.length} trials over ${Object.keys(space).length} settings and their ${what}. ` +
      `The best, trial ${best.trial} with ${number(best.value!)}: ${values}.`,
    wide: true,
    ...text,
  });
}

function say(value: number | string | boolean): string {
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : number(Number(value.toPrecision(3)));
  return value === "" ? "none" : String(value);
}

function endsOf(searched: Searched): [string, string] {
  if (searched.kind === "choice") return [say(searched.values[0]), say(searched.values[searched.values.length - 1])];
  return [compact(Number(searched.min.toPrecision(3))), compact(Number(searched.max.toPrecision(3)))];
}

/** Places and words of an axis: all values of a choice, else the ends and the middle. */
function ticksOf(searched: Searched, room: number): [number, string][] {
  if (searched.kind === "choice") {
    return searched.values.map((value) => [placeOf(searched, value)!, fitText(say(value), room, 10.5)]);
  }
  const { min, max, log } = searched;
  const between = log ? Math.sqrt(min * max) : (min + max) / 2;
  const middle = searched.kind === "int" ? Math.round(between) : between;
  if (middle === min || middle === max) return [[0, endsOf(searched)[0]], [1, endsOf(searched)[1]]];
  return [[0, endsOf(searched)[0]], [placeOf(searched, middle)!, compact(Number(middle.toPrecision(3)))], [
    1,
    endsOf(searched)[1],
  ]];
}

/** Lines run under it: a rim keeps it legible. */
function rimmed(text: string): string {
  return text.replace(
    "<text",
    `<text paint-order="stroke" stroke="${color("paper")}" stroke-width="4" stroke-linejoin="round"`,
  );
}

/** A name in up to three lines, broken after _ and dots. */
function words(name: string, room: number): string[] {
  const lines: string[] = [];
  for (const part of name.match(/[^_. ]+[_. ]?/g) ?? [name]) {
    const last = lines.at(-1);
    if (last !== undefined && (last + part).length * 7 <= room) lines[lines.length - 1] = last + part;
    else lines.push(part);
  }
  return lines.slice(0, 3).map((line) => fitText(line, room, 11));
}
