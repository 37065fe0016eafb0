import * as Plot from "@observablehq/plot";
import { type Figure, figure } from "../figure.ts";
import { number } from "../format.ts";
import { besideSvg, stackSvg } from "../svg.ts";
import { color } from "../theme.ts";
import { extent, fitText, isNarrow, padded, panel } from "./frame.ts";
import type { OwnText } from "./inputs.ts";

/** How well a feature ranks the returns that follow, by how far ahead they lie. */
export interface CoefficientCurve {
  readonly name: string; // of the feature
  readonly ic: ArrayLike<number>; // [H] rank correlation with the return over each horizon
  readonly low: ArrayLike<number>; // [H] of its confidence interval
  readonly high: ArrayLike<number>;
}

/** Coefficients of some features over the same horizons. */
export interface InformationCoefficientInput {
  readonly horizons: readonly number[]; // [H] bars ahead, ascending
  readonly curves: readonly CoefficientCurve[];
  readonly level?: number; // of the interval; default 0.95
  /** Features that were looked at, when only the strongest are drawn; the number of curves unless given. */
  readonly of?: number;
}

/** Information coefficient by horizon with its confidence band, a small panel a feature, all on the same axes. */
export function informationCoefficient(
  { horizons, curves, level = 0.95, of = curves.length }: InformationCoefficientInput,
  text: OwnText = {},
): Figure {
  if (curves.length === 0 || horizons.length === 0) {
    throw new RangeError("Cannot draw information coefficients as there must be at least one feature and one horizon");
  }
  const domain = padded(extent(...curves.flatMap(({ low, high }) => [low, high]), [0]));
  const clear = curves.filter(({ low, high }) => horizons.some((_, h) => low[h] > 0 || high[h] < 0));
  const draw = (width: number) => {
    const columns = Math.min(curves.length, isNarrow(width) ? 2 : width > 700 ? 4 : 3);
    const gap = isNarrow(width) ? 6 : 14;
    const each = Math.floor((width - gap * (columns - 1)) / columns);
    const rows: string[] = [];
    for (let at = 0; at < curves.length; at += columns) {
      const last = at + columns >= curves.length;
      rows.push(
        besideSvg(
          curves.slice(at, at + columns).map((curve, i) => small(curve, horizons, domain, each, i === 0, last)),
          gap,
        ),
      );
    }
    return stackSvg(rows, 4);
  };
  const best =
    curves.map(({ name, ic }) => ({ name, size: Math.max(...Array.from(ic, Math.abs)) })).sort((a, b) =>
      b.size - a.size
    )[0];
  const tests = of * horizons.length;
  const chance = number(Math.round((1 - level) * tests));
  const drawn = of > curves.length ? `The ${curves.length} strongest of ${number(of)} features: ` : "";
  const clears = clear.length === 1 ? "has" : "have";
  const fact = `${drawn}${clear.length} of ${curves.length} ${clears} a horizon whose ${
    number(100 * level)
  }\u00a0% interval leaves zero out (full dots); the largest coefficient is ${
    number(best.size, { digits: 3 })
  } (${best.name}). Among ${number(tests)} intervals looked at, about ${chance} would do so by chance`;
  return figure(draw, {
    title: "How well features rank the returns that follow",
    caption: `${fact}. Horizontal: bars ahead (log); vertical: rank correlation, the band its interval.`,
    alt: `Small panels of information coefficient by horizon: ${fact}.`,
    wide: curves.length > 3,
    ...text,
  });
}

function small(
  { name, ic, low, high }: CoefficientCurve,
  horizons: readonly number[],
  domain: [number, number],
  width: number,
  first: boolean,
  last: boolean,
): string {
  const points = horizons.map((h, i) => ({
    h,
    ic: ic[i],
    low: low[i],
    high: high[i],
    clear: low[i] > 0 || high[i] < 0,
  }));
  const log = horizons.length > 2 && horizons[horizons.length - 1] / horizons[0] > 8;
  return panel({
    width,
    height: last ? 150 : 138,
    left: first ? 42 : 36,
    right: 6,
    x: {
      domain: horizons.length > 1
        ? padded([horizons[0], horizons[horizons.length - 1]], 0.04, log ? "log" : "linear")
        : [horizons[0] - 1, horizons[0] + 1],
      kind: log ? "log" : "linear",
      ...(horizons.length <= 5 && { ticks: horizons }),
      format: (h) => number(h),
      ...(last && { label: "bars ahead" }),
    },
    y: { domain, label: fitText(name, width - 30, 11.5) },
    marks: [
      Plot.areaY(points, { x: "h", y1: "low", y2: "high", fill: color("accent"), fillOpacity: 0.18 }),
      Plot.line(points, { x: "h", y: "ic", stroke: color("accent"), strokeWidth: 1.5 }),
      Plot.dot(points, {
        x: "h",
        y: "ic",
        r: 2.6,
        fill: (p: { clear: boolean }) => color(p.clear ? "accent" : "paper"),
        stroke: color("accent"),
        title: (p: typeof points[number]) =>
          `${name}, ${p.h} bars ahead\n${number(p.ic, { digits: 3 })} (${number(p.low, { digits: 3 })} to ${
            number(p.high, { digits: 3 })
          })`,
      }),
    ],
    zero: 0,
  });
}
