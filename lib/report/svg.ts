import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { hashOf } from "../base/hash.ts";
import { theme } from "./theme.ts";

const { document } = parseHTML("<html><body></body></html>");
const font = theme.font.replaceAll('"', ""); // goes into an attribute; names of several words may stand unquoted

/** Draws with Observable Plot on the server: its options, our type and ink, and SVG text fit for a page. */
export function plotSvg(options: Plot.PlotOptions): string {
  const drawn = Plot.plot({
    marginTop: 20,
    marginBottom: 34,
    ...options,
    document: document as unknown as Document,
    className: "plot",
  });
  return tidySvg(drawn.outerHTML);
}

/**
 * Stands on its own and small: namespace, type and ink set, the library's style sheet and labels for screen readers
 * gone (the figure has its own text), classes too but `hover` and `over`, positions to a tenth of a pixel, ids that no other figure has.
 */
export function tidySvg(svg: string): string {
  const bare = svg
    .replace(/<style>[\s\S]*?<\/style>/g, "")
    .replace(/^<svg[^>]*>/, (head) => `<svg${head.match(/ viewBox="[^"]*"/)?.[0] ?? ""}>`)
    .replace(/ (?:aria-[a-z]+|role|class|font-family)="(?!hover|over)[^"]*"/g, "")
    .replace(/ (d|transform|x|y|x1|x2|y1|y2|cx|cy|r|width|height|points)="([^"]*)"/g, (_all, name, value) => {
      if (name === "d" && /^M[-\d.,MLZ]{60,}$/.test(value)) return ` d="${relativePath(value)}"`;
      return ` ${name}="${value.replace(/-?\d+\.\d+(?:e-?\d+)?(?![\d.]*em)/g, tenth)}"`;
    })
    .replace(/<path[^>]* display="none"\/>/g, "")
    .replace(/ (?=\/>)/g, "")
    .replace(/<g>([^<]*)<\/g>|<g\/>/g, "$1");
  return unique(bare.replace(/^<svg/, `<svg xmlns="http://www.w3.org/2000/svg" ${type()}`));
}

/** Puts drawings of equal width one under the other, so that their time axes agree. */
export function stackSvg(parts: readonly string[], gap = 0): string {
  let top = 0;
  const placed = parts.map((part) => {
    const { width, height } = sizeOf(part);
    const inner = part.replace(/^<svg[^>]*>/, `<g transform="translate(0,${top})">`).replace(/<\/svg>$/, "</g>");
    top += height + gap;
    return { inner, width };
  });
  const width = Math.max(...placed.map((part) => part.width));
  const height = top - gap;
  return whole(width, height, placed.map((part) => part.inner).join(""));
}

/** Puts drawings side by side, their tops aligned. */
export function besideSvg(parts: readonly string[], gap = 0): string {
  let left = 0;
  let height = 0;
  const placed = parts.map((part) => {
    const size = sizeOf(part);
    const inner = part.replace(/^<svg[^>]*>/, `<g transform="translate(${left},0)">`).replace(/<\/svg>$/, "</g>");
    left += size.width + gap;
    height = Math.max(height, size.height);
    return inner;
  });
  return whole(left - gap, height, placed.join(""));
}

/** Width and height of a drawing in px, from its view box. */
export function sizeOf(svg: string): { width: number; height: number } {
  const [, width, height] = svg.match(/^<svg[^>]*viewBox="0 0 ([\d.]+) ([\d.]+)"/) ?? [];
  if (!width || !height) {
    throw new SyntaxError(`Cannot size an SVG without a view box from 0 0: current value is ${svg.slice(0, 80)}`);
  }
  return { width: Number(width), height: Number(height) };
}

function whole(width: number, height: number, inside: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" ${type()} viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">${inside}</svg>`;
}

function type(): string {
  return `fill="currentColor" color="var(--ink)" font-family="${font}" font-size="${theme.size.figure}" text-anchor="middle" style="white-space:pre"`;
}

/** A path of absolute M and L as steps of tenths of a pixel: two thirds of the bytes, and no drift. */
function relativePath(path: string): string {
  let [x, y, startX, startY] = [0, 0, 0, 0];
  const steps = path.match(/[ML][^MLZ]+|Z/g)!.map((step) => {
    if (step === "Z") {
      [x, y] = [startX, startY];
      return "z";
    }
    const [toX, toY] = step.slice(1).split(",").map((number) => Math.round(10 * Number(number)));
    const move = `${step[0].toLowerCase()}${short(toX - x)}${toY < y ? "" : " "}${short(toY - y)}`;
    [x, y] = [toX, toY];
    if (step[0] === "M") [startX, startY] = [x, y];
    return move;
  });
  return steps.join("").replace(/(?<=l[^lmz]*)l(?=-)/g, "").replace(/(?<=l[^lmz]*)l/g, " ");
}

function short(tenths: number): string {
  return String(tenths / 10).replace(/^(-?)0\./, "$1.");
}

function tenth(number: string): string {
  return String(Math.round(Number(number) * 10) / 10);
}

/** Renames ids by the drawing's own content: two figures in one page can't share a clip path, and reruns are equal. */
function unique(svg: string): string {
  const names = [...svg.matchAll(/ id="([^"]+)"/g)].map(([, name]) => name);
  if (names.length === 0) return svg;
  const numbers = new Map(names.map((name, i) => [name, i]));
  const rename = (text: string, prefix: string) =>
    text.replace(/ id="([^"]+)"|url\(#([^)]+)\)|href="#([^"]+)"/g, (found, a, b, c) => {
      const name = a ?? b ?? c;
      return numbers.has(name) ? found.replace(name, `${prefix}${numbers.get(name)}`) : found;
    });
  return rename(svg, `c${hashOf(rename(svg, "")).slice(0, 8)}-`);
}
