import { basename, dirname, join } from "node:path";
import { type ArtifactHome, putArtifact } from "./artifacts.ts";
import type { Connection } from "./connection.ts";
import type { Entry, Journal, Opening } from "./journal.ts";
import { isDown, type Mlflow, statusOf } from "./mlflow.ts";
import { batchLimit, createRun, experimentId, getRun, logBatch, logInputs, searchRuns, updateRun } from "./runs.ts";
import type { MetricPoint } from "./runs.ts";

/** Tags of ours. `localId` finds a run again whose creation was answered into the void. */
export const ownTags = { localId: "candelabra.localId", parent: "mlflow.parentRunId" };

/**
 * Sends what a journal holds and MLflow lacks. What MLflow will never take (a param with another value, an artifact
 * without a place) is laid aside and told to `onRefused`; the rest goes on.
 *
 * @throws the error that stops it: out of reach, not let in. The rest stays in the journal
 */
export async function send(journal: Journal, server: Mlflow, onRefused: (message: string) => void): Promise<void> {
  for (let unsent = journal.next(); unsent; unsent = journal.next()) {
    await sendEntries(journal, unsent.entries, server, onRefused);
    unsent.done();
    if (unsent.entries.some((entry) => "end" in entry)) journal.remember({ ended: true });
  }
}

/** How a delivery went: all there, to be tried later, or never to be taken. */
export type Outcome = "sent" | { readonly later: unknown } | { readonly never: unknown };

/** Sends a journal's rest over a connection. A local server that has ended (nobody used it for a while) is started again. */
export async function deliver(
  journal: Journal,
  to: Connection,
  onRefused: (message: string) => void,
): Promise<Outcome> {
  for (let again = to.target === "local";; again = false) {
    let server: Mlflow;
    try {
      server = await to.get();
    } catch (error) {
      return { later: error };
    }
    try {
      await send(journal, server, onRefused);
      return "sent";
    } catch (error) {
      if (!canWait(error)) return { never: error };
      if (!again || !isDown(error)) return { later: error };
      to.drop();
    }
  }
}

/** Whether what failed may be sent later, and so must be kept. */
function canWait(error: unknown): boolean {
  return isDown(error) || [401, 403].includes(statusOf(error) ?? -1);
}

async function sendEntries(
  journal: Journal,
  entries: readonly Entry[],
  server: Mlflow,
  onRefused: (message: string) => void,
): Promise<void> {
  const refused = (entry: Entry, error: unknown) => {
    if (canWait(error)) throw error;
    onRefused(`${(error as Error).message}; it is kept in ${layAside(journal, entry)}`);
  };
  const batch = newBatch();
  for (const entry of entries) {
    if ("open" in entry) {
      if (!journal.sent.run) await open(journal, entry.open, server);
      continue;
    }
    const run = journal.sent.run;
    if (!run) throw new Error(`Cannot send ${journal.folder} as its first line must say what the run is`);
    for (const part of partsOf(entry)) {
      if (batch.add(part)) continue;
      await sendBatch(server, run, batch.take(), refused);
      batch.add(part);
    }
    if ("dataset" in entry || "artifact" in entry || "end" in entry) {
      await sendBatch(server, run, batch.take(), refused);
      await sendOne(journal, entry, server, run).catch((error) => refused(entry, error));
    }
  }
  if (journal.sent.run) await sendBatch(server, journal.sent.run, batch.take(), refused);
}

/** Makes the run in MLflow, unless an earlier try did. */
async function open(journal: Journal, opening: Opening, server: Mlflow): Promise<void> {
  const { id, target, experiment, name, time, parent } = opening;
  const own = { [ownTags.localId]: id };
  const find = async (local: string) => {
    const filter = `tags.\`${ownTags.localId}\` = '${local}'`;
    return (await searchRuns(server, { filter, most: 1 }))[0];
  };
  let run = journal.sent.tried ? await find(id) : undefined;
  if (!run) {
    const above = parent?.startsWith("local-") ? (await find(parent))?.id : parent;
    const tags = { ...opening.tags, ...own, ...(above ? { [ownTags.parent]: above } : {}) };
    const experimentOfName = await experimentId(server, experiment);
    journal.remember({ tried: true });
    run = await createRun(server, { experimentId: experimentOfName, name, startTime: time, tags });
  }
  const { experimentId: of, artifactUri } = run;
  journal.remember({ target, run: { id: run.id, experimentId: of, artifactUri } });
}

async function sendOne(journal: Journal, entry: Entry, server: Mlflow, run: ArtifactHome): Promise<void> {
  if ("dataset" in entry) await logInputs(server, run.id, [entry.dataset]);
  if ("end" in entry) await updateRun(server, run.id, { status: entry.end, endTime: entry.time });
  if (!("artifact" in entry)) return;
  try {
    await putArtifact(server, run, entry.artifact, entry.bytes ?? { file: join(journal.folder, entry.file!) });
  } catch (error) {
    // The body of an artifact that was sent is gone; its line is met again when the process died in between.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** The smallest things a batch is made of. */
type Part = { readonly point: MetricPoint } | { readonly param: [string, string] } | { readonly tag: [string, string] };

function partsOf(entry: Entry): Part[] {
  if ("params" in entry) return Object.entries(entry.params).map((param) => ({ param }));
  if ("tags" in entry) return Object.entries(entry.tags).map((tag) => ({ tag }));
  if (!("metrics" in entry)) return [];
  const { step, time: timestamp } = entry;
  return Object.entries(entry.metrics).map(([key, value]) => ({
    point: { key, value: Number(value), timestamp, step },
  }));
}

interface Batch {
  /** False when it is full. */
  add(part: Part): boolean;
  take(): Part[];
}

function newBatch(): Batch {
  let parts: Part[] = [];
  let [metrics, params, tags, characters] = [0, 0, 0, 0];
  return {
    add(part) {
      const pair = "param" in part ? part.param : "tag" in part ? part.tag : undefined;
      const length = pair ? 3 * Math.min(8000, pair[1].length) + pair[0].length + 40 : 200; // JSON may triple text
      const full = "point" in part
        ? metrics >= batchLimit.metrics
        : "param" in part
        ? params >= batchLimit.params
        : tags >= batchLimit.tags;
      if (full || parts.length >= batchLimit.all || characters + length > batchLimit.characters) return false;
      if ("point" in part) metrics++;
      else if ("param" in part) params++;
      else tags++;
      characters += length;
      parts.push(part);
      return true;
    },
    take() {
      const taken = parts;
      parts = [];
      metrics =
        params =
        tags =
        characters =
          0;
      return taken;
    },
  };
}

/** One bad entry fails a batch: halves are tried until it is alone. */
async function sendBatch(
  server: Mlflow,
  run: ArtifactHome,
  parts: readonly Part[],
  refused: (entry: Entry, error: unknown) => void,
): Promise<void> {
  if (parts.length === 0) return;
  try {
    await logBatch(server, run.id, {
      metrics: parts.flatMap((part) => "point" in part ? [part.point] : []),
      params: Object.fromEntries(parts.flatMap((part) => "param" in part ? [part.param] : [])),
      tags: Object.fromEntries(parts.flatMap((part) => "tag" in part ? [part.tag] : [])),
    });
  } catch (error) {
    if (canWait(error)) throw error;
    const { deleted } = await getRun(server, run.id); // throws when there is no such run
    if (deleted) throw error;
    if (parts.length === 1) return refused(entryOf(parts[0]), error);
    const half = Math.ceil(parts.length / 2);
    await sendBatch(server, run, parts.slice(0, half), refused);
    await sendBatch(server, run, parts.slice(half), refused);
  }
}

function entryOf(part: Part): Entry {
  if ("param" in part) return { params: Object.fromEntries([part.param]) };
  if ("tag" in part) return { tags: Object.fromEntries([part.tag]) };
  const { key, value, step, timestamp: time } = part.point;
  return { metrics: { [key]: Number.isFinite(value) ? value : String(value) }, step, time };
}

/** Keeps what MLflow refused beside the runs, and says where. */
function layAside(journal: Journal, entry: Entry): string {
  const folder = join(dirname(dirname(journal.folder)), ".refused", basename(journal.folder));
  if ("artifact" in entry) {
    const to = join(folder, entry.artifact);
    Deno.mkdirSync(dirname(to), { recursive: true });
    if (entry.bytes) Deno.writeFileSync(to, entry.bytes);
    else Deno.copyFileSync(join(journal.folder, entry.file!), to);
    return to;
  }
  Deno.mkdirSync(folder, { recursive: true });
  Deno.writeTextFileSync(join(folder, "refused.jsonl"), JSON.stringify(entry) + "\n", { append: true });
  return join(folder, "refused.jsonl");
}
