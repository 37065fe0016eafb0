import { escapeHtml } from "../../base/progress.ts";
import { type Figure, figure } from "../figure.ts";
import { number } from "../format.ts";
import { tidySvg } from "../svg.ts";
import { color, diverging } from "../theme.ts";
import { clusterOrder } from "./cluster.ts";
import { fitText, isNarrow, round, svgOf, textSvg, textWidth } from "./frame.ts";
import type { OwnText } from "./inputs.ts";

/** Features whose likeness is to be seen. */
export interface FeatureCorrelationInput {
  readonly names: readonly string[]; // [F]
  readonly values: ArrayLike<number>; // [T, F] row-major; rows with a NaN are left out
  readonly from?: number; // first row to use: the warm-up
  readonly to?: number; // row after the last: the end of training
}

/** Correlation of every pair of features, ordered so that alike ones are neighbours: dark blocks say the same twice. */
export function featureCorrelation(input: FeatureCorrelationInput, text: OwnText = {}): Figure {
  const { names, values } = input;
  const F = names.length;
  if (F < 2) {
    throw new RangeError(`Cannot draw correlation as there must be at least 2 features: current value is ${F}`);
  }
  const matrix = correlations(values, F, input.from ?? 0, input.to ?? values.length / F);
  const order = clusterOrder(matrix, F);
  const pairs = order.flatMap((a, i) =>
    order.slice(0, i).map((b) => ({ a: names[a], b: names[b], r: matrix[a * F + b] }))
  );
  const strongest = pairs.toSorted((p, q) => Math.abs(q.r) - Math.abs(p.r));
  const alike = pairs.filter(({ r }) => Math.abs(r) > 0.9).length;
  const top = strongest.slice(0, 3).map(({ a, b, r }) => `${a} and ${b} ${number(r, { digits: 2 })}`).join("; ");
  return figure((width) => triangle(names, matrix, order, width), {
    title: `${alike === 0 ? `None of ${number(pairs.length)}` : `${number(alike)} of ${number(pairs.length)}`} ${
      pairs.length === 1 ? "pair" : "pairs"
    } of features ${alike === 1 ? "says" : "say"} nearly the same (|r| > 0.9)`,
    caption: `Correlation, in the order of a clustering by |r|; a dash marks what is below −0.25. Strongest: ${top}.`,
    alt: `Heat map of the correlation of ${F} features. ${alike} pairs are above 0.9 in size. Strongest: ${top}.`,
    wide: F > 12,
    ...text,
  });
}

/** Pearson's correlation of all pairs over rows `from` to `to` in which all are finite. [F, F] */
export function correlations(values: ArrayLike<number>, F: number, from: number, to: number): Float64Array {
  const means = new Float64Array(F);
  const rows: number[] = [];
  for (let t = from; t < to; t++) {
    let finite = true;
    for (let f = 0; f < F && finite; f++) finite = Number.isFinite(values[t * F + f]);
    if (!finite) continue;
    rows.push(t);
    for (let f = 0; f < F; f++) means[f] += values[t * F + f];
  }
  for (let f = 0; f < F; f++) means[f] /= rows.length;
  const products = new Float64Array(F * F);
  const off = new Float64Array(F);
  for (const t of rows) {
    for (let f = 0; f < F; f++) off[f] = values[t * F + f] - means[f];
    for (let a = 0; a < F; a++) for (let b = 0; b <= a; b++) products[a * F + b] += off[a] * off[b];
  }
  const matrix = new Float64Array(F * F);
  for (let a = 0; a < F; a++) {
    for (let b = 0; b <= a; b++) {
      const r = products[a * F + b] / Math.sqrt(products[a * F + a] * products[b * F + b]);
      matrix[a * F + b] = matrix[b * F + a] = r;
    }
  }
  return matrix;
}

/** The lower triangle with names along its diagonal: each names the row to its left and the column below it. */
function triangle(names: readonly string[], matrix: Float64Array, order: readonly number[], width: number): string {
  const F = order.length;
  const narrow = isNarrow(width);
  const size = narrow ? Math.max(6.5, Math.min(11, 380 / F)) : 11;
  const shown = order.map((f) => fitText(names[f], width * (narrow ? 0.42 : 0.5), size));
  // A name starts at its own column: as wide as all names still find room.
  const w = Math.min(52, ...shown.map((name, i) => (width - textWidth(name, size) - 6) / Math.max(1, i)));
  const h = narrow ? Math.max(w, Math.min(13, size + 2.5)) : Math.max(12.5, Math.min(w, 24));
  const paths = new Map<string, string>();
  const hovers: string[] = [];
  const numbers: string[] = [];
  let minus = "";
  for (let i = 1; i < F; i++) {
    for (let j = 0; j < i; j++) {
      const r = matrix[order[i] * F + order[j]];
      const [x, y] = [round(j * w), round(i * h)];
      const fill = Number.isFinite(r) ? diverging(r) : color("grid");
      paths.set(fill, `${paths.get(fill) ?? ""}M${x},${y}h${round(w - 0.7)}v${round(h - 0.7)}h${round(0.7 - w)}z`);
      const written = w >= 30 && h >= 14;
      if (r < -0.25 && !written) minus += `M${round(x + w / 2 - 2.3)},${round(y + h / 2 - 0.3)}h4`;
      const text = `${names[order[i]]} · ${names[order[j]]}: ${number(r, { digits: 2 })}`;
      if (!narrow) {
        hovers.push(
          `<rect x="${x}" y="${y}" width="${round(w)}" height="${round(h)}"><title>${escapeHtml(text)}</title></rect>`,
        );
      }
      if (written) {
        numbers.push(
          textSvg(j * w + w / 2, i * h + h / 2 + 4, number(r, { digits: 2 }), {
            size: 10,
            fill: color(Math.abs(r) > 0.62 ? "paper" : "ink"),
          }),
        );
      }
    }
  }
  const cells = [...paths].map(([fill, d]) => `<path d="${d}" fill="${fill}"/>`).join("");
  const signs = minus && `<path d="${minus}" stroke="${color("paper")}" stroke-width="1.2"/>`; // legible in grey too
  const labels = shown.map((name, i) => {
    const free = i * h < 48 ? scaleLeft(width, narrow) - i * w - 16 : width; // the scale is in that corner
    const text = fitText(name, free, size);
    return textSvg(i * w + 3, i * h + h / 2 + 0.36 * size, text, { anchor: "start", fill: color("ink"), size });
  });
  const hover = hovers.length ? `<g class="hover" fill="transparent">${hovers.join("")}</g>` : "";
  const height = Math.ceil(F * h + 2);
  return tidySvg(
    svgOf(width, height, cells + signs + numbers.join("") + labels.join("") + scale(width, narrow) + hover),
  );
}

/** Where the scale begins, px. */
function scaleLeft(width: number, narrow: boolean): number {
  return width - 21 * (narrow ? 5 : 8) - 14;
}

/** The colours' meaning, in the empty corner. */
function scale(width: number, narrow: boolean): string {
  const [w, n] = [narrow ? 5 : 8, 21];
  const left = scaleLeft(width, narrow);
  const cells = Array.from(
    { length: n },
    (_, i) => `<rect x="${left + i * w}" y="18" width="${w}" height="9" fill="${diverging((i - 10) / 10)}"/>`,
  );
  const at = (r: number) => left + ((r + 1) / 2) * n * w;
  const ticks = [-1, 0, 1].map((r) => textSvg(at(r), 40, number(r), { size: 10.5 }));
  return textSvg(left, 12, "Correlation", { anchor: "start" }) + cells.join("") + ticks.join("");
}
