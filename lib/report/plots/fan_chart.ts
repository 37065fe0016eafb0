import * as Plot from "@observablehq/plot";
import { quantileSorted } from "../../base/stats.ts";
import { type Figure, figure } from "../figure.ts";
import { duration, number, percent } from "../format.ts";
import { stackSvg } from "../svg.ts";
import { color } from "../theme.ts";
import { extent, isNarrow, keyRow, padded, panel, percentTick, textSvg } from "./frame.ts";
import type { OwnText } from "./inputs.ts";
import { shockTick, shockTicks } from "./shock_axis.ts";

/** Many futures of one account, lined up at a shock. */
export interface FanChartInput {
  readonly name: string; // "momentum in a flash crash"
  readonly at: ArrayLike<number>; // [P] bars from the shock; negative before it
  readonly paths: readonly ArrayLike<number>[]; // [P] each: equity over that just before the shock; NaN where there is none
  readonly step: number; // bar length, ms
  readonly threshold?: number; // the share below which an account has not survived
  /** The same account without the shock: its median is drawn. */
  readonly calm?: readonly ArrayLike<number>[];
}

/** Equity around a shock: median, half and nine tenths of all draws, and the worst of them. */
export function fanChart(input: FanChartInput, text: OwnText = {}): Figure {
  const { name, at, paths, step, threshold, calm = [] } = input;
  if (at.length === 0 || paths.length === 0) {
    throw new RangeError(
      `Cannot draw a fan chart of ${name} as there must be paths of at least one bar: there are ${paths.length}`,
    );
  }
  const bands = Array.from(at, (bar, i) => ({ at: bar, ...spread(paths, i) })).filter(({ middle }) =>
    Number.isFinite(middle)
  );
  const usual = calm.length === 0 ? [] : Array.from(at, (bar, i) => ({ at: bar, middle: spread(calm, i).middle }))
    .filter(({ middle }) => Number.isFinite(middle));
  const end = bands[bands.length - 1];
  const fact = `${duration(Math.abs(end.at) * step)} after the shock the median of ${number(paths.length)} draws is ${
    percent(end.middle - 1, { sign: true })
  }, nine tenths lie between ${percent(end.low - 1, { sign: true })} and ${percent(end.high - 1, { sign: true })}`;
  return figure((width) => draw(bands, usual, { step, threshold }, width), {
    title: `Equity of ${name}, in many draws`,
    caption:
      `${fact}. Line: median; dark and light bands: the middle half and nine tenths; dots: the worst draw at each bar.`,
    alt: `Fan chart of equity before and after a shock: ${fact}.`,
    wide: true,
    ...text,
  });
}

interface Spread {
  readonly middle: number;
  readonly low: number;
  readonly high: number;
  readonly lower: number;
  readonly upper: number;
  readonly worst: number;
}

function draw(
  bands: readonly (Spread & { readonly at: number })[],
  usual: readonly { readonly at: number; readonly middle: number }[],
  { step, threshold }: { readonly step: number; readonly threshold: number | undefined },
  width: number,
): string {
  const narrow = isNarrow(width);
  const height = narrow ? 260 : 360;
  const levels = [1, ...(threshold === undefined ? [] : [threshold])];
  const values = bands.flatMap(({ worst, high }) => [worst, high]);
  const [first, last] = [bands[0].at, bands[bands.length - 1].at];
  const domain = [first, last > first ? last : first + 1] as const;
  const y = padded(extent(values, levels), 0.06);
  const right = 12;
  const drawn = panel({
    width,
    height,
    x: {
      domain,
      label: "Time from the shock",
      format: shockTick(step),
      ticks: shockTicks(domain, step, narrow ? 4 : 8),
    },
    y: { domain: y, label: "Equity, change since just before", format: (value) => percentTick(value - 1) },
    marks: [
      Plot.areaY(bands, { x: "at", y1: "low", y2: "high", fill: color("agent"), fillOpacity: 0.16 }),
      Plot.areaY(bands, { x: "at", y1: "lower", y2: "upper", fill: color("agent"), fillOpacity: 0.28 }),
      Plot.line(bands, { x: "at", y: "worst", stroke: color("loss"), strokeWidth: 1, strokeDasharray: "1 3" }),
      Plot.line(usual, { x: "at", y: "middle", stroke: color("hold"), strokeWidth: 1.5, strokeDasharray: "6 3" }),
      Plot.line(bands, { x: "at", y: "middle", stroke: color("agent"), strokeWidth: 2.2 }),
      threshold === undefined ? null : Plot.ruleY([threshold], { stroke: color("loss"), strokeDasharray: "5 3" }),
      Plot.ruleX([0].filter((bar) => bar >= first && bar <= last), { stroke: color("ink"), strokeWidth: 1.2 }),
    ],
    zero: 1,
    right,
  });
  const mark = threshold === undefined ? "" : textSvg(
    width - right - 4,
    24 + (height - 24 - 42) * (1 - (threshold - y[0]) / (y[1] - y[0])) + 14,
    `not survived below ${percent(threshold, { digits: 0 })}`,
    { anchor: "end", fill: color("loss"), size: 11 },
  );
  const key = keyRow(width, [
    { text: "median", stroke: color("agent"), strokeWidth: 2.2 },
    ...(usual.length === 0
      ? []
      : [{ text: "median without the shock", stroke: color("hold"), strokeDasharray: "6 3" }]),
    { text: "worst draw", stroke: color("loss"), strokeDasharray: "1 3" },
  ]);
  return stackSvg([key, drawn.replace(/<\/svg>$/, `${mark}</svg>`)]);
}

function spread(paths: readonly ArrayLike<number>[], i: number): Spread {
  const values = Float64Array.from(paths, (path) => path[i]).filter(Number.isFinite).sort();
  const at = (q: number) => (values.length === 0 ? NaN : quantileSorted(values, q));
  return { middle: at(0.5), low: at(0.05), high: at(0.95), lower: at(0.25), upper: at(0.75), worst: at(0) };
}
