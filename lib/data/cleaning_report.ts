import { type Displayable, displayed } from "../base/display.ts";
import { escapeHtml } from "../base/progress.ts";
import { formatDate, formatTimeframe } from "../base/time.ts";

/** What becomes of bars that are missing or have no valid price: made up and marked, left out, or refused. */
export type GapPolicy = "fill" | "drop" | "fail";

/** One thing that was found in raw bars. */
export interface Finding {
  readonly kind: "time" | "order" | "duplicate" | "grid" | "gap" | "price" | "volume" | "bounds" | "extra" | "no trade";
  readonly bars: number; // how many it concerns
  readonly changed: boolean; // whether they were changed, made or left out for it
  readonly what: string; // "3 bars are missing in 2 gaps: filled with the close before, volume 0"
  readonly examples: readonly string[]; // the first few: "2019-03-01 04:00"
}

/** What cleaning found and changed. Shows itself in a notebook, prints as text, and is plain JSON. */
export interface CleaningReport {
  readonly symbol: string;
  readonly step: number; // ms
  readonly policy: GapPolicy;
  readonly barsIn: number;
  readonly barsOut: number;
  readonly from: number; // first bar's open, ms UTC
  readonly to: number; // last bar's open, ms UTC
  readonly findings: readonly Finding[];
  readonly notes: readonly string[]; // of reading: columns left out, lines skipped
}

/** The report with ways to show itself; `String(report)` is its text. */
export function cleaningReport(content: CleaningReport): CleaningReport & Displayable {
  const text = () => reportText(content);
  const shown = displayed({ ...content }, () => ({ "text/html": reportHtml(content), "text/plain": text() }));
  Object.defineProperty(shown, "toString", { value: text, enumerable: false });
  Object.defineProperty(shown, Symbol.for("Deno.customInspect"), { value: text, enumerable: false });
  return shown;
}

/** One sentence: how many bars of what, and whether anything was changed. */
export function reportHeadline({ symbol, step, barsIn, barsOut, from, to, findings }: CleaningReport): string {
  const changes = findings.filter(({ changed }) => changed).length;
  const verdict = changes === 0 ? "nothing had to be changed" : `${changes} kind${changes > 1 ? "s" : ""} of change`;
  const bars = barsIn === barsOut ? format(barsOut) : `${format(barsIn)} → ${format(barsOut)}`;
  return `${bars} bars of ${symbol} ${formatTimeframe(step)}, ${formatDate(from)} to ${formatDate(to)}: ${verdict}`;
}

function reportText(report: CleaningReport): string {
  const line = ({ what, examples, changed }: Finding) =>
    `  ${changed ? "*" : "-"} ${what}${examples.length > 0 ? ` (${examples.join("; ")})` : ""}`;
  return [reportHeadline(report), ...report.findings.map(line), ...report.notes.map((note) => `  - ${note}`)].join(
    "\n",
  );
}

function reportHtml(report: CleaningReport): string {
  const row = ({ kind, bars, what, examples, changed }: Finding) =>
    `<tr><td>${kind}</td><td style="text-align:right">${format(bars)}</td><td style="text-align:left">` +
    `${escapeHtml(what)}</td><td>${changed ? "changed" : "kept"}</td><td style="text-align:left">` +
    `${escapeHtml(examples.join("; "))}</td></tr>`;
  const head = `<thead><tr><th>Found</th><th>Bars</th><th>What</th><th>Done</th><th>First of them</th></tr></thead>`;
  const table = report.findings.length === 0
    ? ""
    : `<table>${head}<tbody>${report.findings.map(row).join("")}</tbody></table>`;
  const notes = report.notes.map((note) => `<li>${escapeHtml(note)}</li>`).join("");
  return `<p>${escapeHtml(reportHeadline(report))}</p>${table}${notes && `<ul>${notes}</ul>`}`;
}

const format = (n: number) => n.toLocaleString("en-US");
