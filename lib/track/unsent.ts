import { basename, join } from "node:path";
import { log } from "../base/log.ts";
import { projectPath } from "../base/project.ts";
import { type Connection, connection } from "./connection.ts";
import { type Entry, type Journal, openJournal } from "./journal.ts";
import { deliver } from "./send.ts";
import type { ServerOptions } from "./server.ts";

/** What became of the runs that waited. */
export interface UnsentReport {
  readonly sent: number; // complete in MLflow now
  readonly waiting: number; // out of reach still, or meant for another server
}

/** Where journals of runs are while they are not complete in MLflow. */
export const unsentFolder = (root: string) => join(root, ".unsent");

/** Where that goes which MLflow will never take. */
export const refusedFolder = (root: string) => join(root, ".refused");

/**
 * Sends what earlier runs could not: those that met a tracker that was down, and those whose process died, which become
 * KILLED. Runs of living processes are theirs; runs for another server wait for it. Every `openRun` does this beside
 * its work.
 */
export async function sendUnsent(options: ServerOptions & { readonly to?: Connection } = {}): Promise<UnsentReport> {
  const { root = projectPath("mlflow_runs"), to = connection(options) } = options;
  let [sent, waiting] = [0, 0];
  for (const folder of await journals(root)) {
    using journal = openJournal(folder, (error) => log("warn", `Cannot read ${folder}: ${error.message}`));
    if (!journal) continue; // its process lives
    const target = targetOf(journal);
    if (target === undefined) journal.remove(); // died before it said a word
    else if (target !== to.target) {
      waiting++;
      tellOnce(`A run waits in ${folder} for ${target}, which MLFLOW_TRACKING_URI does not name now`);
    } else if (await sendOne(journal, to, root)) sent++;
    else waiting++;
  }
  return { sent, waiting };
}

const told = new Set<string>();

/** Several runs of one process would say it each. */
function tellOnce(message: string): void {
  if (!told.has(message)) log("info", message);
  told.add(message);
}

async function sendOne(journal: Journal, to: Connection, root: string): Promise<boolean> {
  const died = (await Deno.stat(join(journal.folder, "journal.jsonl"))).mtime?.getTime() ?? Date.now();
  const refused = (message: string) => log("warn", message);
  let outcome = await deliver(journal, to, refused);
  if (outcome === "sent" && !journal.sent.ended) {
    journal.append({ tags: { "candelabra.ended": "its process died" } });
    journal.append({ end: "KILLED", time: Math.round(died) });
    outcome = await deliver(journal, to, refused);
  }
  if (outcome === "sent") journal.remove();
  else if ("later" in outcome) to.down(outcome.later);
  else {
    const aside = join(refusedFolder(root), basename(journal.folder));
    log("warn", `Cannot send an earlier run: ${(outcome.never as Error).message}; it is kept in ${aside}`);
    journal.layAside(aside);
  }
  return outcome === "sent";
}

function targetOf(journal: Journal): string | undefined {
  if (journal.sent.target) return journal.sent.target;
  const first: Entry | undefined = journal.next(1)?.entries[0];
  return first && "open" in first ? first.open.target : undefined;
}

/** Oldest first, so that a sweep's parent comes before its trials. */
async function journals(root: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(unsentFolder(root))) if (isDirectory) names.push(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort().map((name) => join(unsentFolder(root), name));
}
