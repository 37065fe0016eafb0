import { fileURLToPath } from "node:url";
import process from "node:process";
import type { Json } from "../../base/json.ts";
import { projectPath } from "../../base/project.ts";
import { openPool, type WorkerState } from "../../resources/pool.ts";
import { type ProcessUsage, processUsage } from "../../resources/usage.ts";
import type { ProbeJob, ProbeResult } from "./probe.ts";

/** Workers that train as trials do and say how much they got done. */
export interface Probes extends AsyncDisposable {
  readonly kind: "processes" | "threads";
  /** The same for the first `workers` of them, at once. */
  run(workers: number, job: ProbeJob): Promise<ProbeResult[]>;
  /** What the first `workers` of them use by now; of threads memory is the process's. */
  usage(workers: number): ProcessUsage;
  readonly pids: readonly number[]; // none of threads
  readonly workers: readonly WorkerState[]; // none of threads
}

/**
 * Opens probes: processes as in a sweep, or threads of this process where no programs may be started, as in a notebook's
 * kernel. Threads get the same work done, but share one memory.
 */
export function openProbes(workers: number, signal?: AbortSignal): Probes {
  try {
    return inProcesses(workers, signal);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return inThreads(workers, signal); // said in `kind`
    throw error;
  }
}

function inProcesses(count: number, signal?: AbortSignal): Probes {
  const pool = openPool({ ...probeCommand(), workers: count });
  const pids = pool.workers.map(({ pid }) => pid);
  return {
    kind: "processes",
    async run(workers, job) {
      const jobs = Array.from({ length: workers }, () => pool.run(job as unknown as Json, signal ? { signal } : {}) // the first that are free are the first
      );
      return await Promise.all(jobs) as unknown as ProbeResult[];
    },
    usage(workers) {
      const used = [...processUsage(pids.slice(0, workers)).values()];
      return { cpu: used.reduce((sum, { cpu }) => sum + cpu, 0), rss: used.reduce((sum, { rss }) => sum + rss, 0) };
    },
    pids,
    get workers() {
      return pool.workers;
    },
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

/** The command line of a probe: it reads, writes features it computed, and reaches no network. */
function probeCommand() {
  return {
    command: Deno.execPath(),
    args: [
      ...["run", "--quiet", "--no-prompt", `--config=${projectPath("deno.json")}`, "--allow-read", "--allow-env"],
      ...["--allow-sys", "--allow-ffi", `--allow-write=${projectPath("data")}`],
      fileURLToPath(new URL("./worker.ts", import.meta.url)),
    ],
  };
}

function inThreads(count: number, signal?: AbortSignal): Probes {
  const threads = Array.from(
    { length: count },
    () => new Worker(new URL("./thread.ts", import.meta.url), { type: "module" }),
  );
  const ask = (thread: Worker, job: ProbeJob) =>
    new Promise<ProbeResult>((resolve, reject) => {
      thread.onmessage = ({ data }) => data.error === undefined ? resolve(data.result) : reject(new Error(data.error));
      thread.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message));
      };
      thread.postMessage(job);
    });
  return {
    kind: "threads",
    async run(workers, job) {
      signal?.throwIfAborted();
      return await Promise.all(threads.slice(0, workers).map((thread) => ask(thread, job)));
    },
    usage() {
      const { user, system } = process.cpuUsage();
      return { cpu: (user + system) / 1e6, rss: Deno.memoryUsage().rss };
    },
    pids: [],
    workers: [],
    [Symbol.asyncDispose]() {
      for (const thread of threads) thread.terminate();
      return Promise.resolve();
    },
  };
}
