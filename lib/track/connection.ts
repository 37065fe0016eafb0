import { log } from "../base/log.ts";
import { progress } from "../base/progress.ts";
import { projectPath } from "../base/project.ts";
import { type Mlflow, mlflow } from "./mlflow.ts";
import { mlflowVariables, type ServerOptions, trackingServer } from "./server.ts";

/** This process's way to a tracker: opened when first needed, shared by all its runs, opened again when it was lost. */
export interface Connection {
  readonly target: string; // the server's address, or "local"
  readonly uri: string | undefined; // where it was last found
  readonly patience: number; // ms between tries while it is down
  /** The server, found or started. After a failure that took long it fails again at once for a while. */
  get(): Promise<Mlflow>;
  /** Forget the server: it does not answer. */
  drop(): void;
  /** It is down: tells `tell` once, until it is back. */
  down(error: unknown, tell?: (message: string) => void): void;
  /** It took what it was sent. */
  up(tell?: (message: string) => void): void;
}

const open = new Map<string, Connection>();
/**
 * The connection for these options.
 *
 * @throws {RangeError} if MLFLOW_TRACKING_URI is not an http address
 */
export function connection(options: ServerOptions = {}): Connection {
  const { root = projectPath("mlflow_runs"), variables = mlflowVariables() } = options;
  const given = variables["MLFLOW_TRACKING_URI"];
  const key = given ? `${given} ${variables["MLFLOW_TRACKING_USERNAME"] ?? ""}` : root;
  const known = open.get(key);
  if (known) return known;
  const target = given ? mlflow(given).uri : "local";
  const made = newConnection(target, async () => {
    using bar = progress("Tracking", { quiet: options.onProgress !== undefined }); // draws only if there is a wait
    const { uri } = await trackingServer({ onProgress: bar.update, ...options, root, variables });
    // A quick question first: work should not wait a minute for a server that is silent.
    await mlflow(given || uri, { variables, seconds: 10, retries: 1 }).call("experiments/search", {
      body: { max_results: 1 },
    });
    return mlflow(given || uri, { variables });
  });
  open.set(key, made);
  return made;
}

/** A connection that `reach` opens; runs that go on try it again every `patience` ms while it is down. */
export function newConnection(target: string, reach: () => Promise<Mlflow>, patience = 5000): Connection {
  let server: Promise<Mlflow> | undefined;
  let failure: { readonly error: unknown; readonly at: number; readonly rest: number } | undefined;
  let told = false;
  let uri: string | undefined;
  return {
    target,
    patience,
    get uri() {
      return uri;
    },
    async get() {
      if (failure && performance.now() - failure.at < failure.rest) throw failure.error;
      const began = performance.now();
      try {
        const found = await (server ??= reach());
        uri = found.uri;
        return found;
      } catch (error) {
        server = undefined;
        const at = performance.now();
        failure = { error, at, rest: Math.min(60_000, 10 * (at - began)) }; // holds work up by a tenth at most
        throw error;
      }
    },
    drop() {
      server = undefined;
    },
    down(error, tell = (message) => log("warn", message)) {
      server = undefined;
      if (told) return;
      told = true;
      tell(
        `Tracking is down, the work goes on: ${
          (error as Error).message
        }. What cannot be sent is kept in mlflow_runs/.unsent ` +
          `and sent later, at the latest when the next run starts`,
      );
    },
    up(tell = (message) => log("info", message)) {
      failure = undefined;
      if (told) tell("Tracking is back");
      told = false;
    },
  };
}
