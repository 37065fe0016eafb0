import type { OnEvent } from "../../base/events.ts";
import { log } from "../../base/log.ts";
import type { Config } from "../../config/schema.ts";
import { poolEngine, type TrialEngine } from "../../hyperopt/engine.ts";
import { openPool, type WorkerState } from "../../resources/pool.ts";
import { manageWorkers } from "../../resources/manage_workers.ts";
import type { Deps } from "../deps.ts";
import { trialCommand } from "./trial_command.ts";

/** What an engine is opened for. */
export interface EngineNeeds extends Pick<Deps, "progress"> {
  readonly folder: string; // of the sweep; a trial process must see it
  readonly config: Config;
  readonly onEvent?: OnEvent;
  /** Where a cluster is, for engines that use one. */
  readonly address?: string;
}

/** An engine, and the processes on this machine that work for it. */
export interface SweepEngine extends TrialEngine {
  readonly workers: readonly WorkerState[];
  /** Why there are as many workers as there are. */
  readonly advice: string;
}

/** Opens what runs the trials of a sweep. */
export type OpenEngine = (needs: EngineNeeds) => Promise<SweepEngine>;

/** An engine of the table. */
export interface EngineEntry {
  readonly help: string;
  /** Loads its code when it is asked for. */
  load(): Promise<OpenEngine>;
}

/**
 * Worker processes of this machine. `tune.workers` says how many; without it as many are kept, from 2 on, as pay: one more
 * is tried, and goes again when trials together take no fewer seconds for it.
 */
export const embeddedEngine: OpenEngine = ({ folder, config, onEvent = () => {} }) => {
  const { workers, trial_seconds, trial_memory, trials, folds, seeds } = config.tune;
  const most = Math.min(8, trials);
  const first = workers ?? Math.min(2, most);
  const pool = openPool({ ...trialCommand(folder), workers: first });
  const manager = workers === null && most > 2
    ? manageWorkers(pool, {
      ...{ min: Math.min(2, most), max: most },
      onWindow: ({ why, from, workers }) => from === workers ? undefined : log("info", `Workers: ${why}`),
    })
    : undefined;
  const inner = poolEngine(pool, {
    ...(trial_seconds === null ? {} : { seconds: trial_seconds }),
    ...(trial_memory === null ? {} : { bytes: trial_memory * 2 ** 20 }),
  });
  const tell = setInterval(() => {
    const seen = pool.workers.map(({ worker, pid, busy, jobs, deaths, rss, cpu }) => ({
      ...{ worker, pid, busy: Number(busy), jobs, deaths },
      ...{ rss: Number.isNaN(rss) ? null : rss, cpu: Number.isNaN(cpu) ? null : cpu },
    }));
    onEvent({ kind: "workers", workers: seen });
  }, 2000);
  Deno.unrefTimer(tell);
  return Promise.resolve({
    name: "embedded",
    get slots() {
      return manager?.decision.workers ?? first;
    },
    get workers() {
      return pool.workers;
    },
    get advice() {
      const counted = (workers: number) => `${workers} worker${workers === 1 ? "" : "s"}`;
      if (!manager) return `${counted(first)}, as asked for`;
      const { workers, why, settled } = manager.decision;
      return settled ? why : `${counted(workers)} at the end, too early to say how many pay (${why})`;
    },
    async run(job, { onReport, ...rest }) {
      manager?.begin(job.trial);
      try {
        return await inner.run(job, {
          ...rest,
          onReport(report) {
            manager?.report(job.trial, report.step * folds * seeds);
            return onReport(report);
          },
        });
      } finally {
        manager?.end(job.trial);
      }
    },
    async [Symbol.asyncDispose]() {
      clearInterval(tell);
      await inner[Symbol.asyncDispose]();
    },
  });
};

/** All engines by the names of the command line. */
export const engines: Readonly<Record<string, EngineEntry>> = {
  embedded: { help: "processes of this machine", load: () => Promise.resolve(embeddedEngine) },
  ray: { help: "Ray Tune, on many machines", load: async () => (await import("./ray_engine.ts")).rayEngine },
};
