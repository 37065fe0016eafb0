import { escapeHtml } from "../../base/progress.ts";
import { type Figure, figure } from "../figure.ts";
import { date, percent, span } from "../format.ts";
import { stackSvg, tidySvg } from "../svg.ts";
import { color } from "../theme.ts";
import { drawdownOf } from "./equity_curves.ts";
import { extent, isNarrow, leftOf, lines, panel, percentTick, round, svgOf, textSvg } from "./frame.ts";
import { checkLengths, type OwnText, type Period } from "./inputs.ts";

/** Equity whose falls are to be seen. */
export interface DrawdownsInput {
  readonly time: ArrayLike<number>; // [T] ms UTC
  readonly equity: ArrayLike<number>; // [T] any unit
  readonly name: string;
  readonly count?: number; // how many of the deepest; default 5
  readonly periods?: readonly Period[];
}

/** A fall of equity from a peak until that peak is reached again. */
export interface Drawdown {
  readonly peak: number; // index of the bar
  readonly trough: number;
  readonly end: number; // first bar back at the peak; the last bar when not recovered
  readonly depth: number; // −0.2 = 20 % below the peak
  readonly recovered: boolean;
}

/** The deepest drawdowns under the curve of equity below its peak: from peak to trough, and the way back. */
export function drawdownTable(
  { time, equity, name, count = 5, periods = [] }: DrawdownsInput,
  text: OwnText = {},
): Figure {
  checkLengths("drawdowns", time.length, [{ name, values: equity }]);
  const depth = drawdownOf(equity);
  const worst = deepestDrawdowns(equity, count);
  const domain = [time[0], time[time.length - 1]] as const;
  const draw = (width: number) => {
    const right = isNarrow(width) ? 10 : 190;
    const upper = panel({
      width,
      height: isNarrow(width) ? 150 : 180,
      x: { domain, kind: "time" },
      y: { domain: [Math.min(-0.02, extent(depth)[0] * 1.05), 0], label: "Below peak", format: percentTick },
      marks: lines(time, [{ name, values: depth }].map((one) => ({ ...one, role: "hold" as const })), width),
      periods,
      zero: 0,
      right,
    });
    return stackSvg([upper, bars(worst, time, width, right)], 2);
  };
  const first = worst[0];
  const fact = first
    ? `The deepest was ${percent(first.depth)} and lasted ${lengthOf(first, time)}${
      first.recovered ? "" : " without recovery yet"
    }`
    : "Equity never fell below a peak";
  return figure(draw, {
    title: `The ${worst.length} deepest drawdowns of ${name}`,
    caption: `${fact}. Dark from peak to trough, light until the peak was reached again, open where it has not been.`,
    alt: `Equity below its peak, and its ${worst.length} deepest drawdowns as bars in time. ${fact}.`,
    wide: true,
    ...text,
  });
}

/** The `count` deepest drawdowns, deepest first. */
export function deepestDrawdowns(equity: ArrayLike<number>, count: number): Drawdown[] {
  const found: Drawdown[] = [];
  let [peak, trough] = [0, 0];
  const close = (end: number, recovered: boolean) => {
    if (trough > peak) found.push({ peak, trough, end, depth: equity[trough] / equity[peak] - 1, recovered });
  };
  for (let t = 1; t < equity.length; t++) {
    if (equity[t] >= equity[peak]) {
      close(t, true);
      peak = trough = t;
    } else if (equity[t] < equity[trough]) {
      trough = t;
    }
  }
  close(equity.length - 1, false);
  return found.sort((a, b) => a.depth - b.depth).slice(0, count);
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
    const facts = `${percent(one.depth)}, ${lengthOf(one, time)}${one.recovered ? "" : ", open"}`;
    const title = `${date(time[one.peak])} peak\n${date(time[one.trough])} trough, ${percent(one.depth)}\n${
      one.recovered ? `${date(time[one.end])} recovered` : "not recovered"
    }`;
    return `<g><title>${escapeHtml(title)}</title>${rect(one.peak, one.trough, color("loss"))}${
      rect(
        one.trough,
        one.end,
        color("loss"),
        one.recovered ? ' fill-opacity="0.3"' : ' fill-opacity="0.12" stroke="var(--loss)" stroke-dasharray="3 2"',
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

function lengthOf({ peak, end }: Drawdown, time: ArrayLike<number>): string {
  return span(time[end] - time[peak]).replace(/[.]\d+ day/, " day");
}
