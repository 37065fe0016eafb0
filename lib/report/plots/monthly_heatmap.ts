import { type MonthlyReturn, monthlyReturns } from "../../backtest/rolling.ts";
import { escapeHtml } from "../../base/progress.ts";
import { type Figure, figure } from "../figure.ts";
import { count, date, percent } from "../format.ts";
import { tidySvg } from "../svg.ts";
import { color, diverging } from "../theme.ts";
import { isNarrow, svgOf, textSvg } from "./frame.ts";
import { checkLengths, type OwnText } from "./inputs.ts";

/** Equity whose months are to be seen. */
export interface MonthlyHeatmapInput {
  readonly time: ArrayLike<number>; // [T] ms UTC
  readonly equity: ArrayLike<number>; // [T] any unit
  readonly name: string; // "Agent"
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Return of each calendar month, a row a year with its total. */
export function monthlyHeatmap({ time, equity, name }: MonthlyHeatmapInput, text: OwnText = {}): Figure {
  checkLengths("monthly returns", time.length, [{ name, values: equity }]);
  const months = monthlyReturns(Float64Array.from(time), Float64Array.from(equity));
  const worst = months.reduce((a, b) => (b.return < a.return ? b : a));
  const best = months.reduce((a, b) => (b.return > a.return ? b : a));
  const positive = months.filter((month) => month.return > 0).length;
  const named = (m: MonthlyReturn) => `${MONTHS[m.month - 1]} ${m.year} ${percent(m.return, { sign: true })}`;
  const range = months.length > 1 && best.return > worst.return ? `; best ${named(best)}, worst ${named(worst)}` : "";
  const fact = `${positive} of ${count(months.length, "month")} positive${range}`;
  const [start, end] = [new Date(time[0]), new Date(time[time.length - 1])];
  const partial = start.getUTCDate() > 1 || end.getUTCMonth() === new Date(end.getTime() + 864e5).getUTCMonth()
    ? ` From ${date(start.getTime()).slice(0, 10)} to ${
      date(end.getTime()).slice(0, 10)
    }: the first and the last month may be parts.`
    : "";
  return figure((width) => heatmap(months, width), {
    title: `Monthly returns of ${name}`,
    caption: `${fact}. The year's total is compounded.${partial}`,
    alt: `Heat map of monthly returns of ${name}: ${fact}.`,
    wide: true,
    ...text,
  });
}

function heatmap(months: readonly MonthlyReturn[], width: number): string {
  const narrow = isNarrow(width);
  const years = [...new Set(months.map(({ year }) => year))];
  const left = narrow ? 34 : 48;
  const cell = { width: (width - left) / 13.4, height: narrow ? 26 : 30 };
  const sizes = months.map((month) => Math.abs(month.return)).sort((a, b) => a - b);
  const most = Math.max(0.01, sizes[Math.floor(0.9 * (sizes.length - 1))]);
  const size = narrow ? 8.5 : 11.5;
  const short = (value: number) =>
    narrow ? percent(value, { digits: 0 }).replace(/\s*%/, "") : percent(value, { digits: 1 });
  const box = (column: number, row: number, value: number, title: string, bold = false) => {
    const share = Math.max(-1, Math.min(1, value / most));
    const x = left + column * cell.width + (column === 12 ? 0.4 * cell.width : 0);
    const y = 22 + row * cell.height;
    return `<g><rect x="${x}" y="${y}" width="${cell.width - 2}" height="${cell.height - 2}" fill="${
      diverging(share)
    }"><title>${escapeHtml(title)}</title></rect>${
      textSvg(x + cell.width / 2 - 1, y + cell.height / 2 + size / 2 - 2, short(value), {
        fill: color(Math.abs(share) > 0.62 ? "paper" : "ink"),
        size,
        weight: bold ? "600" : "",
      }).replace("<text", '<text pointer-events="none"')
    }</g>`;
  };
  const heads = [...MONTHS, "Year"].map((month, i) =>
    textSvg(
      left + (i + 0.5 + (i === 12 ? 0.4 : 0)) * cell.width,
      14,
      narrow ? month.slice(0, i === 12 ? 4 : 1) : month,
      { size: narrow ? 10 : 11.5 },
    )
  );
  const rows = years.map((year, row) => {
    const own = months.filter((month) => month.year === year);
    const total = own.reduce((product, month) => product * (1 + month.return), 1) - 1;
    return textSvg(left - 8, 22 + row * cell.height + cell.height / 2 + 3, String(year), {
      anchor: "end",
      size: narrow ? 10 : 11.5,
    }) +
      own.map(({ month, return: value }) =>
        box(month - 1, row, value, `${MONTHS[month - 1]} ${year}: ${percent(value, { digits: 2, sign: true })}`)
      ).join("") +
      box(12, row, total, `${year}: ${percent(total, { digits: 1, sign: true })}`, true);
  });
  const unit = narrow ? textSvg(0, 14, "%", { anchor: "start" }) : "";
  return tidySvg(svgOf(width, 24 + years.length * cell.height, unit + heads.join("") + rows.join("")));
}
