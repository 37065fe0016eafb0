import type { Json } from "../base/json.ts";
import { log } from "../base/log.ts";
import { redact } from "../base/secret.ts";
import { processUsage } from "./usage.ts";
import { startWorker, type WorkerProcess } from "./worker_process.ts";

/** How workers are made and what each may use. */
export interface PoolOptions {
  /** A program that speaks JSON lines: a job per line on its standard input, messages on its standard output. It ends when its input does. */
  readonly command: string;
  readonly args: readonly string[];
  /** Worker processes at the start. */
  readonly workers: number;
  /** Variables of worker `i`: threads, its GPU. */
  readonly env?: (worker: number) => Readonly<Record<string, string>>;
  /** Jobs that may wait; `run` waits while there are as many (back-pressure). 0 unless given. */
  readonly queue?: number;
  /** How long a worker that is told to end may take before it is ended by force, ms. 2000 unless given. */
  readonly grace?: number;
}

/** One job's limits, and who listens. */
export interface JobOptions {
  /** Takes a message of the job; what it returns is sent to the worker as its answer, `undefined` sends nothing. */
  readonly onMessage?: (message: Json) => Json | void | Promise<Json | void>;
  readonly signal?: AbortSignal;
  /** A job over its budget is ended and fails with a RangeError that says so. */
  readonly seconds?: number;
  readonly bytes?: number; // resident memory of the worker, looked at twice a second
  /** Times that a job whose worker died is given to another worker. Jobs go on from their own checkpoints. */
  readonly retries?: number;
}

/** A worker, as the table of them shows it. */
export interface WorkerState {
  readonly worker: number;
  readonly pid: number; // 0 while there is none: one that ended is started again when there is a job for it
  readonly busy: boolean;
  readonly jobs: number; // finished
  readonly deaths: number;
  readonly rss: number; // bytes; NaN where it can't be seen
  readonly cpu: number; // cores used since the look before, or since it began; NaN where it can't be seen
}

/** Worker processes and their queue. Disposing ends them all. */
export interface Pool extends AsyncDisposable {
  /**
   * Gives a job to the next free worker; resolves with its last message, `{ "result": … }`'s content.
   *
   * @throws {Error} what the worker said in `{ "error": … }`, or that it died, with the end of its standard error
   * @throws {RangeError} if the job went over its budget
   * @throws {SyntaxError} if the worker wrote something else than messages
   * @throws the signal's reason if it was told to stop, once the worker is gone
   */
  run(job: Json, options?: JobOptions): Promise<Json>;
  /** Resolves when a job given now would begin or wait in the queue at once: for those who make jobs only as they are needed. */
  room(): Promise<void>;
  /** More workers, or fewer: one that is busy ends after its job. */
  resize(workers: number): void;
  /** Workers there are, those that end after their job among them. */
  readonly size: number;
  /** Processor time that all workers have used, those that ended too, as of the last look, seconds; NaN where it can't be seen. */
  readonly cpuSeconds: number;
  /** The table of workers. Takes a look at their processes, at most every half second. */
  readonly workers: readonly WorkerState[];
}

interface Task {
  readonly line: string;
  readonly options: JobOptions;
  readonly resolve: (result: Json) => void;
  readonly reject: (error: unknown) => void;
  readonly forget: () => void; // no longer listens to the signal
  tries: number;
  spent: number; // ms with workers that died
  slot?: Slot;
}

interface Slot {
  readonly worker: number;
  process?: WorkerProcess;
  task?: Task;
  started: number; // the task, ms
  timer?: ReturnType<typeof setTimeout>;
  stopping: boolean; // its task was given up
  retiring: boolean;
  jobs: number;
  deaths: number;
  readonly seen: { at: number; spent: number; rss: number; cpu: number }; // its last look
}

/**
 * Starts worker processes. They are processes and not threads because native code that crashes, leaks or loops takes
 * its whole process with it, and only a process gives all its memory back (`tests/bench/pool.ts` measures both).
 *
 * A worker whose process dies, by whatever, is started again and its job handed to the next free one, `retries` times; the
 * others go on. Workers end with this process, also when that is killed: their standard input ends.
 *
 * Permissions: run; read and sys for what they use.
 *
 * @throws {RangeError} if a number makes no sense
 * @throws {Deno.errors.NotFound} if the program is not there
 */
export function openPool(options: PoolOptions): Pool {
  const { queue: most = 0, grace = 2000 } = options;
  whole("workers", options.workers, 1);
  whole("queue", most, 0);
  const slots: Slot[] = [];
  const queue: Task[] = [];
  const atDoor: (() => void)[] = []; // wait for room
  const leaving = new Set<WorkerProcess>(); // told to end, of slots that have another or none
  let closed = false;
  let spentByEnded = 0; // seconds of processor
  let watching: ReturnType<typeof setInterval> | undefined;

  function start(slot: Slot): WorkerProcess {
    const process = startWorker({
      command: options.command,
      args: options.args,
      env: { ...options.env?.(slot.worker), CANDELABRA_POOL: "1" },
      onLine: (line) => slot.process === process ? hear(slot, process, line) : undefined,
    });
    slot.process = process;
    spentByEnded += slot.seen.spent;
    Object.assign(slot.seen, { at: performance.now(), spent: 0, rss: NaN, cpu: NaN });
    void process.ended.then((how) => died(slot, process, how));
    return process;
  }

  function grow(workers: number) {
    while (slots.filter(({ retiring }) => !retiring).length < workers) {
      const worker = firstFree(slots.map(({ worker }) => worker));
      const seen = { at: 0, spent: 0, rss: NaN, cpu: NaN };
      const slot = { worker, started: 0, stopping: false, retiring: false, jobs: 0, deaths: 0, seen };
      start(slot);
      slots.push(slot);
      slots.sort((a, b) => a.worker - b.worker);
    }
  }

  /** Gives waiting jobs to free workers, and lets in as many more as there is room for. */
  function dispatch() {
    for (const slot of slots) {
      if (queue.length === 0) break;
      if (!slot.task && !slot.retiring) give(slot, queue.shift()!);
    }
    if (freePlaces() > 0) { for (const wake of atDoor.splice(0)) wake(); } // each looks again
  }

  function freePlaces(): number {
    const free = slots.filter(({ task, retiring }) => !task && !retiring).length;
    return closed ? Infinity : free + most - queue.length;
  }

  function give(slot: Slot, task: Task) {
    slot.task = task;
    task.slot = slot;
    task.tries++;
    slot.started = performance.now();
    const { seconds = Infinity, bytes } = task.options;
    let process: WorkerProcess;
    try {
      process = slot.process ?? start(slot);
    } catch (error) {
      finish(slot);
      return task.reject(error);
    }
    process.forget();
    if (seconds < Infinity) {
      const why = `Cannot finish the job of worker ${slot.worker} as it may take ${seconds} s and went on for longer`;
      slot.timer = setTimeout(() => giveUp(slot, new RangeError(why)), Math.max(0, 1000 * seconds - task.spent));
    }
    if (bytes !== undefined) watching ??= setInterval(watchMemory, 500);
    void process.send(task.line);
  }

  /** The task is off the worker, whose timer ends. */
  function finish(slot: Slot): Task | undefined {
    const { task } = slot;
    clearTimeout(slot.timer);
    delete slot.timer;
    delete slot.task;
    if (task) delete task.slot;
    if (!slots.some(({ task }) => task?.options.bytes !== undefined)) {
      clearInterval(watching);
      watching = undefined;
    }
    return task;
  }

  function settle(slot: Slot, end: (task: Task) => void) {
    const task = finish(slot);
    slot.jobs++;
    if (slot.retiring) void retire(slot);
    if (task) {
      task.forget();
      end(task);
    }
    dispatch();
  }

  /** Ends a job together with its worker; it has failed when the worker is gone. */
  async function giveUp(slot: Slot, error: unknown) {
    if (slot.stopping || !slot.task) return;
    slot.stopping = true;
    slot.task.forget();
    await slot.process?.stop(grace);
    slot.stopping = false;
    const task = finish(slot);
    delete slot.process;
    if (slot.retiring) remove(slot);
    task?.reject(error);
    dispatch();
  }

  async function hear(slot: Slot, process: WorkerProcess, line: string) {
    if (slot.stopping || closed) return;
    const message = readMessage(line);
    const { task } = slot;
    if (message === undefined || !task) {
      const shown = redact(JSON.stringify(line.length > 100 ? line.slice(0, 100) + "…" : line));
      const error = new SyntaxError(
        message === undefined
          ? `Cannot understand worker ${slot.worker} as a line of its standard output must be a JSON object: ` +
            `current value is ${shown}${lastWords(process)}`
          : `Cannot take what worker ${slot.worker} said as it has no job: ${shown}`,
      );
      if (task) return void giveUp(slot, error);
      log("warn", `${error.message}; it is ended`);
      slot.deaths++;
      return void leave(slot);
    }
    if (Object.hasOwn(message, "result")) return settle(slot, ({ resolve }) => resolve(message.result));
    if (typeof message.error === "string") {
      const why = `Worker ${slot.worker} could not do its job: ${redact(message.error)}${lastWords(process)}`;
      return settle(slot, ({ reject }) => reject(new Error(why)));
    }
    try {
      const answer = await task.options.onMessage?.(message);
      if (answer !== undefined && slot.task === task) await process.send(JSON.stringify(answer));
    } catch (error) {
      if (slot.task === task) void giveUp(slot, error);
    }
  }

  function died(slot: Slot, process: WorkerProcess, how: string) {
    if (slot.process !== process || slot.stopping || closed) return;
    delete slot.process;
    slot.deaths++;
    const spent = performance.now() - slot.started;
    const task = finish(slot);
    const why = `worker ${slot.worker} ${how}`;
    if (slot.retiring) remove(slot);
    if (!task) log("warn", `${why} without a job${lastWords(process)}`);
    else if (task.tries <= (task.options.retries ?? 0)) {
      log("warn", `${why}: its job is given to the next free one${lastWords(process)}`);
      task.spent += spent;
      queue.unshift(task);
    } else {
      task.forget();
      const again = task.tries > 1 ? `, the last of ${task.tries} that were given it` : "";
      task.reject(new Error(`Cannot finish the job as ${why}${again}${lastWords(process)}`));
    }
    dispatch();
  }

  function watchMemory() {
    const running = slots.filter(({ task, process }) => process && task?.options.bytes !== undefined);
    const used = processUsage(running.map(({ process }) => process!.pid));
    for (const slot of running) {
      const bytes = slot.task!.options.bytes!;
      const rss = used.get(slot.process!.pid)?.rss ?? 0;
      if (rss <= bytes) continue;
      const megabytes = (of: number) => `${(of / 2 ** 20).toFixed(0)} MiB`;
      const why = `it may take ${megabytes(bytes)} of memory and took ${megabytes(rss)}`;
      void giveUp(slot, new RangeError(`Cannot finish the job of worker ${slot.worker} as ${why}`));
    }
  }

  /** Sees what processes use, those whose last look is old. */
  function look() {
    const now = performance.now();
    const due = slots.filter(({ process, seen }) => process && (Number.isNaN(seen.rss) || now - seen.at >= 500));
    const used = usageOrNone(due.map(({ process }) => process!.pid));
    for (const { process, seen } of due) {
      const usage = used.get(process!.pid);
      if (!usage) continue;
      const cpu = (usage.cpu - seen.spent) / Math.max(1e-3, (now - seen.at) / 1000);
      Object.assign(seen, { at: now, spent: usage.cpu, rss: usage.rss, cpu });
    }
  }

  function remove(slot: Slot) {
    spentByEnded += slot.seen.spent;
    slots.splice(slots.indexOf(slot), 1);
  }

  async function retire(slot: Slot) {
    remove(slot);
    await leave(slot);
  }

  /** Ends the process of a worker that has no job. */
  async function leave(slot: Slot) {
    const { process } = slot;
    delete slot.process;
    if (!process) return;
    leaving.add(process);
    await process.stop(grace);
    leaving.delete(process);
  }

  /** Waits until something changed. */
  function door(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        atDoor.splice(atDoor.indexOf(wake), 1);
        reject(signal!.reason);
      };
      const wake = () => {
        signal?.removeEventListener("abort", stop);
        resolve();
      };
      signal?.addEventListener("abort", stop);
      atDoor.push(wake);
    });
  }

  grow(options.workers);
  return {
    async run(job, jobOptions = {}) {
      const { signal, seconds, bytes, retries = 0 } = jobOptions;
      whole("retries", retries, 0);
      for (const [name, value] of Object.entries({ seconds, bytes })) {
        if (value !== undefined && !(value > 0)) {
          throw new RangeError(`Cannot run a job as ${name} must be above 0: current value is ${value}`);
        }
      }
      if (bytes !== undefined) processUsage([Deno.pid]); // throws where memory can't be seen
      const line = JSON.stringify(job);
      signal?.throwIfAborted();
      while (freePlaces() <= 0) await door(signal);
      signal?.throwIfAborted(); // while another job's end let it in
      if (closed) throw closedError();
      return await new Promise<Json>((resolve, reject) => {
        const stop = () => {
          if (task.slot) return void giveUp(task.slot, signal!.reason);
          queue.splice(queue.indexOf(task), 1);
          task.forget();
          reject(signal!.reason);
          dispatch();
        };
        const forget = () => signal?.removeEventListener("abort", stop);
        const task: Task = { line, options: jobOptions, resolve, reject, forget, tries: 0, spent: 0 };
        signal?.addEventListener("abort", stop);
        queue.push(task);
        dispatch();
      });
    },
    async room() {
      while (freePlaces() <= 0) await door();
    },
    resize(workers) {
      whole("workers", workers, 1);
      const staying = slots.filter(({ retiring }) => !retiring);
      const going = staying.toSorted((a, b) =>
        Number(Boolean(a.task)) - Number(Boolean(b.task)) || b.worker - a.worker
      );
      for (const slot of going.slice(0, Math.max(0, staying.length - workers))) {
        slot.retiring = true;
        if (!slot.task) void retire(slot);
      }
      if (!closed) grow(workers);
      dispatch();
    },
    get workers() {
      look();
      return slots.map(({ worker, process, task, jobs, deaths, seen: { rss, cpu } }) => {
        return { worker, pid: process?.pid ?? 0, busy: task !== undefined, jobs, deaths, rss, cpu };
      });
    },
    get size() {
      return slots.length;
    },
    get cpuSeconds() {
      look();
      const unseen = slots.some(({ process, seen }) => process && Number.isNaN(seen.rss));
      return unseen ? NaN : slots.reduce((total, { seen }) => total + seen.spent, spentByEnded);
    },
    async [Symbol.asyncDispose]() {
      if (closed) return;
      closed = true;
      const tasks = [...queue.splice(0), ...slots.flatMap((slot) => finish(slot) ?? [])];
      const processes = [...slots.flatMap(({ process }) => process ?? []), ...leaving];
      await Promise.all(processes.map((process) => process.stop(grace)));
      slots.length = 0;
      for (const { forget, reject } of tasks) {
        forget();
        reject(closedError());
      }
      dispatch();
    },
  };
}

const closedError = () => new DOMException("Cannot run the job as its pool was closed", "AbortError");

function whole(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new RangeError(
    `Cannot run workers as ${name} must be a whole number of at least ${least}: current value is ${value}`,
  );
}

function firstFree(taken: readonly number[]): number {
  let worker = 0;
  while (taken.includes(worker)) worker++;
  return worker;
}

function readMessage(line: string): { readonly [key: string]: Json } | undefined {
  try {
    const message = JSON.parse(line);
    return typeof message === "object" && message !== null && !Array.isArray(message) ? message : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // the caller shows the line
    throw error;
  }
}

/** The end of what a worker wrote to standard error, below a message. */
function lastWords(process: WorkerProcess): string {
  const lines = process.words().split("\n").filter((line) => line.trim() !== "").slice(-20);
  return lines.length === 0 ? "" : `; it wrote:\n${lines.map((line) => `  ${line}`).join("\n")}`;
}

/** What processes use; nothing where that can't be seen. */
function usageOrNone(pids: readonly number[]): ReturnType<typeof processUsage> {
  try {
    return processUsage(pids);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable || error instanceof Deno.errors.NotFound) return new Map();
    throw error;
  }
}
