import { AnsiUp } from "ansi_up";
import { escapeHtml } from "../base/progress.ts";
import { FIGURE_MIME, type FigureContent, figureHtml } from "./figure.ts";
import { formula, highlight, markdownHtml } from "./markdown.ts";
import { type MimeData, type MultilineText, type Output, textOf } from "./notebook.ts";
import { plainTables, sanitizeHtml } from "./sanitize.ts";
import { SUMMARY_MIME } from "./summary.ts";

/** Text longer than this many lines is folded. */
const LONG = 40;

/**
 * One output as HTML that fits the page: figures and tables of ours in the page's own colours, everything else that
 * notebooks know (HTML, SVG, pictures, Markdown, LaTeX, Vega-Lite, JSON, text with ANSI colours, errors) as it is, with
 * nothing left that refers outside. Empty for what does not belong into a report: the summary, which is its header, and
 * progress bars.
 */
export async function outputHtml(output: Output, cell: number): Promise<string> {
  if (output.output_type === "stream") return streamHtml(textOf(output.text), output.name);
  if (output.output_type === "error") return errorHtml(output);
  return await dataHtml(output.data, cell);
}

/** An error with its trace; places in the notebook are already in it. */
export function errorHtml({ ename, evalue, traceback }: Extract<Output, { output_type: "error" }>): string {
  const lines = traceback.flatMap((line) => line.split("\n"));
  const head = lines[0]?.includes(evalue.split("\n")[0]) ? lines.slice(1) : lines;
  const trace = head.length > 0 ? `<pre>${ansi(head.join("\n"))}</pre>` : "";
  return `<div class="error" role="alert"><p><strong>${escapeHtml(ename)}</strong> ${
    escapeHtml(evalue)
  }</p>${trace}</div>`;
}

async function dataHtml(data: MimeData, cell: number): Promise<string> {
  if (SUMMARY_MIME in data) return "";
  if (FIGURE_MIME in data) return figureHtml(data[FIGURE_MIME] as FigureContent);
  const text = (type: string) => type in data ? textOf(data[type] as MultilineText) : undefined;

  const vegaLite = Object.keys(data).find((type) => /^application\/vnd\.vegalite\.v\d+(\.\d+)*\+json$/.test(type));
  if (vegaLite) return await vegaLiteHtml(data[vegaLite], cell);
  const html = text("text/html");
  if (html !== undefined) {
    return /^\s*<div>\s*<progress\b/.test(html) ? "" : `<div class="output">${plainTables(sanitizeHtml(html))}</div>`;
  }
  const svg = text("image/svg+xml");
  if (svg !== undefined) return svgHtml(svg, cell);
  for (const type of ["image/png", "image/jpeg", "image/gif", "image/webp"]) {
    const image = text(type);
    if (image !== undefined) return imageHtml(`data:${type};base64,${image.replace(/\s/g, "")}`, cell);
  }
  const markdown = text("text/markdown");
  if (markdown !== undefined) return `<div class="prose">${markdownHtml(markdown)}</div>`;
  const latex = text("text/latex");
  if (latex !== undefined) return `<div class="formula">${formula(latex.trim().replace(/^\$+|\$+$/g, ""), true)}</div>`;
  if ("application/json" in data) return jsonHtml(data["application/json"]);
  const plain = text("text/plain");
  return plain === undefined || plain === "" ? "" : streamHtml(plain, "stdout");
}

/** Text as a terminal would show it. */
function streamHtml(text: string, name: "stdout" | "stderr"): string {
  const shown = overwritten(text).replace(/\n$/, "");
  if (shown.trim() === "") return "";
  const block = `<pre class="stream ${name}" tabindex="0">${ansi(shown)}</pre>`;
  const lines = shown.split("\n").length;
  return lines > LONG ? `<details class="long"><summary>${lines} lines of text</summary>${block}</details>` : block;
}

/** What is left of each line when a carriage return starts it anew. */
function overwritten(text: string): string {
  return text.replaceAll("\r\n", "\n").split("\n").map((line) => line.replace(/\r+$/, "").split("\r").at(-1)!).join(
    "\n",
  );
}

function ansi(text: string): string {
  const converter = new AnsiUp();
  converter.use_classes = true; // the page has the colours, for light and dark
  converter.url_allowlist = {};
  return converter.ansi_to_html(text);
}

function jsonHtml(value: unknown): string {
  const text = JSON.stringify(value, null, 2);
  const block = `<pre class="listing"><code>${highlight(text, "json")}</code></pre>`;
  return text.split("\n").length > LONG ? `<details class="long"><summary>JSON</summary>${block}</details>` : block;
}

/** A drawing in the page's colours stands in the page; any other one keeps to itself, on paper. */
function svgHtml(svg: string, cell: number): string {
  if (svg.includes("var(--")) {
    return `<div class="output drawing">${sanitizeHtml(svg.replace(/^[\s\S]*?(?=<svg\b)/, ""))}</div>`;
  }
  const bytes = new TextEncoder().encode(
    svg.replace(/<svg(?![^>]*\sxmlns=)/, '<svg xmlns="http://www.w3.org/2000/svg"'),
  );
  return imageHtml(`data:image/svg+xml;base64,${bytes.toBase64()}`, cell);
}

function imageHtml(source: string, cell: number): string {
  return `<div class="output sheet"><img alt="Picture made by cell ${cell}" src="${escapeHtml(source)}"></div>`;
}

/** A chart of a notebook's own: drawn here, so that the page needs no library. */
async function vegaLiteHtml(spec: unknown, cell: number): Promise<string> {
  const { vegaFigure } = await import("./vega.ts"); // heavy, and most charts are figures of ours
  const { title, description, ...rest } = spec as Record<string, unknown>;
  const named = typeof title === "string" ? title : "";
  const alt = typeof description === "string" ? description : named || `Chart made by cell ${cell}`;
  const room = "mark" in rest || "layer" in rest; // other compositions have widths of their own
  const draw = (width: number) => structuredClone({ ...(room && { width: width - 90 }), ...rest }) as never;
  const chart = await vegaFigure(draw, { title: named, alt });
  const { svg, narrow, wide, caption } = chart;
  return figureHtml({ title: named, alt, svg, ...(narrow && { narrow }), wide, caption });
}
