import { fileURLToPath } from "node:url";
import { log } from "../base/log.ts";
import { redact } from "../base/secret.ts";
import { startWorker, type WorkerProcess } from "../resources/worker_process.ts";
import type { TrialEnd, TrialEngine, TrialListener } from "./engine.ts";
import { networkApart } from "./network_apart.ts";
import type { TrialJob, TrialMessage } from "./trial.ts";

/** The program that runs trials, as `lib/hyperopt/trial.ts` says it must. */
export interface TrialProgram {
  /** Paths where a node may have `deno`; else `$DENO`, the one on its PATH, or npm's is taken. */
  readonly deno: readonly string[];
  readonly arguments: readonly string[]; // "run", permissions, the file from the project's folder
  readonly environment: Readonly<Record<string, string>>;
}

/** How Ray is reached or started, and what a trial gets of it. */
export interface RayOptions {
  /** Python that has Ray. */
  readonly python: string;
  readonly program: TrialProgram;
  /** Folder that every node sees under this path: checkpoints and candles of the study, Ray Tune's own records. */
  readonly storage: string;
  /**
   * Folder of code that Ray brings to each node (its runtime environment); without one, nodes run the project in `folder`,
   * which they must see under that path.
   */
  readonly upload?: string;
  readonly folder?: string;
  /** `auto`, `host:6379`, `ray://host:10001`; without one, Ray is started here and ends with the study. */
  readonly address?: string;
  /** Of Ray started here: nodes, and CPUs of each. */
  readonly nodes?: number;
  readonly cpus?: number;
  /** What one trial takes; a GPU may be shared: 0.25. */
  readonly trialCpus?: number;
  readonly trialGpus?: number;
  /** Longest that a trial may take, s. */
  readonly seconds?: number;
  /** Times that a trial is started again whose worker or node died. */
  readonly retries?: number;
}

/** What Ray has, as it said when it was reached. */
export interface RayCluster {
  readonly nodes: number;
  readonly cpus: number;
  readonly gpus: number;
  readonly version: string;
}

/** Runs trials with Ray Tune. */
export interface RayEngine extends TrialEngine {
  readonly cluster: RayCluster;
}

type Line =
  | { readonly ready: RayCluster }
  | { readonly message: TrialMessage }
  | { readonly lost: number; readonly error: string }
  | { readonly error: string };

interface Waiting {
  readonly listener: TrialListener;
  readonly resolve: (end: TrialEnd) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Reaches Ray, or starts it here, and runs trials with Ray Tune: the same program, jobs and messages as in the pool of one
 * machine, so a study comes to the same trials, values and table on either. Ray Tune places trials on nodes, gives them CPUs
 * and shares of GPUs, records their reports under `storage`, and starts those again whose worker or node died; they go on
 * from their checkpoints. What is tried and what is stopped is for the study's sampler and scheduler to say.
 *
 * Ray listens on all interfaces of a machine, whatever address it is given. One started here is put into a network of its own
 * with nothing but loopback in it where Linux allows that (`unshare`), and always asks for a token.
 *
 * @throws {Error} if Ray cannot be reached or started, or a node does not see `storage`
 */
export async function openRay(options: RayOptions): Promise<RayEngine> {
  const { address, nodes = 1, cpus = navigator.hardwareConcurrency, trialCpus = 1, trialGpus = 0 } = options;
  const own = address === undefined;
  if (!own) checkAddress(address);
  const apart = own ? await networkApart() : [];
  if (own && apart.length === 0) {
    log("warn", "Ray listens on all interfaces of this machine while the sweep runs; it asks for a token");
  }
  const scratch = own ? await Deno.makeTempDir({ prefix: "ray-" }) : undefined; // sockets and logs of a Ray of our own
  const running = new Map<number, Waiting>();
  let onReady: (line: Line) => void = () => {};
  const ready = new Promise<Line>((resolve) => onReady = resolve);
  let broken: Error | undefined;
  const fail = (error: Error) => {
    broken ??= error;
    onReady({ error: broken.message });
    for (const { reject } of running.values()) reject(broken);
    running.clear();
  };
  const [command, ...args] = [...apart, options.python, fileURLToPath(import.meta.resolve("./ray_trials.py"))];
  const child: WorkerProcess = startWorker({
    command,
    args,
    env: scratch === undefined ? quiet : { ...ownEnvironment(), RAY_TMPDIR: scratch },
    onLine: (text) => {
      const line = parse(text);
      if (line === undefined) fail(new Error(`Cannot go on with Ray as its bridge must write JSON: it wrote ${text}`));
      else if ("ready" in line) onReady(line);
      else if ("message" in line) hear(line.message);
      else if ("lost" in line) end(line.lost, { kind: "failed", trial: line.lost, error: redact(line.error) });
      else fail(new Error(`Cannot run trials on Ray: ${redact(line.error)}`));
    },
  });
  const send = (line: unknown) => child.send(JSON.stringify(line));
  const ended = child.ended.then(async (how) => {
    fail(new Error(`Ray's bridge ${how}${said(child.words())}`));
    if (scratch !== undefined) await Deno.remove(scratch, { recursive: true });
  });
  await send({
    ...{ address: address ?? null, nodes, cpus, trial_cpus: trialCpus, trial_gpus: trialGpus },
    ...{ storage: options.storage, upload: options.upload ?? null, seconds: options.seconds ?? null },
    ...{ retries: options.retries ?? 2, token: crypto.randomUUID() },
    program: { ...options.program, folder: options.folder ?? null },
  });
  const first = await ready;
  if (!("ready" in first)) {
    await Promise.all([child.stop(5000), ended]);
    throw broken!;
  }
  const cluster = first.ready;
  const slots = slotsOf(cluster, trialCpus, trialGpus);
  if (slots === 0) {
    await Promise.all([child.stop(5000), ended]);
    throw new RangeError(
      `Cannot run trials on Ray as one takes ${trialCpus} CPUs and ${trialGpus} GPUs: the cluster has ${cluster.cpus} and ` +
        `${cluster.gpus}`,
    );
  }
  return {
    name: "ray",
    cluster,
    slots,
    run(job, listener) {
      if (broken) return Promise.reject(broken);
      listener.signal?.throwIfAborted();
      return started(job, listener);
    },
    async [Symbol.asyncDispose]() {
      if (running.size === 0) await send({ over: true }); // Tune writes its last records
      const late = setTimeout(() => void child.stop(5000), running.size === 0 ? 20_000 : 0);
      await ended;
      clearTimeout(late);
    },
  };

  function started(job: TrialJob, listener: TrialListener): Promise<TrialEnd> {
    const { promise, resolve, reject } = Promise.withResolvers<TrialEnd>();
    running.set(job.trial, { listener, resolve, reject });
    const cancel = () => {
      running.delete(job.trial);
      void send({ cancel: job.trial });
      reject(listener.signal!.reason);
    };
    listener.signal?.addEventListener("abort", cancel, { once: true });
    void send({ job });
    return promise.finally(() => listener.signal?.removeEventListener("abort", cancel));
  }

  function hear(message: TrialMessage): void {
    if (message.kind !== "report") return end(message.trial, message);
    const waiting = running.get(message.trial);
    if (!waiting) return; // cancelled
    Promise.resolve(waiting.listener.onReport(message)).then(
      (answer) => send({ trial: message.trial, answer }),
      (error) => {
        running.delete(message.trial);
        void send({ cancel: message.trial });
        waiting.reject(error);
      },
    );
  }

  function end(trial: number, how: TrialEnd): void {
    running.get(trial)?.resolve(how);
    running.delete(trial);
  }
}

function checkAddress(address: string): void {
  if (address === "auto" || /^(?:ray:\/\/)?[^/:]+:\d+$/.test(address)) return;
  throw new RangeError(`Cannot join Ray at "${address}" as an address must be auto, host:6379 or ray://host:10001`);
}

/** Trials that fit into a cluster at once. */
function slotsOf({ cpus, gpus }: RayCluster, trialCpus: number, trialGpus: number): number {
  const fit = (have: number, take: number) => take > 0 ? Math.floor(have / take + 1e-9) : Infinity;
  const slots = Math.min(fit(cpus, trialCpus), fit(gpus, trialGpus));
  return Number.isFinite(slots) ? slots : 1;
}

function parse(text: string): Line | undefined {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const said = (words: string) => words === "" ? "" : `: ${words.split("\n").slice(-3).join("\n")}`;

const quiet = { RAY_USAGE_STATS_ENABLED: "0", RAY_DEDUP_LOGS: "0", RAY_AIR_NEW_OUTPUT: "0", PYTHONUNBUFFERED: "1" };

function ownEnvironment(): Record<string, string> {
  const token = Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) => byte.toString(16).padStart(2, "0"));
  return { ...quiet, RAY_AUTH_MODE: "token", RAY_AUTH_TOKEN: token.join("") };
}
