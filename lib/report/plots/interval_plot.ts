import { escapeHtml } from "../../base/progress.ts";
import { type Figure, figure } from "../figure.ts";
import { number, percent } from "../format.ts";
import { tidySvg } from "../svg.ts";
import { color, type Role } from "../theme.ts";
import {
  extent,
  isNarrow,
  niceTicks,
  padded,
  percentTick,
  round,
  svgOf,
  textSvg,
  textWidth,
  tickText,
} from "./frame.ts";
import type { OwnText } from "./inputs.ts";

/** An estimate with its interval. */
export interface Interval {
  readonly name: string;
  readonly role?: Role;
  readonly point: number; // interquartile mean, median, …
  readonly low?: number; // of the confidence interval; without both a lone point
  readonly high?: number;
  readonly seeds?: readonly number[]; // each run's value, as small dots
}

/** Estimates of one measure, to be compared. */
export interface IntervalPlotInput {
  readonly what: string; // "Sharpe ratio", "Return on the test period"
  readonly unit?: "%" | ""; // % shows shares as percent
  readonly intervals: readonly Interval[];
  readonly reference?: number; // a line to be compared with; default 0
  readonly level?: number; // of the interval; default 0.95
}

/** Agent and baselines on one axis: estimate, confidence interval, and every seed. Overlap is seen at a glance. */
export function intervalPlot(input: IntervalPlotInput, text: OwnText = {}): Figure {
  const { what, unit = "", intervals, level = 0.95 } = input;
  if (intervals.length === 0) {
    throw new RangeError(`Cannot draw intervals of ${what} as there must be at least one: current value is 0`);
  }
  const show = (value: number) => (unit === "%" ? percent(value) : number(value, { digits: 2 }));
  const fact = intervals.map(({ name, point, low, high }) =>
    low === undefined || high === undefined
      ? `${name} ${show(point)}`
      : `${name} ${show(point)} (${show(low)} to ${show(high)})`
  ).join("; ");
  const single = intervals.some(({ role, seeds }) => role === "agent" && (seeds?.length ?? 0) === 1);
  return figure((width) => forest(input, show, width), {
    title: `${what} of agent and baselines, with ${number(100 * level)}\u00a0% intervals`,
    caption: `${fact}.${
      single
        ? " The agent is a single seed: it says little about the next."
        : (intervals.some(({ seeds }) => seeds) ? " Small dots are single seeds." : "")
    }`,
    alt: `Interval plot of ${what}: ${fact}.`,
    ...text,
  });
}

function forest(
  { intervals, reference = 0, unit, what }: IntervalPlotInput,
  show: (value: number) => string,
  width: number,
): string {
  const narrow = isNarrow(width);
  const left = narrow ? 8 : Math.max(...intervals.map(({ name }) => 1.16 * textWidth(name))) + 14;
  const right = narrow ? 8 : Math.max(...intervals.map((one) => textWidth(valueText(one, show), 11.5))) + 14;
  const values = intervals.flatMap(({ point, low, high, seeds = [] }) => [point, low ?? NaN, high ?? NaN, ...seeds]);
  const [from, to] = padded(extent(values, [reference]), 0.04);
  const x = (value: number) => left + ((value - from) / (to - from)) * (width - left - right);
  const h = narrow ? 44 : 34;
  const base = intervals.length * h + 4;
  const ticks = niceTicks([from, to], Math.max(3, (width - left - right) / 80)); // long names leave little room
  const format = unit === "%" ? percentTick : tickText(ticks);
  const grid = ticks.map((tick) =>
    `<path d="M${round(x(tick))},0V${base}" stroke="${color("grid")}"/>${textSvg(x(tick), base + 16, format(tick))}`
  ).join("");
  const line = `<path d="M${round(x(reference))},0V${base}" stroke="${color("muted")}"/>`;
  const rows = intervals.map((one, i) => {
    const colour = color(one.role ?? "ink");
    const y = i * h + (narrow ? 30 : h / 2);
    const dots = (one.seeds ?? []).map((value, n) =>
      `<circle cx="${round(x(value))}" cy="${y + 7 + (n % 3) * 1.2}" r="2" fill="${colour}" fill-opacity="0.55"/>`
    ).join("");
    const bar = one.low === undefined || one.high === undefined
      ? ""
      : `<path d="M${round(x(one.low))},${y}H${round(x(one.high))}M${round(x(one.low))},${y - 4}v8M${
        round(x(one.high))
      },${y - 4}v8" stroke="${colour}" stroke-width="2" fill="none"/>`;
    const mark = one.role === "agent"
      ? `<circle cx="${round(x(one.point))}" cy="${y}" r="5.5" fill="${colour}"/>`
      : `<circle cx="${round(x(one.point))}" cy="${y}" r="4.5" fill="${
        color("paper")
      }" stroke="${colour}" stroke-width="2"/>`;
    const weight = one.role === "agent" ? "600" : "";
    const label = narrow
      ? textSvg(left, i * h + 14, `${one.name}  ${valueText(one, show)}`, {
        anchor: "start",
        fill: colour,
        weight,
        size: 11.5,
      })
      : textSvg(left - 10, y + 4, one.name, { anchor: "end", fill: colour, weight, size: 12 }) +
        textSvg(width - right + 10, y + 4, valueText(one, show), { anchor: "start", fill: color("ink"), size: 11.5 });
    return `<g><title>${escapeHtml(`${one.name}: ${valueText(one, show)}`)}</title>${dots}${bar}${mark}${label}</g>`;
  });
  return tidySvg(
    svgOf(width, base + 38, grid + line + rows.join("") + textSvg(width - right, base + 33, what, { anchor: "end" })),
  );
}

function valueText({ point, low, high }: Interval, show: (value: number) => string): string {
  return low === undefined || high === undefined ? show(point) : `${show(point)} (${show(low)} to ${show(high)})`;
}
