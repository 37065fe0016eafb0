import { escapeHtml } from "../../base/progress.ts";
import { type Figure, figure } from "../figure.ts";
import { count, number } from "../format.ts";
import { stackSvg, tidySvg } from "../svg.ts";
import { color } from "../theme.ts";
import { fitText, isNarrow, keyRow, niceTicks, round, svgOf, textSvg, textWidth } from "./frame.ts";
import type { OwnText } from "./inputs.ts";

/** Where a feature matrix has values. */
export interface WarmupMapInput {
  readonly names: readonly string[]; // [F]
  readonly values: ArrayLike<number>; // [T, F] row-major
  readonly warmup: number; // first row in which every feature is finite
  /** Bars that each feature needs by itself, where the matrix has blanked all rows before the slowest. [F] */
  readonly needs?: readonly number[];
}

/**
 * Rows of features, longest warm-up first: the bars each needs before its first value at full scale, then, in the strip
 * on the right, the whole span with what is missing after the warm-up.
 */
export function warmupMap({ names, values, warmup, needs }: WarmupMapInput, text: OwnText = {}): Figure {
  const [F, T] = [names.length, values.length / names.length];
  if (F === 0 || !Number.isInteger(T) || T === 0) {
    throw new RangeError(
      `Cannot draw a warm-up map of ${F} features as values must be a whole number of rows: current value is ${values.length}`,
    );
  }
  const rows = names.map((name, f) => featureRow(name, values, F, f, T, needs?.[f])).sort((a, b) =>
    b.first - a.first || (a.name < b.name ? -1 : 1)
  );
  const holes = rows.reduce((sum, row) => sum + row.missing.length, 0);
  const gone = rows.reduce((sum, row) => sum + row.holes, 0);
  const longest = `${rows[0].name} needs ${count(rows[0].first, "bar")}`;
  const after = gone === 0
    ? "after that nothing is missing"
    : `after that ${number(gone)} values are missing in ${count(holes, "place")}`;
  return figure(
    (width) =>
      stackSvg([
        keyRow(width, [{ text: "not yet", fill: color("grid") }, { text: "value", fill: "var(--seq-3)" }, {
          text: "✕ missing later",
          fill: color("loss"),
        }]),
        drawMap(rows, T, warmup, width),
      ], 4),
    {
      title: `From bar ${number(warmup)} on every feature has a value${gone === 0 ? "" : ", but for gaps"}`,
      caption: `${longest}; ${after}. Left the first bars, right all ${number(T)}.`,
      alt: `Map of where ${F} features have values: ${longest}; ${after}.`,
      wide: true,
      ...text,
    },
  );
}

/** One feature: its first row with a value, and the stretches without one after that. */
interface Row {
  readonly name: string;
  readonly first: number;
  readonly missing: readonly { readonly from: number; readonly to: number }[];
  readonly holes: number;
}

function featureRow(name: string, values: ArrayLike<number>, F: number, f: number, T: number, needs?: number): Row {
  let known = 0;
  while (known < T && Number.isNaN(values[known * F + f])) known++;
  const first = Math.min(needs ?? known, T);
  const missing: { from: number; to: number }[] = [];
  let holes = 0;
  for (let t = known; t < T; t++) {
    if (!Number.isNaN(values[t * F + f])) continue;
    holes++;
    const last = missing[missing.length - 1];
    if (last?.to === t) last.to = t + 1;
    else missing.push({ from: t, to: t + 1 });
  }
  return { name, first, missing, holes };
}

function drawMap(rows: readonly Row[], T: number, warmup: number, width: number): string {
  const narrow = isNarrow(width);
  const size = narrow ? 9.5 : 11;
  const labels = rows.map(({ name }) => fitText(name, width * (narrow ? 0.42 : 0.34), size));
  const left = Math.max(...labels.map((name) => textWidth(name, size))) + 8;
  const inside = width - left - 24; // the last tick's half
  const start = { x: left, width: inside * 0.66, bars: Math.min(T, Math.max(4, Math.ceil(warmup * 1.25))) };
  const all = { x: left + inside * 0.7, width: inside * 0.3, bars: T };
  const h = rows.length > 30 ? 13 : 15;
  const base = 6 + rows.length * h;
  const parts: string[] = [];
  for (const [i, row] of rows.entries()) {
    const y = 6 + i * h;
    parts.push(textSvg(left - 6, y + h / 2 + 0.36 * size, labels[i], { anchor: "end", fill: color("ink"), size }));
    for (const view of [start, all]) {
      const at = (bar: number) => view.x + Math.min(1, bar / view.bars) * view.width;
      const strip = (from: number, to: number, fill: string, least = 0) =>
        `<rect x="${round(at(from))}" y="${y}" width="${round(Math.max(least, at(to) - at(from)))}" height="${
          h - 2
        }" fill="${fill}"/>`;
      parts.push(strip(0, row.first, color("grid")), strip(row.first, view.bars, "var(--seq-3)"));
      for (const { from, to } of row.missing.slice(0, 200)) {
        if (from < view.bars) parts.push(strip(from, to, color("loss"), 1.5));
      }
    }
    const inBar = number(row.first);
    const end = start.x + Math.min(1, row.first / start.bars) * start.width;
    parts.push(
      textSvg(end + 4, y + h / 2 + 3, inBar, { anchor: "start", size: narrow ? 8.5 : 9.5, fill: color("ink") }),
    );
    parts.push(
      `<rect x="${left}" y="${y}" width="${inside}" height="${h - 1}" fill="transparent"><title>${
        escapeHtml(`${row.name}: first value at bar ${number(row.first)}\n${number(row.holes)} missing after it`)
      }</title></rect>`,
    );
  }
  const line = round(start.x + (warmup / start.bars) * start.width);
  parts.push(`<path d="M${line},2V${base + 2}" stroke="${color("ink")}" stroke-width="1" stroke-dasharray="3 2"/>`);
  for (const view of [start, all]) {
    for (const tick of niceTicks([0, view.bars], Math.max(1, view.width / (narrow ? 60 : 90)))) {
      parts.push(
        textSvg(view.x + (tick / view.bars) * view.width, base + 14, number(tick), { size: narrow ? 9.5 : 10.5 }),
      );
    }
  }
  parts.push(
    textSvg(
      start.x,
      base + 30,
      narrow ? `first ${number(start.bars)} bars` : `the first ${number(start.bars)} bars; dashed: the warm-up`,
      {
        anchor: "start",
      },
    ),
  );
  parts.push(textSvg(all.x, base + 30, "all bars", { anchor: "start" }));
  return tidySvg(svgOf(width, base + 36, parts.join("")));
}
