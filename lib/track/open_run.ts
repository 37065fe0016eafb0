import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { log } from "../base/log.ts";
import { projectPath } from "../base/project.ts";
import { redact } from "../base/secret.ts";
import { runUrl } from "./artifacts.ts";
import { type Connection, connection } from "./connection.ts";
import { type GitState, gitState } from "./git.ts";
import { type Journal, openJournal } from "./journal.ts";
import { checkArtifactPath, checkMetrics, longest, metricValue, safeKey, saidOnce } from "./keys.ts";
import { isDown, statusOf } from "./mlflow.ts";
import type { Run } from "./run.ts";
import { deliver, type Outcome } from "./send.ts";
import type { ServerOptions } from "./server.ts";
import { refusedFolder, sendUnsent, unsentFolder } from "./unsent.ts";

/** What a run is called and where it goes. */
export interface RunOptions extends ServerOptions {
  readonly experiment?: string;
  readonly name: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly description?: string; // Markdown, shown on the run's page
  readonly parent?: string | Pick<Run, "id">; // a sweep, of which this is a trial
  readonly source?: string; // what runs: "lab backtest", "notebooks/03_backtest.ipynb"
  /** Hears once that the tracker is down and that the run is kept on disk; a warning in the log when left out. */
  readonly onOffline?: (message: string) => void;
  /** How the tracker is reached; from the options and the environment when left out. */
  readonly to?: Connection;
}

/**
 * Opens a run. Everything said of it is first written to a journal under `root`, then sent in batches about once a
 * second; disposing sends the rest and ends the run. A tracker that is down, now or later, never stops the work: the
 * journal stays and is sent when the tracker is back, at the latest when the next run opens. The same is done for runs
 * whose process died; they become KILLED. Nothing is sent twice. Known secrets are replaced in all text.
 *
 * Values over MLflow's limits are cut there; a long param is whole in the artifact `params.json`. Names keep the letters
 * that MLflow takes. Steps are whole numbers; NaN and infinities are kept. A param can be said once.
 *
 * Permissions: those of `trackingServer`; run `git`; env USER; sys hostname (left out where not given).
 *
 * @throws {RangeError} if MLFLOW_TRACKING_URI is not an http address, or the experiment was deleted
 * @throws {Error} if the server does not let us in: a wrong password should be known before hours of work
 */
export async function openRun(options: RunOptions): Promise<Run> {
  const { root = projectPath("mlflow_runs"), to = connection(options) } = options;
  const tell = options.onOffline ?? ((message: string) => log("warn", message));
  const time = Date.now();
  const localId = `local-${crypto.randomUUID().replaceAll("-", "")}`;
  const folder = `${new Date(time).toISOString().replace(/\D/g, "")}-${localId.slice(6, 18)}`; // sorts by time
  const journal = openJournal(join(unsentFolder(root), folder), (error) => {
    tell(`Cannot keep the run on disk: ${error.message}. What the tracker has not taken when the process ends is lost`);
  });
  if (!journal) throw new Error(`Cannot open a run in ${unsentFolder(root)} as ${folder} must be new`);
  const { parent } = options;
  journal.append({
    open: {
      id: localId,
      target: to.target,
      experiment: options.experiment ?? "candelabra",
      name: clean(options.name),
      time,
      tags: cleanAll({ ...await standardTags(options), ...options.tags }),
      ...(parent ? { parent: typeof parent === "string" ? parent : parent.id } : {}),
    },
  });
  const pump = newPump(journal, to, tell);
  const fault = await pump.flush();
  if (fault !== "sent") {
    const error = "later" in fault ? fault.later : fault.never;
    const status = statusOf(error);
    if (error instanceof RangeError || (status !== undefined && !isDown(error))) {
      await pump.stop();
      journal.remove();
      throw error;
    }
  }
  const earlier = sendUnsent({ ...options, root, to }).then(
    ({ sent }) => void (sent > 0 && log("info", `Sent ${sent} earlier run${sent > 1 ? "s" : ""}`)),
    (error) => log("warn", `Cannot send earlier runs: ${error.message}`),
  );
  return newRun(localId, journal, to, pump, earlier, join(refusedFolder(root), folder));
}

/** Runs `work` inside a run. When it throws, the run ends FAILED, or KILLED when it was interrupted, and the error goes on. */
export async function withRun<T>(options: RunOptions, work: (run: Run) => Promise<T>): Promise<T> {
  await using run = await openRun(options);
  try {
    return await work(run);
  } catch (error) {
    const interrupted = error instanceof DOMException && error.name === "AbortError";
    run.fail(
      error instanceof Error ? `${error.name}: ${error.message}` : String(error),
      interrupted ? "KILLED" : "FAILED",
    );
    throw error;
  }
}

function newRun(
  localId: string,
  journal: Journal,
  to: Connection,
  pump: Pump,
  earlier: Promise<void>,
  aside: string,
): Run {
  const params = new Map<string, string>();
  let failure: string | undefined;
  let ended: "FINISHED" | "FAILED" | "KILLED" = "FINISHED";
  let closed = false;
  const open = () => {
    if (closed) throw new Error(`Cannot write to the run ${localId} as it has ended`);
  };
  const keep = (path: string, body: Uint8Array | string) => {
    journal.artifact(checkArtifactPath(path), typeof body === "string" ? encoder.encode(redact(body)) : body);
    pump.kick();
  };
  return {
    get id() {
      return journal.sent.run?.id ?? localId;
    },
    get url() {
      return journal.sent.run && to.uri ? runUrl({ uri: to.uri }, journal.sent.run) : undefined;
    },
    params(values) {
      open();
      const news = cleanAll(Object.fromEntries(Object.entries(values).map(([key, value]) => [key, String(value)])));
      saidOnce(params, news);
      journal.append({ params: news });
      if (Object.values(news).some((value) => value.length > longest.param)) {
        keep("params.json", JSON.stringify(Object.fromEntries(params), undefined, 2));
      }
      pump.kick();
    },
    metrics(values, step = 0) {
      open();
      checkMetrics(values, step);
      const point: Record<string, number | string> = {};
      for (const key in values) point[keyOf(key)] = metricValue(values[key]);
      journal.append({ metrics: point, step, time: Date.now() });
      pump.kick();
    },
    tags(values) {
      open();
      journal.append({ tags: cleanAll(values) });
      pump.kick();
    },
    dataset(input) {
      open();
      journal.append({ dataset: { ...input, name: clean(input.name), source: clean(input.source) } });
      pump.kick();
    },
    // deno-lint-ignore require-await -- kept on disk when this returns; sent in its turn
    async artifact(path, body) {
      open();
      keep(path, body);
    },
    fail(reason, status = "FAILED") {
      failure = clean(reason);
      ended = status;
    },
    async [Symbol.asyncDispose]() {
      if (closed) return;
      closed = true;
      if (failure !== undefined) journal.append({ tags: { "candelabra.failure": failure } });
      journal.append({ end: ended, time: Date.now() });
      const outcome = await pump.stop();
      await earlier;
      if (outcome === "sent") journal.remove();
      else if ("later" in outcome) journal[Symbol.dispose]();
      else journal.layAside(aside);
      if (outcome !== "sent" && "never" in outcome) {
        log("warn", `MLflow does not take the run: ${(outcome.never as Error).message}; the rest of it is in ${aside}`);
      }
    },
  };
}

/** Sends a journal while it grows. */
interface Pump {
  /** There is something new: send it within a second. */
  kick(): void;
  /** Send now. */
  flush(): Promise<Outcome>;
  /** Send the rest and be still. */
  stop(): Promise<Outcome>;
}

function newPump(journal: Journal, to: Connection, tell: (message: string) => void): Pump {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let news = false; // said since the last round began
  let running: Promise<Outcome> | undefined;
  let refusal: Outcome | undefined; // the run can't be written any more
  let stopped = false;
  const wait = (ms: number) => {
    if (timer !== undefined || stopped) return;
    const next = timer = setTimeout(() => void flush(), ms);
    Deno.unrefTimer(next); // a program may end without waiting: the journal has it
  };
  const flush = () => running ??= round();
  const round = async (): Promise<Outcome> => {
    clearTimeout(timer);
    timer = undefined;
    news = false;
    const outcome = refusal ?? await deliver(journal, to, (message) => log("warn", message));
    running = undefined;
    if (outcome === "sent") {
      to.up();
      if (news) wait(1000);
    } else if ("never" in outcome) refusal = outcome;
    else {
      to.down(outcome.later, tell);
      wait(to.patience + 1);
    }
    return outcome;
  };
  return {
    kick() {
      news = true;
      if (!running && !refusal) wait(1000);
    },
    flush,
    async stop() {
      stopped = true;
      await running; // it may have begun before the last words
      return await flush();
    },
  };
}

async function standardTags(options: RunOptions): Promise<Record<string, string>> {
  const git = await (code ??= gitState(projectPath()));
  const source = options.source ?? mainModule();
  const tags: Record<string, string | undefined> = {
    "mlflow.user": firstOf(["USER", "LOGNAME", "USERNAME"]),
    "mlflow.source.name": source,
    "mlflow.source.type": source.endsWith(".ipynb") ? "NOTEBOOK" : "LOCAL",
    "mlflow.source.git.commit": git?.commit,
    "mlflow.source.git.branch": git?.branch,
    "mlflow.source.git.repoURL": git?.repository,
    "mlflow.note.content": options.description,
    "candelabra.dirty": git ? String(git.dirty) : undefined,
    "candelabra.pid": String(Deno.pid),
    "candelabra.host": granted({ name: "sys", kind: "hostname" }) ? Deno.hostname() : undefined,
  };
  return Object.fromEntries(Object.entries(tags).filter((tag): tag is [string, string] => tag[1] !== undefined));
}

/** The code as it was when this process first asked: what runs was loaded then. */
let code: Promise<GitState | undefined> | undefined;

function mainModule(): string {
  if (!Deno.mainModule.startsWith("file:")) return "deno";
  const path = fileURLToPath(Deno.mainModule);
  const inside = relative(projectPath(), path);
  return inside.startsWith("..") ? basename(path) : inside.replaceAll("\\", "/");
}

const granted = (permission: Deno.PermissionDescriptor) => Deno.permissions.querySync(permission).state === "granted";

function firstOf(names: readonly string[]): string | undefined {
  return names.map((variable) => granted({ name: "env", variable }) ? Deno.env.get(variable) : undefined).find(Boolean);
}

const encoder = new TextEncoder();

/** Without known secrets, and without the one character that databases refuse. */
const clean = (text: string) => redact(text).replaceAll("\0", "");

const cleanAll = (values: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [keyOf(key), clean(value)]));

const keys = new Map<string, string>();

/** The name MLflow gets; says once when it is another. */
function keyOf(key: string): string {
  let known = keys.get(key);
  if (known === undefined) {
    keys.set(key, known = safeKey(key));
    if (known !== key) log("warn", `MLflow gets "${key}" as "${known}": it takes letters, digits and _-./: only`);
  }
  return known;
}
