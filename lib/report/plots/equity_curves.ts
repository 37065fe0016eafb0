import { underWater } from "../../backtest/drawdowns.ts";
import { type Figure, figure } from "../figure.ts";
import { between, compact, date, number, percent } from "../format.ts";
import { stackSvg } from "../svg.ts";
import {
  endLabelsOf,
  extent,
  isNarrow,
  keyRow,
  lastFinite,
  lines,
  lineStyle,
  padded,
  panel,
  percentTick,
  rightFor,
  withHover,
} from "./frame.ts";
import { checkLengths, type OwnText, type Period, type Series } from "./inputs.ts";
import { stretches } from "./thin.ts";

/** Equity over time of an agent and its baselines. */
export interface EquityInput {
  readonly time: ArrayLike<number>; // [T] ms UTC
  readonly equity: readonly Series[]; // any unit; drawn as a multiple of each one's first value
  readonly periods?: readonly Period[];
}

/** Equity of all strategies as a multiple of the start, on a log axis: equal distances are equal growth. */
export function equityCurves({ time, equity, periods = [] }: EquityInput, text: OwnText = {}): Figure {
  const ratios = equity.map(fromStart);
  checkLengths("equity", time.length, ratios);
  const draw = (width: number) => equityPanel(time, ratios, periods, width, true);
  return figure(draw, { ...equityText(time, ratios), wide: true, ...text });
}

/** Equity (log) and, under it on the same time axis, how far each strategy is below its own peak. */
export function equityAndDrawdown({ time, equity, periods = [] }: EquityInput, text: OwnText = {}): Figure {
  const ratios = equity.map(fromStart);
  checkLengths("equity", time.length, ratios);
  const depths = ratios.map((one) => ({ ...one, values: underWater(Float64Array.from(one.values)) }));
  const deepest = depths.map((one) => `${one.name} ${percent(extent(one.values)[0])}`).join(", ");
  const draw = (width: number) => {
    const labels = endLabelsOf(ratios, labelOf);
    const low = panel({
      width,
      height: isNarrow(width) ? 150 : 170,
      x: { domain: [time[0], time[time.length - 1]], kind: "time" },
      y: {
        domain: [Math.min(-0.02, extent(...depths.map((d) => d.values))[0] * 1.05), 0],
        label: "Below peak",
        format: percentTick,
      },
      marks: lines(time, depths, width),
      periods,
      periodNames: false,
      zero: 0,
      right: isNarrow(width) ? 10 : rightFor(labels),
    });
    return stackSvg([equityPanel(time, ratios, periods, width, false), low]);
  };
  const own = equityText(time, ratios);
  return figure(draw, {
    title: "Equity, and how far it is below its peak",
    alt: `${own.alt} Largest drawdowns: ${deepest}.`,
    caption: `Log axis above: equal distances are equal growth. Largest drawdowns: ${deepest}.`,
    wide: true,
    ...text,
  });
}

function equityPanel(
  time: ArrayLike<number>,
  ratios: readonly Series[],
  periods: readonly Period[],
  width: number,
  xLabels: boolean,
): string {
  const labels = endLabelsOf(ratios, labelOf);
  const values = ratios.map((one) => one.values);
  const narrow = isNarrow(width);
  const height = narrow ? 260 : 380;
  const right = narrow ? 10 : rightFor(labels);
  const domain = [time[0], time[time.length - 1]] as const;
  const log = extent(...values)[0] > 0;
  const drawn = panel({
    width,
    height,
    x: { domain, kind: "time" },
    y: {
      domain: padded(extent(...values), 0.06, log ? "log" : "linear"),
      kind: log ? "log" : "linear",
      label: `Equity, × start${log ? " (log)" : ""}`,
      format: compact,
    },
    marks: lines(time, ratios, width),
    periods,
    zero: 1,
    xLabels,
    right,
    labels,
  });
  const bands = stretches(time.length, 120).map(({ from, to }) => ({
    from: time[from],
    to: time[Math.min(to, time.length - 1)],
    title: [date(time[to - 1]), ...ratios.map((one) => `${one.name}: ${number(one.values[to - 1], { digits: 3 })} ×`)]
      .join("\n"),
  }));
  const hovered = withHover(drawn, bands, { width, height: height - 32, top: 24, right, domain });
  return narrow
    ? stackSvg([
      keyRow(width, ratios.map((one, i) => ({ text: labelOf(one, lastFinite(one.values)), ...lineStyle(one, i) }))),
      hovered,
    ])
    : hovered;
}

function labelOf(one: Series, last: number): string {
  return `${one.name} ${number(last, { digits: last < 10 ? 2 : 1 })}×`;
}

function fromStart(one: Series): Series {
  const start = one.values[0];
  return { ...one, values: Float64Array.from(one.values, (value) => value / start) };
}

function equityText(
  time: ArrayLike<number>,
  ratios: readonly Series[],
): { title: string; alt: string; caption: string } {
  const ends = ratios.map((one) => ({ name: one.name, last: lastFinite(one.values) })).sort((a, b) => b.last - a.last)
    .map(({ name, last }) => `${name} ${percent(last - 1, { sign: true })}`).join(", ");
  return {
    title: `Equity as a multiple of the start, ${between(time[0], time[time.length - 1])}`,
    caption: `At the end: ${ends}.`,
    alt: `Line chart of equity on a log axis from ${date(time[0])} to ${
      date(time[time.length - 1])
    }. At the end: ${ends}.`,
  };
}
