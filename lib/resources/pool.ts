import type { Json } from "../base/json.ts";

/** How workers are made and what each may use. */
export interface PoolOptions {
  /** A program that speaks JSON lines: a job per line on its standard input, messages on its standard output. It ends when its input does. */
  readonly command: string;
  readonly args: readonly string[];
  /** Worker processes at the start. */
  readonly workers: number;
  /** Variables of worker `i`: threads, its GPU. */
  readonly env?: (worker: number) => Readonly<Record<string, string>>;
  /** Jobs that may wait; `run` waits while there are as many (back-pressure). */
  readonly queue?: number;
}

/** One job's limits, and who listens. */
export interface JobOptions {
  /** Takes a message of the job; what it returns is sent to the worker as its answer, `undefined` sends nothing. */
  readonly onMessage?: (message: Json) => Json | undefined | Promise<Json | undefined>;
  readonly signal?: AbortSignal;
  /** A job over its budget is ended and fails with a RangeError that says so. */
  readonly seconds?: number;
  readonly bytes?: number; // resident memory of the worker
  /** Times that a job whose worker died is given to another worker. Jobs go on from their own checkpoints. */
  readonly retries?: number;
}

/** A worker, as the table of them shows it. */
export interface WorkerState {
  readonly worker: number;
  readonly pid: number;
  readonly busy: boolean;
  readonly jobs: number; // finished
  readonly deaths: number;
  readonly rss: number; // bytes
  readonly cpu: number; // cores used since it was last asked
}

/** Worker processes and their queue. Disposing ends them all. */
export interface Pool extends AsyncDisposable {
  /** Gives a job to the next free worker; resolves with its last message, `{ "result": … }`'s content. */
  run(job: Json, options?: JobOptions): Promise<Json>;
  /** More workers, or fewer: one that is busy ends after its job. */
  resize(workers: number): void;
  readonly workers: readonly WorkerState[];
}
