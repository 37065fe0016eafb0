import type { Json } from "../base/json.ts";
import type { JobOptions, Pool } from "../resources/pool.ts";
import type { TrialAnswer, TrialJob, TrialMessage } from "./trial.ts";

/** What a trial says at a rung. */
export type TrialReport = Extract<TrialMessage, { kind: "report" }>;

/** How a trial ends. */
export type TrialEnd = Exclude<TrialMessage, { kind: "report" }>;

/** Who listens to a trial. */
export interface TrialListener {
  /** Hears each report and says whether it goes on. May hear the same one again after a crash. */
  readonly onReport: (report: TrialReport) => TrialAnswer | Promise<TrialAnswer>;
  /** Ends the trial's process; `run` then rejects with the signal's reason. Its checkpoint stays. */
  readonly signal?: AbortSignal;
}

/**
 * What runs trials: jobs in, messages out. The study does not know whether worker processes of this machine or Ray's
 * actors on many do it.
 */
export interface TrialEngine extends AsyncDisposable {
  readonly name: string; // "embedded", "ray"
  /** Trials that may run at once. Read again before each is begun: it may change. */
  readonly slots: number;
  /**
   * Runs a trial to its end, on another worker from its checkpoint if one dies. A trial that cannot be run (wrong
   * settings, over its budget, its worker dying again and again) resolves as `failed`.
   *
   * @throws what made the engine itself useless, or the signal's reason
   */
  run(job: TrialJob, listener: TrialListener): Promise<TrialEnd>;
}

/** Runs trials in the processes of a pool. Disposing it disposes of the pool. */
export function poolEngine(pool: Pool, limits: Pick<JobOptions, "seconds" | "bytes" | "retries"> = {}): TrialEngine {
  return {
    name: "embedded",
    get slots() {
      return pool.workers.length;
    },
    async run(job, { onReport, signal }) {
      try {
        return await pool.run(job as unknown as Json, {
          retries: 2,
          ...limits,
          ...(signal ? { signal } : {}),
          onMessage: async (message) => {
            const said = message as unknown as TrialMessage;
            return said.kind === "report" ? await onReport(said) as unknown as Json : undefined;
          },
        }) as unknown as TrialEnd;
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof Error)) throw error;
        return { kind: "failed", trial: job.trial, error: error.message };
      }
    },
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}
