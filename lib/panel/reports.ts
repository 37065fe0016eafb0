import { join } from "node:path";
import { exists } from "../base/files.ts";
import { readFacts } from "../report/facts.ts";
import { newToken } from "./guard.ts";
import { Problem } from "./problem.ts";

/** A report, as lists show it. */
export interface ReportRow {
  readonly file: string;
  readonly title: string;
  readonly status: string;
  readonly finding: string;
  readonly time: number; // ms UTC; 0 where it does not say
  readonly run: string;
}

/** The reports of a folder: listed, and served by addresses that are good for one report and a while. */
export interface Reports {
  list(): Promise<ReportRow[]>;
  /** An address, without the panel's token in it, at which the report can be opened. @throws {Problem} 404 */
  ticket(file: string): Promise<string>;
  /** What is behind such an address. @throws {Problem} 404 */
  open(ticket: string, file: string): Promise<Uint8Array<ArrayBuffer>>;
}

const LIFE = 15 * 60_000; // ms
const TICKETS = 500;

/** Opens a folder of reports; it need not be there yet. */
export function openReports(folder: string, now: () => number = Date.now): Reports {
  const known = new Map<string, { readonly stamp: string; readonly row: ReportRow | undefined }>();
  const tickets = new Map<string, { readonly file: string; readonly until: number }>();

  /** The real path of a report: a plain file of that name in the folder itself, whatever links say. */
  async function pathOf(file: string): Promise<string> {
    const missing = new Problem(404, "There is no such report");
    if (!/^[\w][\w.-]{0,200}\.html$/.test(file)) throw missing;
    try {
      const root = await Deno.realPath(folder);
      const path = await Deno.realPath(join(root, file));
      if (path !== join(root, file) || !(await Deno.stat(path)).isFile) throw missing;
      return path;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.FilesystemLoop) throw missing;
      throw error;
    }
  }

  return {
    async list() {
      if (!await exists(folder)) return [];
      const rows: ReportRow[] = [];
      for await (const { name, isFile } of Deno.readDir(folder)) {
        if (!isFile || !name.endsWith(".html") || name === "index.html") continue;
        const { mtime, size } = await Deno.stat(join(folder, name));
        const stamp = `${mtime?.getTime()} ${size}`;
        if (known.get(name)?.stamp !== stamp) {
          known.set(name, { stamp, row: rowOf(name, await Deno.readTextFile(join(folder, name))) });
        }
        const { row } = known.get(name)!;
        if (row) rows.push(row);
      }
      return rows.sort((a, b) => b.time - a.time || (a.file < b.file ? -1 : 1));
    },
    async ticket(file) {
      await pathOf(file);
      for (const [ticket, { until }] of tickets) if (until < now() || tickets.size >= TICKETS) tickets.delete(ticket);
      const ticket = newToken(24);
      tickets.set(ticket, { file, until: now() + LIFE });
      return `/reports/${ticket}/${encodeURIComponent(file)}`;
    },
    async open(ticket, file) {
      const found = tickets.get(ticket);
      if (!found || found.file !== file || found.until < now()) {
        throw new Problem(404, "This address of a report is not good any more: open it from the panel again");
      }
      return await Deno.readFile(await pathOf(file));
    },
  };
}

function rowOf(file: string, page: string): ReportRow | undefined {
  try {
    const facts = readFacts(page);
    if (!facts) return undefined;
    const { title, status, finding, time, run = "" } = facts;
    return { file, title, status, finding, time: Number.isFinite(time) ? time : 0, run };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // not a report of ours
    throw error;
  }
}
