import { machineTime } from "./metrics.ts";
import { decideWorkers, type Decision, type Window, type WorkerRule, workerRule } from "./workers.ts";

/** What happens at a window's end. */
export interface WorkerChange extends Decision {
  readonly from: number;
  readonly throughput: number; // of the window that was just closed, in jobs of equal worth
}

/** Something whose number of workers can be changed: a `Pool`. */
export interface Resizable {
  resize(workers: number): void;
  readonly size: number;
  /** Processor time that all its workers have used, seconds; NaN where it can't be seen. */
  readonly cpuSeconds?: number;
}

/** How a pool is kept at the number of workers that pays. */
export interface ManagerOptions extends WorkerRule {
  readonly seconds?: number; // least length of a window; 10
  readonly onWindow?: (change: WorkerChange) => void;
  readonly now?: () => number; // ms; a clock of tests
  /** Processor time that all programs together have used, seconds, and cores there are. */
  readonly machine?: () => { readonly busy: number; readonly cores: number };
}

/** Takes what jobs get done, and resizes their pool. */
export interface WorkerManager {
  /** A job begins, on a worker of its own. */
  begin(job: string | number): void;
  /** A job has done `units` (env steps) in all. */
  report(job: string | number, units: number): void;
  /** A job is over. */
  end(job: string | number): void;
  readonly history: readonly Window[];
  readonly decision: Decision;
}

interface Running {
  at: number; // of the last report
  units: number;
  speeds: { readonly rate: number; readonly seconds: number }[]; // in this window
}

/** A window with what each job did in it, units a second. */
interface Watched {
  readonly workers: number;
  readonly rates: readonly { readonly job: string | number; readonly rate: number }[];
}

const NOTICEABLE = 0.3; // cores that other programs use
const PULL = 0.1; // of a job towards the others, in windows of its own

/**
 * Throughputs in jobs of equal worth. The logarithm of a rate is taken as what the number of workers makes of it plus what
 * the job is like, fitted to all windows by least squares; jobs are pulled a little towards each other, so that where none
 * was seen beside two numbers of workers the numbers are compared by their jobs' means.
 */
function leveled(windows: readonly Watched[]): Window[] {
  const rows = windows.flatMap(({ workers, rates }) => rates.map((rate) => ({ workers, ...rate })));
  const y = rows.map(({ rate }) => Math.log(rate));
  const jobs = indexed(rows.map(({ job }) => job));
  const counts = indexed(rows.map(({ workers }) => workers));
  const ofJob = new Float64Array(Math.max(...jobs) + 1);
  const ofCount = new Float64Array(Math.max(...counts) + 1);
  for (let i = 0, moved = Infinity; i < 500 && moved > 1e-4; i++) {
    fit(y, counts, ofCount, jobs, ofJob, 0);
    moved = fit(y, jobs, ofJob, counts, ofCount, PULL);
  }
  let row = 0;
  return windows.map(({ workers, rates }) => {
    let sum = 0;
    for (let i = 0; i < rates.length; i++, row++) sum += y[row] - ofJob[jobs[row]];
    return { workers, throughput: workers * Math.exp(sum / rates.length) };
  });
}

/** Place of each value among the different ones. */
function indexed(values: readonly (string | number)[]): number[] {
  const places = new Map<string | number, number>();
  for (const value of values) if (!places.has(value)) places.set(value, places.size);
  return values.map((value) => places.get(value)!);
}

/** Best effects of one kind, those of the other given; the largest change. */
function fit(
  y: readonly number[],
  key: readonly number[],
  effects: Float64Array,
  otherKey: readonly number[],
  others: Float64Array,
  pull: number,
): number {
  const sums = new Float64Array(effects.length);
  const weights = new Float64Array(effects.length).fill(pull);
  for (let i = 0; i < y.length; i++) {
    sums[key[i]] += y[i] - others[otherKey[i]];
    weights[key[i]]++;
  }
  let moved = 0;
  for (let i = 0; i < effects.length; i++) {
    const effect = sums[i] / weights[i];
    moved = Math.max(moved, Math.abs(effect - effects[i]));
    effects[i] = effect;
  }
  return moved;
}

/**
 * Keeps a pool at the number of workers that pays, by what its jobs report. Jobs may differ in speed by any factor: each is
 * compared with itself beside another number of workers.
 *
 * A window is closed when all workers were busy and have each reported in it; what was going on while the number of workers
 * changed does not count. Where other programs fill the machine, what workers do is taken per processor time they got.
 */
export function manageWorkers(pool: Resizable, options: ManagerOptions = {}): WorkerManager {
  const { seconds = 10, onWindow = () => {}, now = () => performance.now(), machine = machineTime, ...rule } = options;
  const { memory } = { ...workerRule, ...rule };
  const running = new Map<string | number, Running>();
  const watched: Watched[] = [];
  let history: readonly Window[] = [];
  let decision = decideWorkers(history, rule);
  let began = now(); // the window
  let clocks = { machine: machine().busy, workers: pool.cpuSeconds ?? NaN, at: began };
  let changed = now(); // other workers than were decided on were last seen at work
  pool.resize(decision.workers);

  /**
   * Share of the cores they could use that other programs left to the workers since the window began: 1 where there was
   * enough for all. On a machine that is full each worker more takes time from the others, which is no gain.
   */
  function leftBy(): number {
    const before = clocks;
    const { busy, cores } = machine();
    clocks = { machine: busy, workers: pool.cpuSeconds ?? NaN, at: now() };
    const seconds = (clocks.at - before.at) / 1000;
    const used = (clocks.workers - before.workers) / seconds;
    const all = (clocks.machine - before.machine) / seconds;
    const full = all > 0.9 * cores && all - used > NOTICEABLE;
    return full && used > 0 ? Math.min(1, used / Math.min(decision.workers, cores)) : 1;
  }

  function close() {
    const { workers } = decision;
    const jobs = [...running];
    if (now() - began < 1000 * seconds || jobs.length !== workers) return;
    if (!jobs.every(([, { speeds }]) => speeds.length > 0)) return;
    const rates = jobs.map(([job, { speeds }]) => {
      const spent = speeds.reduce((sum, { seconds }) => sum + seconds, 0);
      return { job, rate: speeds.reduce((sum, { rate, seconds }) => sum + rate * seconds, 0) / spent };
    });
    const left = leftBy();
    watched.push({ workers, rates: rates.map(({ job, rate }) => ({ job, rate: rate / left })) });
    if (watched.length > memory) watched.shift();
    history = leveled(watched);
    const next = decideWorkers(history, rule);
    onWindow({ ...next, from: workers, throughput: history.at(-1)!.throughput });
    if (next.workers !== workers) {
      pool.resize(next.workers);
      changed = now();
    }
    decision = next;
    began = now();
    for (const job of running.values()) job.speeds = [];
  }

  return {
    begin(job) {
      running.set(job, { at: now(), units: 0, speeds: [] });
    },
    report(job, units) {
      const one = running.get(job);
      if (!one) return;
      const [at, before] = [one.at, one.units];
      one.at = now();
      one.units = units;
      const { workers } = decision;
      if (pool.size !== workers || running.size !== workers) changed = now();
      if (at < changed || units <= before) return;
      const spent = Math.max(1e-3, (one.at - at) / 1000);
      one.speeds.push({ rate: (units - before) / spent, seconds: spent });
      close();
    },
    end(job) {
      running.delete(job);
    },
    get history() {
      return history;
    },
    get decision() {
      return decision;
    },
  };
}
