import { join } from "node:path";
import { withLock } from "../base/files.ts";
import { hashOf } from "../base/hash.ts";
import type { OnProgress } from "../base/progress.ts";
import { projectPath } from "../base/project.ts";
import { redact } from "../base/secret.ts";
import { mlflow, serverAddress } from "./mlflow.ts";
import { ensurePython, type Venv } from "./python.ts";

/** Where runs are tracked, and how the local server is started. */
export interface ServerOptions {
  readonly root?: string; // mlflow_runs: database, artifacts, what waits to be sent
  /**
   * MLFLOW_… and POSTGRES_URL by name; the process's environment when left out. `MLFLOW_TRACKING_URI` wins over the local
   * server; with POSTGRES_URL the local server keeps runs in that database, and artifacts in `root` as ever.
   */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  readonly onProgress?: OnProgress;
  readonly port?: number; // tried first; then the last one used, 5000 to 5009, any free one
  readonly idle?: number; // seconds without a request after which the local server ends
  readonly python?: () => Promise<Pick<Venv, "python">>;
}

/** A server that answers. */
export interface TrackingServer {
  readonly uri: string; // without credentials
  readonly local: boolean; // ours, on loopback
  readonly started: boolean; // by this call
}

/** MLflow's variables in the environment, as far as they may be read. */
export function mlflowVariables(): Record<string, string | undefined> {
  const names = [...["URI", "USERNAME", "PASSWORD", "TOKEN"].map((name) => `MLFLOW_TRACKING_${name}`), "POSTGRES_URL"];
  const readable = (variable: string) =>
    Deno.permissions.querySync({ name: "env", variable }).state === "granted" ? Deno.env.get(variable) : undefined;
  return Object.fromEntries(names.map((name) => [name, readable(name)]));
}

/**
 * The server that runs go to: the one `MLFLOW_TRACKING_URI` names, which is not looked at, or a local one on loopback
 * that keeps all in `root`. The local one is started when none answers, by whichever process comes first, goes on after
 * that process, serves all processes, and ends by itself after `idle` seconds without a request. It holds a lock on
 * `root` for life, so there is never a second. First use installs Python tools (see `ensurePython`); a start takes
 * seconds.
 *
 * Permissions: env MLFLOW_TRACKING_*, POSTGRES_URL; read; write `root` and `.venv`; run Python; net 127.0.0.1.
 *
 * @throws {RangeError} if MLFLOW_TRACKING_URI is not an http address, POSTGRES_URL no postgresql one, or the server that
 * runs keeps its runs in another database
 * @throws {Error} if the server does not start; its log's last lines are in the message
 */
export async function trackingServer(options: ServerOptions = {}): Promise<TrackingServer> {
  const { root = projectPath("mlflow_runs"), variables = mlflowVariables(), onProgress = () => {} } = options;
  const given = variables["MLFLOW_TRACKING_URI"];
  if (given) return { uri: serverAddress(given), local: false, started: false };
  keepLoopbackDirect();
  const database = databaseOf(variables["POSTGRES_URL"]);
  const running = await alive(root);
  if (running) {
    await checkDatabase(root, database);
    return { uri: running, local: true, started: false };
  }
  const { python } = await (options.python ?? (() => ensurePython({ onProgress })))();
  return await withLock(join(root, "start"), async () => {
    const other = await alive(root); // another process was quicker
    if (!other) return { uri: await start(root, python, database, options), local: true, started: true };
    await checkDatabase(root, database);
    return { uri: other, local: true, started: false };
  });
}

/** The address of the local server of `root` if one runs; none is started. */
export async function runningServer(root: string = projectPath("mlflow_runs")): Promise<string | undefined> {
  keepLoopbackDirect();
  return await alive(root);
}

/** Ends the local server of `root` if one runs, after it has answered what it was asked; says whether there was one. */
export async function stopServer(root: string = projectPath("mlflow_runs")): Promise<boolean> {
  keepLoopbackDirect();
  const state = await readState(root);
  if (!state || !await alive(root)) return false;
  const response = await fetch(`http://127.0.0.1:${state.port}/candelabra/stop`, {
    method: "POST",
    headers: { "x-candelabra-token": state.token },
  });
  await response.body?.cancel();
  const deadline = performance.now() + 15_000;
  while (await who(state) !== undefined && performance.now() < deadline) await pause(50);
  return response.ok;
}

interface State {
  readonly pid: number;
  readonly port: number;
  readonly id: string;
  readonly token: string;
  readonly database: string; // what `nameOf` calls the database of its runs
}

/** SQLAlchemy's address of the database that runs are kept in; nothing: sqlite in the folder. */
function databaseOf(url: string | undefined): string | undefined {
  if (!url) return undefined;
  const rest = url.match(/^postgres(?:ql)?:\/\/(.+)$/s)?.[1];
  if (rest) return `postgresql+psycopg://${rest}`;
  throw new RangeError(
    `Cannot track as POSTGRES_URL must be like postgresql://user:password@host:5432/name: it starts with "${
      redact(url.split(":")[0])
    }"`,
  );
}

const nameOf = (database: string | undefined) => database === undefined ? "" : hashOf(database).slice(0, 16);

/** A server that runs already must keep its runs where they are wanted. */
async function checkDatabase(root: string, database: string | undefined): Promise<void> {
  const state = await readState(root);
  if (state === undefined || (state.database ?? "") === nameOf(database)) return;
  throw new RangeError(
    `Cannot track as the tracking server of ${root} must keep its runs ${
      database === undefined ? "in the folder, as POSTGRES_URL is not set" : "in the database that POSTGRES_URL names"
    }: the one that runs keeps them elsewhere; end it (process ${state.pid}) and start again`,
  );
}

const busy = 75; // exit status of mlflow_server.py when another server holds the folder
const patience = 180_000; // ms until a start counts as failed

async function start(
  root: string,
  python: string,
  database: string | undefined,
  { port, idle = 1800, onProgress = () => {} }: ServerOptions,
) {
  const args = [projectPath("lib", "track", "mlflow_server.py"), root, "--idle", `${idle}`];
  if (port !== undefined) args.push("--port", `${port}`);
  const spawn = () => {
    const child = new Deno.Command(python, {
      args,
      env: {
        ...serverEnvironment(),
        ...(database === undefined
          ? {}
          : { CANDELABRA_DATABASE: database, CANDELABRA_DATABASE_NAME: nameOf(database) }),
      },
      clearEnv: true,
      detached: true,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    child.unref();
    return child;
  };
  const began = performance.now();
  let code: number | undefined = busy; // not in the loop's head, which would give each round a variable of its own
  let waited = 0;
  while (performance.now() - began < patience) {
    if (code !== undefined && code !== busy) break;
    if (code === busy && waited-- <= 0) {
      code = undefined;
      waited = 10; // a server that starts or ends holds the folder: ask again in a second
      spawn().status.then((status) => code = status.code);
    }
    await pause(100);
    const seconds = (performance.now() - began) / 1000;
    onProgress(seconds, Math.max(6, seconds + 1), "starting MLflow");
    const uri = await alive(root);
    if (!uri) continue;
    onProgress(seconds, seconds, "MLflow is up");
    return uri;
  }
  throw new Error(redact(`Cannot start the tracking server of ${root}:\n${await logTail(root)}`));
}

/** Only what a Python program needs: no keys. */
function serverEnvironment(): Record<string, string> {
  const names = ["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TMP", "TEMP", "SYSTEMROOT", "USERPROFILE", "APPDATA"];
  const kept = names.map((name) => [name, Deno.env.get(name)]).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept);
}

/** The address of the local server of `root`, if it runs and its API answers: a port alone may be another program's. */
async function alive(root: string): Promise<string | undefined> {
  const state = await readState(root);
  if (!state || await who(state) !== state.id) return undefined;
  const uri = `http://127.0.0.1:${state.port}`;
  await mlflow(uri, { seconds: 30 }).call("experiments/search", { body: { max_results: 1 } });
  return uri;
}

async function readState(root: string): Promise<State | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(join(root, "server.json")));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** The name that whoever listens on the port answers with, or nothing. */
async function who(state: State): Promise<string | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${state.port}/candelabra`, { signal: AbortSignal.timeout(5000) });
    return (await response.json()).id;
  } catch {
    return undefined; // refused, silent, or not JSON: not our server
  }
}

async function logTail(root: string): Promise<string> {
  try {
    return (await Deno.readTextFile(join(root, "server.log"))).trimEnd().split("\n").slice(-15).join("\n");
  } catch (error) {
    return `no log was written (${(error as Error).message})`;
  }
}

/** A proxy set for the outside must not be asked for loopback. Counts only before the process's first request. */
function keepLoopbackDirect(): void {
  const readable = Deno.permissions.querySync({ name: "env" }).state === "granted";
  if (!readable || !(Deno.env.get("HTTP_PROXY") || Deno.env.get("http_proxy"))) return;
  const kept = Deno.env.get("NO_PROXY") ?? Deno.env.get("no_proxy") ?? "";
  if (!kept.split(",").includes("127.0.0.1")) Deno.env.set("NO_PROXY", [kept, "127.0.0.1"].filter(Boolean).join(","));
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
