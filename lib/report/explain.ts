import { formatDate } from "../base/time.ts";
import { readFacts, type ReportFacts, type RunFacts } from "./facts.ts";

/** Where a report came from. */
export interface Explanation extends ReportFacts, RunFacts {
  /** The same in lines for a terminal. */
  readonly text: string;
}

/**
 * Reads back from a page what it was made from: data, settings, seed, commit, run.
 *
 * @throws {SyntaxError} if the page is no report of Candelabra
 */
export async function explain(path: string): Promise<Explanation> {
  const facts = readFacts(await Deno.readTextFile(path));
  if (!facts) throw new SyntaxError(`Cannot explain ${path} as it must be a page that \`deno task report\` made`);
  const { title, name, status, error, finding, badges, provenance, parameters, config, metrics, time, run, runUrl } =
    facts;
  const values = (entries: Readonly<Record<string, unknown>>) =>
    Object.entries(entries).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]);
  const sections: [string, string[][]][] = [
    ["", [
      ["report", `${title} (${name})`],
      ["status", error ? `failed in cell ${error.cell}: ${error.name}: ${error.message}` : status],
      ...(Number.isFinite(time) ? [["made", `${formatDate(time)} UTC`]] : []),
      ...(run ? [["MLflow run", run]] : []),
      ...(runUrl ? [["", runUrl]] : []),
      ...(finding ? [["finding", finding]] : []),
    ]],
    ["provenance", values(provenance)],
    ["checks", badges.map(({ label, verdict, passed }) => [label, `${passed ? "✓" : "!"} ${verdict}`])],
    ["parameters", values(parameters)],
    ["settings", values(config)],
    ["numbers", values(metrics)],
  ];
  const text = sections.filter(([, rows]) => rows.length > 0).map(([heading, rows]) => {
    const width = Math.max(...rows.map(([key]) => key.length));
    const lines = rows.map(([key, value]) => `${heading ? "  " : ""}${key.padEnd(width)}  ${value}`);
    return [...(heading ? [heading] : []), ...lines].join("\n");
  }).join("\n\n");
  return { ...facts, text };
}
