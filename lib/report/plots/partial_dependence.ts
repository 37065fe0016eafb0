import * as Plot from "@observablehq/plot";
import { quantile } from "../../base/stats.ts";
import { type Figure, figure } from "../figure.ts";
import { compact, number, percent } from "../format.ts";
import { stackSvg } from "../svg.ts";
import { color } from "../theme.ts";
import { type EndLabel, extent, isNarrow, keyRow, padded, panel, percentTick, rightFor } from "./frame.ts";
import type { OwnText } from "./inputs.ts";
import { histogram } from "./return_distribution.ts";

/** What a policy does as one feature moves and all others keep the values that they have in the data. */
export interface PartialDependenceInput {
  readonly feature: string; // "rsi(14)"
  readonly at: readonly number[]; // [G] values that the feature was set to, ascending
  /** Mean probability of each action, or one curve of mean exposure. */
  readonly curves: readonly {
    readonly name: string; // "long", "flat", "short", "exposure"
    readonly mean: ArrayLike<number>; // [G]
    readonly low?: ArrayLike<number>; // [G] of the spread over observations or seeds
    readonly high?: ArrayLike<number>;
  }[];
  readonly values?: ArrayLike<number>; // of the feature in the data, drawn below: where the curve rests on something
}

/** Mean response of the policy by the value of one feature, above how often the data have that value. */
export function partialDependence({ feature, at, curves, values }: PartialDependenceInput, text: OwnText = {}): Figure {
  for (const { name, mean } of curves) {
    if (mean.length === at.length && at.length > 1) continue;
    throw new RangeError(
      `Cannot draw the policy by ${feature} as "${name}" must have one value per step (${at.length}, at least 2): current value is ${mean.length}`,
    );
  }
  const domain = [at[0], at[at.length - 1]] as const;
  const exposure = curves.some(({ mean }) => extent(mean)[0] < 0);
  const ends = curves.map(({ name, mean }) => `${name} ${percent(mean[0])} → ${percent(mean[at.length - 1])}`).join(
    ", ",
  );
  const draw = (width: number) => {
    const narrow = isNarrow(width);
    const labels: EndLabel[] = curves.map(({ name, mean }, i) => ({
      text: name,
      value: mean[at.length - 1],
      colour: colourOf(name, i),
    }));
    const right = narrow ? 10 : rightFor(labels);
    const all = curves.flatMap(({ mean, low, high }) => [mean, low ?? [], high ?? []]);
    const upper = panel({
      width,
      height: narrow ? 210 : 250,
      x: { domain, ...(!values && { label: feature, format: compact }) },
      y: {
        domain: exposure ? padded(extent(...all, [0])) : [0, 1],
        label: exposure ? "Mean exposure" : "Mean probability of the action",
        format: percentTick,
      },
      marks: curves.flatMap(({ name, mean, low, high }, i) => {
        const points = at.map((value, g) => ({ value, mean: mean[g], low: low?.[g], high: high?.[g] }));
        const colour = colourOf(name, i);
        return [
          low && high
            ? Plot.areaY(points, { x: "value", y1: "low", y2: "high", fill: colour, fillOpacity: 0.16 })
            : null,
          Plot.line(points, {
            x: "value",
            y: "mean",
            strokeWidth: 2,
            ...styleOf(name, i),
          }),
        ];
      }),
      xLabels: !values,
      zero: 0,
      right,
      labels,
    });
    const key = narrow ? [keyRow(width, curves.map(({ name }, i) => ({ text: name, ...styleOf(name, i) })))] : [];
    return stackSvg([...key, upper, ...(values ? [counts(values, domain, feature, width, right)] : [])]);
  };
  return figure(draw, {
    title: `What the policy does as ${feature} moves`,
    caption: `From ${number(at[0])} to ${
      number(at[at.length - 1])
    }: ${ends}; other features keep their values. Where the histogram is empty the curve is a guess.`,
    alt: `Curves of the policy's mean response by ${feature}: ${ends}.`,
    ...text,
  });
}

/** How a curve is drawn, in the key too: told apart without colour. */
function styleOf(name: string, i: number): { stroke: string; strokeDasharray: string } {
  const strokeDasharray = name === "short" ? "5 3" : name === "flat" ? "2 2" : "none";
  return { stroke: colourOf(name, i), strokeDasharray };
}

function colourOf(name: string, i: number): string {
  if (name === "long") return color("long");
  if (name === "short") return color("short");
  if (name === "flat") return color("muted");
  return i === 0 ? color("agent") : color("muted");
}

function counts(
  values: ArrayLike<number>,
  domain: readonly [number, number],
  feature: string,
  width: number,
  right: number,
): string {
  const finite = Float64Array.from(values).filter(Number.isFinite);
  const bins = histogram(finite, domain[0], domain[1], 50);
  const middle = quantile(finite, 0.5);
  return panel({
    width,
    height: 96,
    top: 6,
    x: { domain, label: feature, format: compact },
    y: { domain: [0, Math.max(...bins.map((bin) => bin.count)) || 1], ticks: [] },
    marks: [
      Plot.rect(bins.filter((bin) => bin.count > 0), {
        x1: "from",
        x2: "to",
        y1: 0,
        y2: "count",
        fill: color("muted"),
        fillOpacity: 0.6,
        insetRight: 0.4,
        title: (bin: { from: number; to: number; count: number }) =>
          `${number(bin.from)} to ${number(bin.to)}\n${number(bin.count)} bars`,
      }),
      Plot.tickX([middle], { stroke: color("ink") }),
    ],
    zero: 0,
    right,
  });
}
