import { join } from "node:path";
import { exists, writeAtomic } from "../base/files.ts";
import { escapeHtml } from "../base/progress.ts";
import { formatDate } from "../base/time.ts";
import { readFacts, type ReportFacts, type RunFacts } from "./facts.ts";
import { capital } from "./format.ts";
import { page } from "./html.ts";
import { pageScript } from "./page_script.ts";

/** A report of a folder. */
export interface IndexEntry extends ReportFacts, RunFacts {
  readonly file: string; // its name in the folder
}

/** The reports of a folder, newest first; none where there is no such folder. Other HTML files are left out. */
export async function listReports(folder: string): Promise<IndexEntry[]> {
  const entries: IndexEntry[] = [];
  if (!await exists(folder)) return entries;
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (!isFile || !name.endsWith(".html") || name === "index.html") continue;
    const facts = readFacts(await Deno.readTextFile(join(folder, name)));
    if (facts) entries.push({ ...facts, file: name });
  }
  const age = ({ time }: IndexEntry) => Number.isFinite(time) ? -time : Infinity;
  return entries.sort((a, b) => age(a) - age(b) || (a.file < b.file ? -1 : 1));
}

/**
 * Writes `index.html` of a folder of reports: all of them, newest first, each with its finding and key figures, failed
 * ones marked. With its links relative the folder is a static site as it stands.
 *
 * @returns the path of the index
 */
export async function writeIndex(folder = "reports"): Promise<string> {
  await Deno.mkdir(folder, { recursive: true });
  const path = join(folder, "index.html");
  await writeAtomic(path, indexHtml(await listReports(folder)));
  return path;
}

/** The index as a page. */
export function indexHtml(entries: readonly IndexEntry[]): string {
  const failed = entries.filter(({ status }) => status === "failed").length;
  const count = `${entries.length} report${entries.length === 1 ? "" : "s"}, newest first${
    failed > 0 ? `; ${failed} failed` : ""
  }`;
  const list = entries.length === 0
    ? `<p class="prose">Nothing here yet. <code>deno task report</code> makes one of each notebook.</p>`
    : `<ol class="reports">\n${entries.map(entryHtml).join("\n")}\n</ol>`;
  const content = `<header><h1>Reports</h1><p class="small">${count}</p></header>\n<main id="main">${list}</main>\n` +
    `<footer><p class="small">Each page stands alone: it can be sent, printed or published as it is.</p></footer>`;
  return page("Reports", [pageScript()], { content });
}

function entryHtml({ file, title, status, error, finding, tiles, badges, provenance, time, name }: IndexEntry): string {
  const when = Number.isFinite(time)
    ? `<time datetime="${new Date(time).toISOString()}">${formatDate(time)}</time>`
    : "";
  const mark = error
    ? `<p><span class="failed-mark">✗ failed</span> in cell ${error.cell}: ${escapeHtml(error.name)}: ${
      escapeHtml(error.message)
    }</p>`
    : "";
  const numbers = tiles.map(({ label, value, beside, tone }) =>
    `<li><span>${escapeHtml(label)}</span> <b${tone ? ` class="${tone}"` : ""}>${escapeHtml(value)}</b>${
      beside ? ` <span>${escapeHtml(beside)}</span>` : ""
    }</li>`
  );
  const doubts = badges.filter(({ passed }) => !passed).map(({ label, verdict }) =>
    `<li class="failed"><b>${escapeHtml(capital(label))}</b> ${escapeHtml(verdict)}</li>`
  );
  return `<li class="report" data-status="${status}"><div class="report-when">${
    when + [name, ...told(provenance)].map((text) => `<span>${escapeHtml(text)}</span>`).join("")
  }</div><div>` +
    `<h2><a href="${encodeURIComponent(file)}">${escapeHtml(title)}</a></h2>${mark}` +
    `${finding ? `<p>${escapeHtml(finding)}</p>` : ""}` +
    `${numbers.length > 0 ? `<ul class="numbers">${numbers.join("")}</ul>` : ""}` +
    `${doubts.length > 0 ? `<ul class="badges">${doubts.join("")}</ul>` : ""}</div></li>`;
}

/** What tells reports of one notebook apart: `BTC/USD 1h`, `momentum`, `quick`. */
function told({ data, strategy, preset }: Readonly<Record<string, string>>): string[] {
  return [data?.split(", the bundled sample")[0].split(" (")[0], strategy, preset].filter((text) =>
    text !== undefined && text !== "" && text.length <= 60
  ) as string[];
}
