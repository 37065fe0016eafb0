import * as Plot from "@observablehq/plot";
import { type Drawdown, drawdowns, underWater } from "../../backtest/drawdowns.ts";
import { escapeHtml } from "../../base/progress.ts";
import { type Figure, figure } from "../figure.ts";
import { count as countOf, date, percent, span } from "../format.ts";
import { stackSvg, tidySvg } from "../svg.ts";
import { color } from "../theme.ts";
import { extent, isNarrow, leftOf, panel, percentTick, round, svgOf, textSvg } from "./frame.ts";
import { checkLengths, type OwnText, type Period } from "./inputs.ts";
import { thin } from "./thin.ts";

/** Equity whose falls are to be seen. */
export interface DrawdownsInput {
  readonly time: ArrayLike<number>; // [T] ms UTC
  readonly equity: ArrayLike<number>; // [T] any unit
  readonly name: string;
  readonly count?: number; // how many of the deepest; default 5
  readonly periods?: readonly Period[];
}

/** The deepest drawdowns under the curve of equity below its peak: from peak to trough, and the way back. */
export function drawdownTable(
  { time, equity, name, count = 5, periods = [] }: DrawdownsInput,
  text: OwnText = {},
): Figure {
  checkLengths("drawdowns", time.length, [{ name, values: equity }]);
  const curve = Float64Array.from(equity);
  const depth = underWater(curve);
  const worst = drawdowns(curve).sort((a, b) => a.depth - b.depth).slice(0, count);
  const domain = [time[0], time[time.length - 1]] as const;
  const draw = (width: number) => {
    const right = isNarrow(width) ? 10 : 190;
    const upper = panel({
      width,
      height: isNarrow(width) ? 150 : 180,
      x: { domain, kind: "time" },
      y: { domain: [Math.min(-0.02, extent(depth)[0] * 1.05), 0], label: "Below peak", format: percentTick },
      marks: underwaterMarks(time, depth, width),
      periods,
      periodNames: false, // they would lie under the falls
      zero: 0,
      right,
    });
    return stackSvg([upper, bars(worst, time, width, right)], 2);
  };
  const first = worst[0];
  const fact = first
    ? `The deepest was ${percent(first.depth)} and lasted ${lengthOf(first, time)}${
      first.end >= 0 ? "" : " without recovery yet"
    }`
    : "Equity never fell below a peak";
  return figure(draw, {
    title: worst.length === 0
      ? `${name} never fell below a peak`
      : worst.length === 1
      ? `The only drawdown of ${name}`
      : `The ${worst.length} deepest drawdowns of ${name}`,
    caption: worst.length === 0
      ? `${fact}.`
      : `${fact}. Dark from peak to trough, light until the peak was reached again, open where it has not been.`,
    alt: `Equity below its peak, and its deepest drawdowns as bars in time. ${fact}.`,
    wide: true,
    ...text,
  });
}

function underwaterMarks(time: ArrayLike<number>, depth: Float64Array, width: number): Plot.Markish[] {
  const { at, values } = thin(time, depth, width);
  return [
    Plot.areaY(at, { x: at, y1: 0, y2: values, fill: color("muted"), fillOpacity: 0.2 }),
    Plot.line(at, { x: at, y: values, stroke: color("ink"), strokeWidth: 1 }),
  ];
}

function bars(worst: readonly Drawdown[], time: ArrayLike<number>, width: number, right: number): string {
  const narrow = isNarrow(width);
  const left = leftOf(width);
  const [from, to] = [time[0], time[time.length - 1]];
  const x = (t: number) => left + ((time[t] - from) / (to - from || 1)) * (width - left - right);
  const h = narrow ? 32 : 20;
  const rows = worst.map((one, i) => {
    const y = 4 + i * h;
    const top = narrow ? y + 14 : y;
    const rect = (a: number, b: number, fill: string, extra = "") =>
      `<rect x="${round(x(a))}" y="${top}" width="${
        round(Math.max(1.5, x(b) - x(a)))
      }" height="11" fill="${fill}"${extra}/>`;
    const facts = `${percent(one.depth)}, ${lengthOf(one, time)}${one.end >= 0 ? "" : ", open"}`;
    const title = `${date(time[one.start])} peak\n${date(time[one.trough])} trough, ${percent(one.depth)}\n${
      one.end >= 0 ? `${date(time[one.end])} recovered` : "not recovered"
    }`;
    return `<g><title>${escapeHtml(title)}</title>${rect(one.start, one.trough, color("loss"))}${
      rect(
        one.trough,
        one.end >= 0 ? one.end : time.length - 1,
        color("loss"),
        one.end >= 0 ? ' fill-opacity="0.3"' : ' fill-opacity="0.12" stroke="var(--loss)" stroke-dasharray="3 2"',
      )
    }${
      narrow
        ? textSvg(left, y + 10, `${i + 1}. ${facts}`, { anchor: "start", fill: color("ink"), size: 10.5 })
        : textSvg(left - 8, y + 10, `${i + 1}`, { anchor: "end" }) +
          textSvg(width - right + 8, y + 10, facts, { anchor: "start", fill: color("ink") })
    }</g>`;
  });
  return tidySvg(svgOf(width, 8 + worst.length * h, rows.join("")));
}

function lengthOf({ start, end }: Drawdown, time: ArrayLike<number>): string {
  const ms = time[end >= 0 ? end : time.length - 1] - time[start];
  return ms >= 2 * 864e5 ? countOf(Math.round(ms / 864e5), "day") : span(ms);
}
