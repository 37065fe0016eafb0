import * as Plot from "@observablehq/plot";
import { escapeHtml } from "../../base/progress.ts";
import { compact, number } from "../format.ts";
import { plotSvg } from "../svg.ts";
import { category, color, type Role, theme } from "../theme.ts";
import type { Period, Series } from "./inputs.ts";
import { thin } from "./thin.ts";

/** Whether a figure is drawn for a phone: keys above instead of labels beside, fewer ticks, no hover. */
export function isNarrow(width: number): boolean {
  return width <= 420;
}

/** Space left of every panel, px: equal for all of one width, so that stacked panels share their axis. */
export function leftOf(width: number): number {
  return isNarrow(width) ? 42 : 56;
}

/** An axis of numbers or times. */
export interface Axis {
  readonly domain: readonly [number, number];
  readonly kind?: "linear" | "log" | "time";
  readonly label?: string; // "Price, USD"
  readonly ticks?: readonly number[];
  readonly format?: (value: number) => string;
}

/** A label at the right end of a line. */
export interface EndLabel {
  readonly text: string;
  readonly value: number;
  readonly colour: string;
}

/** What a panel is made of. */
export interface Panel {
  readonly width: number;
  readonly height: number;
  readonly x: Axis;
  readonly y: Axis;
  readonly marks: readonly Plot.Markish[];
  readonly periods?: readonly Period[]; // shaded behind everything
  readonly periodNames?: boolean; // written at the top of the shading; default true
  readonly zero?: number; // where the base line lies; none without
  readonly xLabels?: boolean; // ticks and label below; default true
  readonly right?: number; // px right of the panel
  readonly left?: number;
  readonly top?: number;
  readonly labels?: readonly EndLabel[];
}

/** One set of axes with its marks: the building block of nearly every figure here. */
export function panel(p: Panel): string {
  const { width, height, x, y } = p;
  const narrow = isNarrow(width);
  const margin = {
    top: p.top ?? (y.label ? 24 : 8),
    right: p.right ?? (narrow ? 10 : rightFor(p.labels ?? [])),
    bottom: p.xLabels === false ? 8 : x.label ? 42 : 34,
    left: p.left ?? leftOf(width),
  };
  const inside = { width: width - margin.left - margin.right, height: height - margin.top - margin.bottom };
  const yTicks = y.ticks ??
    (y.kind === "log" ? logTicks : niceTicks)(y.domain, Math.max(inside.height > 60 ? 4 : 2, inside.height / 30));
  const xTicks = x.ticks ?? (x.kind === "log" ? logTicks : niceTicks)(x.domain, inside.width / (narrow ? 52 : 70));
  const type = { fill: color("muted"), fontSize: narrow ? 10.5 : 11.5 };
  const svg = plotSvg({
    width,
    height,
    marginTop: margin.top,
    marginRight: margin.right,
    marginBottom: margin.bottom,
    marginLeft: margin.left,
    x: { type: x.kind === "time" ? "utc" : x.kind ?? "linear", domain: [...x.domain], axis: null },
    y: { type: y.kind === "log" ? "log" : "linear", domain: [...y.domain], axis: null },
    marks: [
      periodBands(p.periods ?? [], x.domain),
      Plot.ruleY(yTicks, { stroke: color("grid"), strokeWidth: 1 }),
      p.zero === undefined ? null : Plot.ruleY([p.zero], { stroke: color("muted"), strokeWidth: 1 }),
      ...p.marks,
      // Plot's own axes leave out labels of a log scale that they find too many, whatever ticks they are given.
      Plot.text(yTicks, {
        y: yTicks,
        text: yTicks.map(y.format ?? tickText(yTicks)),
        frameAnchor: "left",
        textAnchor: "end",
        dx: -7,
        ...type,
      }),
      ...(p.xLabels === false ? [] : x.kind === "time" ? [timeTicks(inside.width, narrow)] : [
        Plot.text(xTicks, {
          x: xTicks,
          text: xTicks.map(x.format ?? tickText(xTicks)),
          frameAnchor: "bottom",
          lineAnchor: "top",
          dy: 9,
          ...type,
        }),
        Plot.tickX(xTicks, { stroke: color("muted"), insetTop: inside.height, insetBottom: -4 }),
      ]),
    ],
  });
  const words = [
    y.label && textSvg(narrow ? 0 : margin.left, 12, y.label, { anchor: "start" }),
    p.periodNames === false ? "" : periodNames(p.periods ?? [], x.domain, margin, inside.width),
    p.xLabels === false || !x.label ? "" : textSvg(width - margin.right, height - 3, x.label, { anchor: "end" }),
    narrow ? "" : endLabels(p.labels ?? [], y, width - margin.right + 6, margin.top, inside.height),
  ];
  return svg.replace(/<\/svg>$/, `${words.filter(Boolean).join("")}</svg>`);
}

/** Px that labels need right of a panel. */
export function rightFor(labels: readonly { readonly text: string }[]): number {
  return labels.length === 0 ? 14 : 12 + Math.max(...labels.map(({ text }) => 1.16 * textWidth(text))); // they are bold
}

/** Roughly how wide a text is in figure type, px; on the safe side of the widest of the system's fonts. */
export function textWidth(text: string, size: number = theme.size.figure): number {
  return Math.ceil(0.62 * size * text.length);
}

/** The text if it is at most `px` wide, else its two ends with an ellipsis between: names differ at both. */
export function fitText(text: string, px: number, size: number = theme.size.figure): string {
  if (textWidth(text, size) <= px) return text;
  const room = Math.max(2, Math.floor(px / (0.62 * size)) - 1);
  const tail = Math.floor(room / 3);
  return `${text.slice(0, room - tail)}…${tail > 0 ? text.slice(-tail) : ""}`;
}

/** A text of a drawing. */
export function textSvg(
  x: number,
  y: number,
  text: string,
  { anchor = "middle", fill = color("muted"), size = 11.5, weight = "" } = {},
): string {
  const bold = weight && ` font-weight="${weight}"`;
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" fill="${fill}" font-size="${size}"${bold}>${
    escapeHtml(text)
  }</text>`;
}

/** Dashes of series without a role, so that they can be told apart in grey. */
const DASHES = ["none", "7 3", "2 2", "9 3 2 3"];

/** Colour, width and dash of a series: by its role, else by its place in the list. */
export function lineStyle(
  series: { readonly role?: Role },
  i = 0,
): { stroke: string; strokeWidth: number; strokeDasharray: string } {
  if (!series.role) return { stroke: category(i), strokeWidth: 1.5, strokeDasharray: DASHES[i % DASHES.length] };
  const { width, dash } = theme.stroke[series.role];
  return { stroke: color(series.role), strokeWidth: width, strokeDasharray: dash };
}

/** The lines of several series, thinned; the agent's last, so that it lies on top. */
export function lines(at: ArrayLike<number>, series: readonly Series[], width: number): Plot.Markish[] {
  const budget = Math.min(width * 1.4, 3600 / series.length);
  const marks = series.map((one, i) => {
    const { at: x, values: y } = thin(at, one.values, budget);
    return Plot.line(x, { x, y, ...lineStyle(one, i), strokeLinejoin: "round" });
  });
  const agent = series.findIndex(({ role }) => role === "agent");
  if (agent >= 0) marks.push(...marks.splice(agent, 1));
  return marks;
}

/** Labels for the ends of series: the name, at its last value. */
export function endLabelsOf(series: readonly Series[], text = (one: Series, _last: number) => one.name): EndLabel[] {
  return series.map((one, i) => {
    const last = lastFinite(one.values);
    return { text: text(one, last), value: last, colour: lineStyle(one, i).stroke };
  });
}

/** The last value that is a number; NaN when none is. */
export function lastFinite(values: ArrayLike<number>): number {
  for (let i = values.length - 1; i >= 0; i--) if (Number.isFinite(values[i])) return values[i];
  return NaN;
}

/** An entry of a key: a sample of its line or, without `stroke`, a text that carries its own sign. */
export interface KeyItem {
  readonly text: string;
  readonly stroke?: string;
  readonly strokeDasharray?: string;
  readonly strokeWidth?: number;
  readonly fill?: string; // of a square instead of a line
}

/** Names with a sample, in rows: what a phone gets instead of labels at the lines' ends. */
export function keyRow(width: number, items: readonly KeyItem[], left = 0): string {
  let [x, y] = [left, 13];
  const parts = items.map(({ text, stroke, strokeDasharray = "none", strokeWidth = 2, fill }) => {
    const sample = stroke || fill ? 21 : 0;
    const size = sample + textWidth(text, 11.5) + 14;
    if (x > left && x + size - 14 > width) [x, y] = [left, y + 17];
    const drawn = fill
      ? `<rect x="${x + 3}" y="${y - 9}" width="10" height="10" fill="${fill}"/>`
      : stroke
      ? `<path d="M${x},${
        y - 4
      }h16" stroke="${stroke}" stroke-width="${strokeWidth}" stroke-dasharray="${strokeDasharray}"/>`
      : "";
    const word = textSvg(x + sample, y, text, { anchor: "start", fill: color("ink") });
    x += size;
    return drawn + word;
  });
  return svgOf(width, y + 7, parts.join(""));
}

/** A drawing of ready parts. */
export function svgOf(width: number, height: number, inside: string): string {
  return `<svg viewBox="0 0 ${width} ${height}">${inside}</svg>`;
}

/** Something to point at: its place along the axis, and what it says. */
export interface HoverBand {
  readonly from: number;
  readonly to: number;
  readonly title: string;
}

/** Lays invisible bands over a drawing that say their values when pointed at; nothing on a phone, which can't point. */
export function withHover(
  svg: string,
  bands: readonly HoverBand[],
  { width, height, left = leftOf(width), right, top = 0, domain }: {
    width: number;
    height: number;
    left?: number;
    right: number;
    top?: number;
    domain: readonly [number, number];
  },
): string {
  if (isNarrow(width)) return svg;
  const scale = (width - left - right) / (domain[1] - domain[0]);
  const rects = bands.map(({ from, to, title }) => {
    const x = left + (from - domain[0]) * scale;
    return `<rect x="${round(x)}" y="${top}" width="${
      round(Math.max(0.5, (to - from) * scale))
    }" height="${height}"><title>${escapeHtml(title)}</title></rect>`;
  });
  const over = svg.match(OVER)?.join("") ?? "";
  const hover = `<g class="hover" fill="transparent">${rects.join("")}</g>`;
  return svg.replace(OVER, "").replace(/<\/svg>$/, `${hover}${over}</svg>`);
}

/** Marks of the class `over` have hover texts of their own: they lie on top of the bands. */
const OVER = /<g[^>]* class="over"[^>]*>[\s\S]*?<\/g>/g;

/** Lowest and highest finite value of several series; [0, 1] when there is none. */
export function extent(...all: ArrayLike<number>[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const values of all) {
    for (let i = 0; i < values.length; i++) {
      if (!Number.isFinite(values[i])) continue;
      low = Math.min(low, values[i]);
      high = Math.max(high, values[i]);
    }
  }
  return low <= high ? [low, high] : [0, 1];
}

/** The domain with room at both ends, so that no line touches the frame; a flat one gets some width. */
export function padded(
  [low, high]: readonly [number, number],
  share = 0.05,
  kind: "linear" | "log" = "linear",
): [number, number] {
  if (kind === "log") {
    const room = low === high ? 1.1 : (high / low) ** share;
    return [low / room, high * room];
  }
  const room = low === high ? Math.abs(low) * 0.1 || 1 : (high - low) * share;
  return [low - room, high + room];
}

/** Whether a price should be drawn on a log axis: positive, and grown or fallen more than threefold within the span. */
export function wantsLog([low, high]: readonly [number, number]): boolean {
  return low > 0 && high / low > 3;
}

/** Round values of a log axis: 1, 2, 5 × powers of ten, thinned to about `count`; linear steps where it is short. */
export function logTicks([low, high]: readonly [number, number], count: number): number[] {
  if (high / low < 4) return niceTicks([low, high], count);
  for (const steps of [[1, 1.5, 2, 3, 4, 5, 6, 8], [1, 2, 3, 5], [1, 2, 5], [1, 3], [1]]) {
    const ticks: number[] = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
      ticks.push(...steps.map((s) => Number((s * 10 ** power).toPrecision(6))).filter((t) => t >= low && t <= high));
    }
    if (ticks.length <= count) return ticks.length >= 2 ? ticks : niceTicks([low, high], count);
  }
  return niceTicks([Math.log10(low), Math.log10(high)], count).map((power) => 10 ** power);
}

/** Round values of a linear axis, about `count` of them. */
export function niceTicks([low, high]: readonly [number, number], count: number): number[] {
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((s) => s * power).find((s) => s >= rough * 0.999) ?? 10 * power;
  const ticks: number[] = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) {
    ticks.push(Number((k * step).toPrecision(12)));
  }
  return ticks;
}

/** Writes ticks with as many decimals as tell them apart, and no more. */
export function tickText(ticks: readonly number[]): (value: number) => string {
  const size = Math.max(...ticks.map(Math.abs));
  if (size >= 10_000) return compact;
  const digits = Math.max(0, ...ticks.map((t) => (String(Number(t.toPrecision(10))).split(".")[1] ?? "").length));
  return (value) => number(value, { digits: Math.min(digits, 8) });
}

/** `25 %` of 0.25 for an axis. */
export function percentTick(share: number): string {
  return `${compact(100 * share)}\u00a0%`;
}

/** To a tenth of a pixel. */
export function round(px: number): number {
  return Math.round(10 * px) / 10;
}

/** Ticks at round dates, in two lines where the year or month changes. */
function timeTicks(width: number, narrow: boolean): Plot.Markish {
  return Plot.axisX({
    fill: color("muted"),
    stroke: color("muted"),
    fontSize: narrow ? 10.5 : 11.5,
    ticks: Math.max(2, Math.floor(width / (narrow ? 62 : 84))),
    tickSize: 4,
    label: null,
  });
}

function periodBands(periods: readonly Period[], [from, to]: readonly [number, number]): Plot.Markish[] {
  const shown = periods.filter((p) => p.to > from && p.from < to);
  return [
    Plot.rect(shown, {
      x1: (p: Period) => Math.max(p.from, from),
      x2: (p: Period) => Math.min(p.to, to),
      fill: (p: Period) => color(p.name),
    }),
    Plot.ruleX(shown.map((p) => p.from).filter((at) => at > from), {
      stroke: color("muted"),
      strokeOpacity: 0.6,
      strokeDasharray: "2 3",
    }),
  ];
}

function periodNames(
  periods: readonly Period[],
  [from, to]: readonly [number, number],
  margin: { readonly left: number; readonly top: number },
  width: number,
): string {
  return periods.map((p) => {
    const start = Math.max(0, (p.from - from) / (to - from)) * width;
    const end = Math.min(1, (p.to - from) / (to - from)) * width;
    const text = end - start > textWidth(p.name, 10.5) + 8 ? p.name : end - start > 26 ? `${p.name.slice(0, 3)}.` : "";
    // Lines may pass under it: a rim in the period's colour keeps it legible.
    const rim = `<text paint-order="stroke" stroke="${color(p.name)}" stroke-width="3" stroke-linejoin="round"`;
    return text &&
      textSvg(margin.left + start + 5, margin.top + 12, text, { anchor: "start", size: 10.5 }).replace("<text", rim);
  }).join("");
}

function endLabels(labels: readonly EndLabel[], y: Axis, x: number, top: number, height: number): string {
  const [low, high] = y.kind === "log" ? y.domain.map(Math.log) : y.domain;
  const places = labels.filter(({ value }) => Number.isFinite(value)).map((label) => {
    const value = y.kind === "log" ? Math.log(label.value) : label.value;
    const want = top + height * (1 - (Math.min(high, Math.max(low, value)) - low) / (high - low));
    return { ...label, want, at: want };
  }).sort((a, b) => a.want - b.want);
  spread(places, top + 4, top + height, 14);
  return places.map(({ text, colour, want, at }) => {
    const leader = Math.abs(at - want) > 5
      ? `<path d="M${x - 5},${round(want)}L${x - 1},${round(at)}" stroke="${colour}" stroke-width="0.8" fill="none"/>`
      : "";
    return leader +
      textSvg(x + 1, at + 4, text, { anchor: "start", fill: colour, size: theme.size.figure, weight: "600" });
  }).join("");
}

/** Moves places (ascending) apart to at least `gap`, as little as possible, within [low, high]. */
function spread(places: { at: number }[], low: number, high: number, gap: number): void {
  for (let pass = 0; pass < 60; pass++) {
    let moved = false;
    for (let i = 1; i < places.length; i++) {
      const lack = gap - (places[i].at - places[i - 1].at);
      if (lack <= 0.01) continue;
      places[i - 1].at -= lack / 2;
      places[i].at += lack / 2;
      moved = true;
    }
    if (places.length > 0) {
      const first = low - places[0].at;
      if (first > 0) places[0].at += first;
      const last = places[places.length - 1].at - high;
      if (last > 0) places[places.length - 1].at -= last;
      moved ||= first > 0.01 || last > 0.01;
    }
    if (!moved) return;
  }
}
