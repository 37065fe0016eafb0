import { cpus } from "node:os";
import process from "node:process";
import { log } from "../base/log.ts";
import { type GpuUsage, gpuUsage } from "./gpu.ts";
import { processUsage } from "./usage.ts";

/** What machine and processes did since the sample before. NaN where it can't be seen. */
export interface Sample {
  readonly time: number; // ms UTC
  readonly cpu: number; // 0..1 of the machine's processors, all programs together
  readonly ownCpu: number; // cores this process used
  readonly workersCpu: number; // cores its workers used
  readonly memory: number; // bytes in use on the machine
  readonly memoryTotal: number; // bytes
  readonly ownRss: number; // bytes
  readonly workersRss: number; // bytes
  readonly heap: number; // bytes of JavaScript in this process
  readonly workers: number;
  readonly gpus: readonly GpuUsage[];
  /** Seconds of named parts of the work, in the time since the sample before: env, update, batch. */
  readonly parts: Readonly<Record<string, number>>;
  readonly seconds: number; // since the sample before
}

/** What is looked at, how often, and who hears. */
export interface CollectorOptions {
  readonly every?: number; // seconds; 5 unless given
  readonly keep?: number; // samples; the oldest go first; 720, an hour, unless given
  /** Processes that work for this one. */
  readonly workers?: () => readonly number[];
  readonly onSample?: (sample: Sample, index: number) => void;
  readonly nvidiaSmi?: string; // program that is asked for GPUs
}

/** Samples as they are taken. Disposing takes a last one and ends it. */
export interface Collector extends AsyncDisposable {
  /** Oldest first. */
  readonly history: readonly Sample[];
  /** Adds time to a part of the work. A few ns: may be called per step. */
  add(part: string, ms: number): void;
  /** Takes a sample now. */
  sample(): Promise<Sample>;
}

/**
 * Watches this process, its workers, the machine and its GPUs, in the background: some 2 ms of processor time every few
 * seconds, nothing of which the work can see. Timers wait for the work, so samples of a busy process come late; each
 * says how long it covers.
 *
 * Permissions: sys; run for workers and GPUs, unless all is permitted. What is not permitted is NaN.
 */
export function openCollector(options: CollectorOptions = {}): Collector {
  const { every = 5, keep = 720, workers = () => [], onSample = () => {}, nvidiaSmi } = options;
  if (!(every > 0)) {
    throw new RangeError(`Cannot collect samples as every must be above 0 s: current value is ${every}`);
  }
  const history: Sample[] = [];
  let parts: Record<string, number> = {};
  let gpuThere = true;
  let taken = 0;
  let before = look([]);
  let pending: Promise<unknown> = Promise.resolve();

  async function take(): Promise<Sample> {
    const gpus = gpuThere ? await gpusOrNone(nvidiaSmi) : undefined;
    gpuThere = gpus !== undefined;
    const now = look(workers());
    const seconds = (now.at - before.at) / 1000;
    const spent = parts;
    parts = {};
    const { rss, heapUsed } = Deno.memoryUsage();
    const { used: memory, total: memoryTotal } = machineMemory();
    const sample = {
      time: Date.now(),
      cpu: (now.busy - before.busy) / (now.busy + now.idle - before.busy - before.idle),
      ownCpu: (now.own - before.own) / seconds,
      workersCpu: workersCpu(before.workers, now.workers) / seconds,
      memory,
      memoryTotal,
      ownRss: rss,
      workersRss: now.workers ? sum([...now.workers.values()].map(({ rss }) => rss)) : NaN,
      heap: heapUsed,
      workers: now.asked,
      gpus: gpus ?? [],
      parts: Object.fromEntries(Object.entries(spent).map(([part, ms]) => [part, ms / 1000])),
      seconds,
    };
    before = now;
    history.push(sample);
    if (history.length > keep) history.shift();
    onSample(sample, taken++);
    return sample;
  }

  const next = () => {
    const work = pending.then(take); // one after the other: each covers the time since the one before
    pending = work;
    return work;
  };
  const timer = setInterval(() => void next(), 1000 * every);
  Deno.unrefTimer(timer);
  return {
    history,
    add(part, ms) {
      parts[part] = (parts[part] ?? 0) + ms;
    },
    sample: next,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await next();
    },
  };
}

/** GPUs; nothing, after a warning, where what answers can't be read: watching must not stop what is watched. */
async function gpusOrNone(command: string | undefined): Promise<GpuUsage[] | undefined> {
  try {
    return await gpuUsage(command);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    log("warn", `${error.message}; GPUs are not watched any more`);
    return undefined;
  }
}

/** Processor time that all programs together have used, seconds, and cores there are. NaN where it can't be seen. */
export function machineTime(): { readonly busy: number; readonly cores: number } {
  const times = permitted(() => cpus().map(({ times }) => times), []);
  const ms = times.map(({ user, nice, sys, irq }) => user + nice + sys + irq);
  return { busy: times.length === 0 ? NaN : sum(ms) / 1000, cores: times.length || navigator.hardwareConcurrency };
}

/** Counters as they stand. */
function look(pids: readonly number[]) {
  const times = permitted(() => cpus().map(({ times }) => times), []);
  const idle = times.length === 0 ? NaN : sum(times.map(({ idle }) => idle));
  const busy = times.length === 0 ? NaN : sum(times.map(({ user, nice, sys, irq }) => user + nice + sys + irq));
  const { user, system } = permitted(() => process.cpuUsage(), { user: NaN, system: NaN });
  const workers = permitted(() => processUsage(pids), undefined);
  return { at: performance.now(), idle, busy, own: (user + system) / 1e6, workers, asked: pids.length };
}

type Usages = ReturnType<typeof processUsage> | undefined;

/** Seconds that workers used between two looks. One that was not there before has used all it has. */
function workersCpu(before: Usages, now: Usages): number {
  if (!now) return NaN;
  return sum([...now].map(([pid, { cpu }]) => cpu - (before?.get(pid)?.cpu ?? 0)));
}

function machineMemory(): { used: number; total: number } {
  return permitted(() => {
    const { total, available } = Deno.systemMemoryInfo();
    return { used: total - available, total };
  }, { used: NaN, total: NaN });
}

function permitted<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable || error instanceof Deno.errors.NotFound) return otherwise;
    throw error;
  }
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/**
 * A sample by the names under which MLflow's pages show system metrics, and some of our own in the same place. What can't
 * be seen is left out.
 */
export function systemMetrics(sample: Sample): Record<string, number> {
  const { cpu, ownCpu, workersCpu, memory, memoryTotal, ownRss, workersRss, heap, workers, gpus, parts, seconds } =
    sample;
  const megabytes = (bytes: number) => bytes / 1e6;
  const values: Record<string, number> = {
    "system/cpu_utilization_percentage": 100 * cpu,
    "system/system_memory_usage_megabytes": megabytes(memory),
    "system/system_memory_usage_percentage": 100 * memory / memoryTotal,
    "system/process_cpu_cores": ownCpu,
    "system/process_memory_usage_megabytes": megabytes(ownRss),
    "system/process_heap_megabytes": megabytes(heap),
  };
  if (workers > 0) {
    values["system/workers"] = workers;
    values["system/workers_cpu_cores"] = workersCpu;
    values["system/workers_memory_usage_megabytes"] = megabytes(workersRss);
  }
  for (const { gpu, utilization, memory, memoryTotal, power } of gpus) {
    values[`system/gpu_${gpu}_utilization_percentage`] = 100 * utilization;
    values[`system/gpu_${gpu}_memory_usage_megabytes`] = megabytes(memory);
    values[`system/gpu_${gpu}_memory_usage_percentage`] = 100 * memory / memoryTotal;
    values[`system/gpu_${gpu}_power_usage_watts`] = power;
  }
  for (const [part, spent] of Object.entries(parts)) { // told when it is over: it may have begun before the last sample
    values[`system/time_${part}_percentage`] = 100 * Math.min(1, spent / seconds);
  }
  return Object.fromEntries(Object.entries(values).filter(([, value]) => Number.isFinite(value)));
}
