import * as Plot from "@observablehq/plot";
import { type Figure, figure } from "../figure.ts";
import { between, date, number } from "../format.ts";
import { stackSvg } from "../svg.ts";
import { color } from "../theme.ts";
import {
  endLabelsOf,
  extent,
  isNarrow,
  type KeyItem,
  keyRow,
  lastFinite,
  lines,
  lineStyle,
  padded,
  panel,
  rightFor,
  wantsLog,
  withHover,
} from "./frame.ts";
import { checkLengths, type OwnText, type Period, type Series } from "./inputs.ts";
import { stretches, thin } from "./thin.ts";

/** A panel under the price. */
export interface IndicatorPanel {
  readonly label: string; // "rsi(14)"
  readonly lines: readonly Series[];
  readonly levels?: readonly number[]; // drawn across, such as 30 and 70
  readonly domain?: readonly [number, number];
  readonly bars?: boolean; // the first series as bars from zero: a histogram such as MACD's
}

/** A price, what is drawn on it, and panels under it. */
export interface IndicatorPanelsInput {
  readonly symbol: string; // "BTC/USD"
  readonly time: ArrayLike<number>; // [T] ms UTC
  readonly close: ArrayLike<number>; // [T]
  readonly overlays?: readonly Series[]; // in units of the price: averages, bands
  /** Bands in units of the price, shaded between their lines: Bollinger, Keltner. */
  readonly bands?: readonly {
    readonly name: string;
    readonly lower: ArrayLike<number>;
    readonly upper: ArrayLike<number>;
  }[];
  readonly panels: readonly IndicatorPanel[];
  readonly periods?: readonly Period[];
}

/** Price with its overlays and, on the same time axis, a panel for each indicator. */
export function indicatorPanels(input: IndicatorPanelsInput, text: OwnText = {}): Figure {
  const { symbol, time, close, overlays = [], bands = [], panels, periods = [] } = input;
  checkLengths("indicators", time.length, [
    { name: "close", values: close },
    ...overlays,
    ...panels.flatMap((one) => one.lines),
  ]);
  const domain = [time[0], time[time.length - 1]] as const;
  const price = [{ name: "close", values: close }, ...overlays];
  const range = extent(...price.map((one) => one.values), ...bands.flatMap((band) => [band.lower, band.upper]));
  const kind = wantsLog(range) ? "log" : "linear";
  const draw = (width: number) => {
    const narrow = isNarrow(width);
    const named = [...endLabelsOf(overlays), ...bandLabels(bands)];
    const names = [named, ...panels.map(namesOf)];
    const right = narrow ? 10 : Math.max(14, ...names.map(rightFor));
    const shared = { width, x: { domain, kind: "time" }, periods, right } as const;
    const heights = [
      narrow ? 200 : 260,
      ...panels.map((_, i) => (narrow ? 92 : 104) + (i === panels.length - 1 ? 26 : 0)),
    ];
    const upper = panel({
      ...shared,
      height: heights[0],
      y: {
        domain: padded(range, 0.05, kind),
        kind,
        label: `${symbol.split("/")[1] ?? symbol}${kind === "log" ? " (log)" : ""}`,
      },
      marks: [
        ...bands.flatMap((band) => bandMarks(time, band, width)),
        closeLine(time, close, width),
        ...lines(time, overlays, width),
      ],
      xLabels: panels.length === 0,
      labels: named,
    });
    const lower = panels.map((one, i) =>
      panel({
        ...shared,
        height: heights[i + 1],
        y: {
          domain: one.domain ?? padded(extent(...one.lines.map((line) => line.values), one.levels ?? [])),
          label: one.label,
          ...(one.levels && { ticks: one.levels }),
        },
        marks: [
          Plot.ruleY(one.levels ?? [], { stroke: color("muted"), strokeDasharray: "3 3" }),
          ...(one.bars
            ? [barsOf(time, one.lines[0], width), ...lines(time, one.lines.slice(1), width * 0.7)]
            : lines(time, one.lines, width * 0.7)),
        ],
        ...(one.bars && { zero: 0 }),
        periodNames: false,
        xLabels: i === panels.length - 1,
        labels: namesOf(one),
      })
    );
    const key = narrow ? [keyRow(width, keyOf(input))] : [];
    const all = [...price, ...panels.flatMap((one) => one.lines)];
    const stops = stretches(time.length, 90).map(({ from, to }) => ({
      from: time[from],
      to: time[Math.min(to, time.length - 1)],
      title: [date(time[to - 1]), ...all.map((one) => `${one.name} ${number(one.values[to - 1])}`)].join("\n"),
    }));
    const height = heights.reduce((sum, one) => sum + one, 0);
    return withHover(stackSvg([...key, upper, ...lower]), stops, {
      width,
      height: height - 58,
      top: 24,
      right,
      domain,
    });
  };
  return figure(draw, {
    title: `${symbol} and ${panels.map((one) => one.label).join(", ")}, ${between(...domain)}`,
    alt: `Price of ${symbol}${
      overlays.length ? ` with ${overlays.map((one) => one.name).join(", ")}` : ""
    }, and panels of ${panels.map((one) => one.label).join(", ")} under it on the same time axis.`,
    wide: true,
    ...text,
  });
}

/** A panel of one line is named by its axis. */
function namesOf({ lines, bars }: IndicatorPanel) {
  const drawn = bars ? lines.slice(1) : lines;
  return drawn.length > 1 ? endLabelsOf(drawn) : [];
}

/** A band is named at its upper line. */
function bandLabels(bands: IndicatorPanelsInput["bands"] = []) {
  return bands.map(({ name, upper }) => ({ text: name, value: lastFinite(upper), colour: color("muted") }));
}

/** What a phone reads above: the names that stand at the lines' ends elsewhere. */
function keyOf({ overlays = [], bands = [], panels }: IndicatorPanelsInput): KeyItem[] {
  const named = (drawn: readonly Series[]) => drawn.map((one, i) => ({ text: one.name, ...lineStyle(one, i) }));
  return [
    { text: "close", stroke: color("ink") },
    ...named(overlays),
    ...bands.map(({ name }) => ({ text: name, stroke: color("muted"), strokeWidth: 0.8 })),
    ...panels.map((one) => one.bars ? one.lines.slice(1) : one.lines).filter((drawn) => drawn.length > 1).flatMap(
      named,
    ),
  ];
}

function bandMarks(
  time: ArrayLike<number>,
  { lower, upper }: { lower: ArrayLike<number>; upper: ArrayLike<number> },
  width: number,
): Plot.Markish[] {
  const points = stretches(time.length, width / 2).map(({ to }) => ({
    at: time[to - 1],
    lower: lower[to - 1],
    upper: upper[to - 1],
  }));
  const edge = { x: "at", stroke: color("muted"), strokeWidth: 0.8 };
  return [
    Plot.areaY(points, { x: "at", y1: "lower", y2: "upper", fill: color("muted"), fillOpacity: 0.14 }),
    Plot.line(points, { ...edge, y: "lower" }),
    Plot.line(points, { ...edge, y: "upper" }),
  ];
}

function closeLine(time: ArrayLike<number>, close: ArrayLike<number>, width: number): Plot.Markish {
  const { at, values } = thin(time, close, width * 1.2);
  return Plot.line(at, { x: at, y: values, stroke: color("ink"), strokeWidth: 1.1, strokeLinejoin: "round" });
}

/** A histogram from zero; of a stretch of bars the value farthest from zero. */
function barsOf(time: ArrayLike<number>, { values }: Series, width: number): Plot.Markish {
  const bars = stretches(time.length, width / 3).map(({ from, to }) => {
    let farthest = 0;
    for (let t = from; t < to; t++) if (Math.abs(values[t]) > Math.abs(farthest)) farthest = values[t];
    return { from: time[from], to: time[Math.min(to, time.length - 1)], value: farthest };
  });
  return Plot.rect(bars, {
    x1: "from",
    x2: "to",
    y1: 0,
    y2: "value",
    fill: color("muted"),
    fillOpacity: 0.7,
    insetRight: 0.3,
  });
}
