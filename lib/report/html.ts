import { createHash } from "node:crypto";
import { log } from "../base/log.ts";
import { escapeHtml } from "../base/progress.ts";
import { formatDate } from "../base/time.ts";
import type { CellError } from "./execute.ts";
import { embedFacts, embedRun, type ReportFacts } from "./facts.ts";
import { FIGURE_MIME, type FigureContent } from "./figure.ts";
import { capital } from "./format.ts";
import { type Heading, highlight, markdownHtml } from "./markdown.ts";
import {
  type Cell,
  type CodeCell,
  codeCells,
  declaredParameters,
  hasTag,
  type MultilineText,
  type Notebook,
  type Parameters,
  textOf,
} from "./notebook.ts";
import { outputHtml } from "./outputs.ts";
import { pageScript } from "./page_script.ts";
import { pageCss } from "./page_style.ts";
import { scrub, scrubNotebook } from "./scrub.ts";
import { type Badge, type Summary, SUMMARY_MIME, type Tile } from "./summary.ts";

/** What goes on a page beside the notebook itself. */
export interface ReportOptions {
  /** The notebook's name: `03_backtest`. */
  readonly name: string;
  /** Without it the notebook's first heading. */
  readonly title?: string;
  /** Data, span, hashes, seeds, commit …, beside what the notebook's summary says. `run` is kept apart. */
  readonly provenance?: Readonly<Record<string, string>>;
  /** Settings by path, shown folded at the end. */
  readonly config?: Readonly<Record<string, string>>;
  /** When it was made, ms UTC. */
  readonly time?: number;
  /** Where the run can be looked at. */
  readonly runUrl?: string;
  /** Why the notebook was not run to its end. */
  readonly error?: CellError;
  /** Lies over the page: `"one seed"`. */
  readonly watermark?: string;
  /** Whether code is folded away under what it made, open, or only in the listing at the end. */
  readonly code?: "fold" | "show" | "hide";
  /** The project's folder, taken out of paths. */
  readonly root?: string;
}

/**
 * An executed notebook as one HTML page that needs nothing else: no script, style, picture or font from outside.
 *
 * The first `summary()` that a cell shows becomes the header; cells tagged `half` stand side by side, `hide-input`,
 * `hide-output` and `remove-cell` (also nbconvert's `remove_input`, …) do what they say. Secrets and this machine's
 * paths are taken out. Two pages of equal runs differ only in what `withoutRun` leaves out.
 */
export async function renderReport(source: Notebook, options: ReportOptions): Promise<string> {
  const { name, code = "fold", time = NaN, runUrl, error, watermark, root = Deno.cwd() } = options;
  const notebook = scrubNotebook(source, root);
  const said = summaryOf(notebook);
  const { title, cells } = takeTitle(notebook, options.title ?? name);
  const { run, ...provenance } = scrubValues({ ...said?.provenance, ...options.provenance }, root);
  const facts: ReportFacts = {
    schema: 1,
    name,
    title,
    status: error ? "failed" : "finished",
    ...(error && { error: { ...error, message: scrub(error.message, root) } }),
    finding: said?.finding ?? "",
    tiles: said?.tiles ?? [],
    badges: said?.badges ?? [],
    metrics: finite(said?.metrics ?? {}),
    provenance,
    parameters: parametersOf(notebook),
    config: scrubValues(options.config ?? {}, root),
  };
  const headings: Heading[] = [];
  const body = await bodyHtml(cells, notebook, code, error, headings);
  const live = hasLiveFigure(notebook);
  const scripts = [pageScript(), ...(live ? [await (await import("./vega.ts")).vegaScript()] : [])];
  const shownRun = runHtml(time, run, runUrl);
  const html = page(title, scripts, {
    evaluates: live,
    content: `${watermark ? watermarkHtml(watermark) : ""}<header>
${watermark ? `<p class="stamp">${escapeHtml(watermark)}</p>` : ""}<h1>${escapeHtml(title)}</h1>
${facts.error ? bannerHtml(facts.error) : ""}${findingHtml(facts)}${provenanceHtml(provenance)}
${embedRun({ time, ...(run && { run }), ...(runUrl && { runUrl }) }, shownRun)}
${contentsHtml(headings)}</header>
<main id="main">
${body}</main>
${appendixHtml(facts, notebook)}
${embedFacts(facts)}`,
  });
  if (html.length > large) {
    log("warn", `The report ${name} has ${(html.length / 1e6).toFixed(1)} MB: plot fewer points or show less text`);
  }
  return html;
}

/** A page over 2 MB is slow on a phone. */
const large = 2e6;

/** The document around a page's content, with its style and a policy that lets nothing in from outside. */
export function page(
  title: string,
  scripts: readonly string[],
  { content, evaluates = false }: { readonly content: string; readonly evaluates?: boolean },
): string {
  const hashes = scripts.map((script) => `'sha256-${createHash("sha256").update(script).digest("base64")}'`);
  const policy = [
    "default-src 'none'",
    `script-src ${hashes.join(" ")}${evaluates ? " 'unsafe-eval'" : ""}`, // Vega compiles its expressions
    "style-src 'unsafe-inline'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>
${pageCss()}</style>
</head>
<body>
<a class="skip" href="#main">To the content</a>
${content}
${scripts.map((script) => `<script>${script}</script>`).join("\n")}
</body>
</html>
`;
}

/** Key figures, each beside its yardstick. */
export function tilesHtml(tiles: readonly Tile[]): string {
  if (tiles.length === 0) return "";
  const items = tiles.map(({ label, value, beside, tone }) =>
    `<li class="tile${tone ? ` ${tone}` : ""}"><span class="tile-label">${escapeHtml(label)}</span> ` +
    `<span class="tile-value">${escapeHtml(value)}</span> ` +
    `${beside ? `<span class="tile-beside">${escapeHtml(beside)}</span>` : ""}</li>`
  );
  return `<ul class="tiles">${items.join("")}</ul>\n`;
}

/** The first summary that a cell shows. */
export function summaryOf({ cells }: Notebook): Summary | undefined {
  for (const cell of cells) {
    for (const output of cell.cell_type === "code" ? cell.outputs : []) {
      if ("data" in output && SUMMARY_MIME in output.data) return output.data[SUMMARY_MIME] as Summary;
    }
  }
}

async function bodyHtml(
  cells: readonly Cell[],
  notebook: Notebook,
  code: "fold" | "show" | "hide",
  error: CellError | undefined,
  headings: Heading[],
): Promise<string> {
  const numbers = new Map(codeCells(notebook).map((cell, i): [Cell, number] => [cell, i + 1]));
  const parts: string[] = [];
  let unseen: CodeCell[] = []; // their code goes with the next thing shown
  const flush = () => {
    if (unseen.length > 0) parts.push(codeHtml(unseen, numbers, code));
    unseen = [];
  };
  for (const [i, cell] of cells.entries()) {
    if (tagged(cell, "remove-cell")) continue;
    if (cell.cell_type === "markdown") {
      const html = markdownHtml(withAttachments(cell), headings);
      if (html.trim() === "") continue;
      flush();
      parts.push(`<div class="prose">${html}</div>`);
    } else if (cell.cell_type === "code") {
      const number = numbers.get(cell) ?? 0;
      const settings = hasTag(cell, "parameters") || hasTag(cell, "injected-parameters");
      if (!settings && !tagged(cell, "remove-input")) unseen.push(cell);
      const shown = tagged(cell, "remove-output")
        ? []
        : await Promise.all(cell.outputs.map((one) => outputHtml(one, number)));
      const outputs = shown.filter((html) => html !== "");
      const failed = error?.cell === number;
      if (outputs.length === 0 && !failed) continue;
      const made = codeHtml(unseen, numbers, failed ? "show" : code, failed ? error : undefined);
      const half = tagged(cell, "half");
      const before = half && i > 0 && isHalf(cells, i - 1);
      const html = `<section class="cell"${failed ? ' id="failed"' : ""}>${failed ? made : ""}${outputs.join("\n")}${
        failed ? "" : made
      }</section>`;
      if (before && parts.at(-1)?.startsWith('<div class="row">')) {
        parts.push(parts.pop()!.replace(/<\/div>$/, `${html}</div>`));
      } else parts.push(half ? `<div class="row">${html}</div>` : html);
      unseen = [];
    }
  }
  flush();
  return parts.join("\n");
}

/** Whether the cell before, code without anything to show left out, stands in a row too. */
function isHalf(cells: readonly Cell[], at: number): boolean {
  const cell = cells[at];
  return cell?.cell_type === "code" && tagged(cell, "half");
}

/** `half`, `hide-input`, or nbconvert's spelling of the same. */
function tagged(cell: Cell, tag: string): boolean {
  const others: Readonly<Record<string, readonly string[]>> = {
    "remove-input": ["remove_input", "hide-input", "hide_input"],
    "remove-output": ["remove_output", "hide-output", "hide_output"],
    "remove-cell": ["remove_cell"],
  };
  return [tag, ...others[tag] ?? []].some((name) => hasTag(cell, name));
}

function codeHtml(
  cells: readonly CodeCell[],
  numbers: ReadonlyMap<Cell, number>,
  code: "fold" | "show" | "hide",
  error?: CellError,
): string {
  if (code === "hide" || cells.length === 0) return "";
  const which = cells.map((cell) => numbers.get(cell)).join(", ");
  const listings = cells.map((cell) => {
    const line = error?.cell === numbers.get(cell) ? error?.line : undefined;
    return listing(textOf(cell.source), line);
  });
  return `<details class="code"${
    code === "show" ? " open" : ""
  }><summary aria-label="code of cell ${which}">code</summary>${listings.join("")}</details>`;
}

function listing(source: string, fault?: number): string {
  const lines = balanced(highlight(source.trimEnd()).split("\n"));
  const marked = lines.map((line, i) => i + 1 === fault ? `<mark class="line-at-fault">${line || " "}</mark>` : line);
  return `<pre class="listing" tabindex="0"><code>${marked.join("\n")}</code></pre>`;
}

/** Closes the spans that a line leaves open, and opens them again on the next. */
function balanced(lines: readonly string[]): string[] {
  let open: string[] = [];
  return lines.map((line) => {
    const before = open.join("");
    for (const [tag] of line.matchAll(/<span[^>]*>|<\/span>/g)) {
      open = tag === "</span>" ? open.slice(0, -1) : [...open, tag];
    }
    return before + line + "</span>".repeat(open.length);
  });
}

function findingHtml({ finding, tiles, badges }: ReportFacts): string {
  const sentence = finding ? `<p class="finding">${escapeHtml(finding)}</p>\n` : "";
  return sentence + tilesHtml(tiles) + badgesHtml(badges);
}

function badgesHtml(badges: readonly Badge[]): string {
  if (badges.length === 0) return "";
  const items = badges.map(({ label, verdict, passed }) =>
    `<li class="${passed ? "passed" : "failed"}"><b>${escapeHtml(capital(label))}</b> ${escapeHtml(verdict)}</li>`
  );
  return `<ul class="badges">${items.join("")}</ul>\n`;
}

function provenanceHtml(provenance: Readonly<Record<string, string>>): string {
  const entries = Object.entries(provenance);
  if (entries.length === 0) return "";
  const rows = entries.map(([name, value]) =>
    `<div${value.length > 44 && !isHash(value) ? ' class="wide"' : ""}><dt>${escapeHtml(name)}</dt><dd>${
      valueHtml(value)
    }</dd></div>`
  );
  return `<dl class="provenance">${rows.join("")}</dl>`;
}

const isHash = (value: string) => /^[0-9a-f]{20,64}\b/.test(value);

/** A hash by its first twelve digits; the whole one is in the tooltip and under "Settings". */
function valueHtml(value: string): string {
  return escapeHtml(value).replace(
    /\b([0-9a-f]{12})[0-9a-f]{8,52}\b/g,
    (whole, start) => `<span class="hash" title="${whole}">${start}</span>`,
  );
}

function runHtml(time: number, run: string | undefined, url: string | undefined): string {
  const when = Number.isFinite(time)
    ? `<time datetime="${new Date(time).toISOString()}">${formatDate(time)} UTC</time>`
    : "";
  const label = run ? `MLflow run <span class="hash">${escapeHtml(run.slice(0, 12))}</span>` : "";
  const link = url && /^https?:/.test(url)
    ? `<a href="${escapeHtml(url)}" rel="noopener">${label || "MLflow run"}</a>`
    : label;
  const parts = [when, link].filter((part) => part !== "");
  return parts.length === 0
    ? ""
    : `<p class="this-run"><span class="name">made</span><span class="value">${parts.join(" ")}</span></p>`;
}

function contentsHtml(headings: readonly Heading[]): string {
  const sections = headings.filter(({ level }) => level === 2);
  if (sections.length < 3) return "";
  const items = sections.map(({ id, html }) => `<li><a href="#${id}">${html}</a></li>`).join("");
  return `<nav class="contents" aria-label="Contents"><strong>contents</strong><ol>${items}</ol></nav>`;
}

function bannerHtml({ cell, line, name, message }: CellError): string {
  return `<div class="banner" role="alert"><p><strong>This notebook failed</strong> in <a href="#failed">cell ${cell}${
    line === undefined ? "" : `, line ${line}`
  }</a>; what it made before that is below.</p><p class="message">${escapeHtml(name)}: ${
    escapeHtml(message)
  }</p></div>\n`;
}

function watermarkHtml(text: string): string {
  return `<div class="watermark" aria-hidden="true"><span>${escapeHtml(text)}</span></div>\n`;
}

function appendixHtml(facts: ReportFacts, notebook: Notebook): string {
  const settings = [
    settingsTable(
      "Parameters of the notebook",
      Object.fromEntries(
        Object.entries(facts.parameters).map(([key, value]) => [key, JSON.stringify(value)]),
      ),
    ),
    settingsTable("Settings", facts.config),
    settingsTable("Provenance", facts.provenance),
    settingsTable(
      "Numbers",
      Object.fromEntries(
        Object.entries(facts.metrics).map(([key, value]) => [key, value === null ? "not finite" : String(value)]),
      ),
    ),
  ].join("");
  const code = codeCells(notebook).map((cell, i) =>
    `<p class="small mark" id="cell-${i + 1}">cell ${i + 1}</p>${listing(textOf(cell.source))}`
  ).join("");
  return `<section class="appendix" aria-label="Settings and code">` +
    (settings ? `<details><summary>Settings, provenance and numbers in full</summary>${settings}</details>` : "") +
    (code ? `<details><summary>All code</summary>${code}</details>` : "") + `</section>`;
}

function settingsTable(caption: string, values: Readonly<Record<string, string>>): string {
  const rows = Object.entries(values).map(([name, value]) =>
    `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`
  );
  return rows.length === 0
    ? ""
    : `<div class="table-scroll"><table class="table plain pairs"><caption>${caption}</caption><tbody>${
      rows.join("")
    }</tbody></table></div>`;
}

/** The first heading of the first level is the report's title; the rest of its cell stays. */
function takeTitle(notebook: Notebook, fallback: string): { title: string; cells: Cell[] } {
  for (const [i, cell] of notebook.cells.entries()) {
    if (cell.cell_type !== "markdown") continue;
    const text = textOf(cell.source);
    const [line, title] = text.match(/^#[ \t]+(.+?)[ \t]*#*[ \t]*$/m) ?? [];
    if (!line) continue;
    const plain = markdownHtml(title).replace(/<[^>]*>/g, "").replace(/&#?\w+;/g, decode).trim();
    return { title: plain, cells: notebook.cells.with(i, { ...cell, source: text.replace(line, "") }) };
  }
  return { title: fallback, cells: notebook.cells };
}

function decode(entity: string): string {
  const named: Readonly<Record<string, string>> = {
    "&amp;": "&",
    "&lt;": "<",
    "&gt;": ">",
    "&quot;": '"',
    "&#39;": "'",
  };
  return named[entity] ?? entity;
}

/** Pictures pasted into a text cell. */
function withAttachments(cell: Cell): string {
  const attachments = (cell as { attachments?: Record<string, Record<string, MultilineText>> }).attachments ?? {};
  return textOf(cell.source).replace(/attachment:([^)\s"]+)/g, (whole, name) => {
    const [type, data] = Object.entries(attachments[decodeURIComponent(name)] ?? {})[0] ?? [];
    return type && data ? `data:${type};base64,${textOf(data).replace(/\s/g, "")}` : whole;
  });
}

/** What the parameters were: the declared defaults and what was injected over them. */
function parametersOf(notebook: Notebook): Parameters {
  const declared = declaredParameters(notebook).map(({ name, value }) => [name, value ?? null]);
  const injected = notebook.cells.find((cell) => hasTag(cell, "injected-parameters"));
  const set = [...textOf(injected?.source ?? "").matchAll(/^let ([^\s=]+) = (.*);$/gm)].map((
    [, name, json],
  ) => [name, JSON.parse(json)]);
  return Object.fromEntries([...declared, ...set]);
}

function hasLiveFigure({ cells }: Notebook): boolean {
  return cells.some((cell) =>
    cell.cell_type === "code" &&
    cell.outputs.some((output) => "data" in output && (output.data[FIGURE_MIME] as FigureContent | undefined)?.vega)
  );
}

function scrubValues(values: Readonly<Record<string, string>>, root: string): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, scrub(String(value), root)]));
}

function finite(values: Readonly<Record<string, number>>): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, Number.isFinite(value) ? value : null]),
  );
}
