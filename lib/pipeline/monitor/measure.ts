import { quantile } from "../../base/stats.ts";
import type { Config } from "../../config/schema.ts";
import { type Part, whereTimeGoes } from "../../resources/analyse.ts";
import { findSizes, type Measured, powersOfTwo, type SizesFound } from "../../resources/batch_size.ts";
import { decideWorkers, type Decision, marginalShare, type Window } from "../../resources/workers.ts";
import { barOf, type Deps } from "../deps.ts";
import type { ProbeResult, ProbeSizes } from "./probe.ts";
import type { Probes } from "./probes.ts";

/** So many workers at work, side by side. */
export interface WorkerLevel {
  readonly workers: number;
  readonly throughput: number; // env steps a second, all together; median of the rounds
  readonly each: number;
  /** Env steps a second if no other program ran: what a second of processor time gives, times the cores they would have. */
  readonly quiet: number;
  readonly adds: number; // what the last one adds, as a share of a worker's work before it came; NaN of the first
  readonly cores: number; // that they used
  readonly rss: number; // bytes, of all
}

/** What one worker does with so many threads. */
export interface ThreadLevel {
  readonly threads: number;
  readonly throughput: number; // env steps a second
}

/** What some workers got done together. */
export interface Together extends ProbeResult {
  readonly throughput: number; // env steps a second, all together
  readonly cores: number;
  readonly rss: number; // bytes
}

/** Measures so many workers at once. */
export type Measure = (workers: number, sizes: ProbeSizes, seconds: number) => Promise<Together>;

/** Measures so many workers at once; what must be loaded or compiled is made ready before. */
export function measurer(probes: Probes, config: Config): Measure {
  return async (workers, sizes, seconds) => {
    await probes.run(workers, { config, sizes, seconds: 0 });
    const [before, at] = [probes.usage(workers), performance.now()];
    const done = await probes.run(workers, { config, sizes, seconds });
    const [after, spent] = [probes.usage(workers), (performance.now() - at) / 1000];
    const sum = (of: (one: ProbeResult) => number) => done.reduce((total, one) => total + of(one), 0);
    const parts = Object.fromEntries(Object.keys(done[0].parts).map((part) => [part, sum(({ parts }) => parts[part])]));
    return {
      steps: sum(({ steps }) => steps),
      seconds: sum(({ seconds }) => seconds),
      parts,
      throughput: sum(({ steps, seconds }) => steps / seconds),
      cores: (after.cpu - before.cpu) / spent,
      rss: after.rss,
    };
  };
}

/** All numbers of workers, in rounds that go up and down in turn. [most][rounds] */
export async function measureLevels(
  measure: Measure,
  probes: Probes,
  { most, rounds, seconds }: { readonly most: number; readonly rounds: number; readonly seconds: number },
  deps: Deps,
): Promise<Together[][]> {
  using bar = barOf(deps, "Measuring workers");
  const seen: Together[][] = Array.from({ length: most }, () => []);
  const total = most * rounds;
  bar.update(0, total, "starts workers");
  await measure(most, {}, 0);
  for (let round = 0, done = 0; round < rounds; round++) {
    for (let i = 0; i < most; i++) {
      const workers = round % 2 === 0 ? i + 1 : most - i;
      const together = await measure(workers, {}, seconds);
      seen[workers - 1].push(together);
      bar.update(++done, total, `${workers} workers: ${together.throughput.toFixed(0)} steps/s`);
      deps.onEvent?.({
        kind: "workers",
        workers: probes.workers.map(({ busy, rss, cpu, ...rest }) => ({
          ...rest,
          busy: Number(busy),
          rss: rss || null,
          cpu: cpu || null,
        })),
      });
    }
  }
  return seen;
}

/**
 * Medians of the rounds. Where other programs are busy, each worker more takes time from them, which is no gain of the
 * machine's: workers are then compared by `quiet`.
 */
export function levelsOf(
  seen: readonly (readonly Together[])[],
  cores: number,
  others: boolean,
  threads: number,
): { level: WorkerLevel; windows: Window[] }[] {
  const quietOf = (i: number) => ({ throughput, cores: used }: Together) =>
    throughput * Math.min(cores, (i + 1) * threads) / used;
  const levels = seen.map((all, i) => {
    const median = (of: (one: Together) => number) => quantile(all.map(of), 0.5);
    const throughput = median(({ throughput }) => throughput);
    return {
      ...{ workers: i + 1, throughput, each: throughput / (i + 1), quiet: median(quietOf(i)) },
      ...{ cores: median(({ cores }) => cores), rss: median(({ rss }) => rss) },
    };
  });
  const window = ({ workers, throughput, quiet }: typeof levels[number]): Window => ({
    workers,
    throughput: others ? quiet : throughput,
  });
  return seen.map((all, i) => ({
    level: { ...levels[i], adds: i === 0 ? NaN : marginalShare(window(levels[i - 1]), window(levels[i])) },
    windows: all.map((one) => ({ workers: i + 1, throughput: others ? quietOf(i)(one) : one.throughput })),
  }));
}

/** Where the time of one worker alone went, over its rounds. */
export function partsOfOne(rounds: readonly Together[]): Part[] {
  const sums: Record<string, number> = {};
  for (const { parts } of rounds) {
    for (const [part, seconds] of Object.entries(parts)) sums[part] = (sums[part] ?? 0) + seconds;
  }
  return whereTimeGoes(sums, rounds.reduce((sum, { seconds }) => sum + seconds, 0));
}

/**
 * What the worker manager would settle on if it saw again what was measured: whole rounds, so that no measurement counts
 * for more than another.
 *
 * @param measured as often for each number of workers
 */
export function settledOn(measured: readonly Window[], most: number): Decision {
  const rounds = measured.filter(({ workers }) => workers === 1).length;
  const rule = { min: 1, max: most, windows: 2 * rounds, memory: 60 * rounds };
  const history: Window[] = [];
  let decision = decideWorkers(history, rule);
  while (!decision.settled && history.length < rule.memory) {
    const { workers } = decision;
    history.push(...measured.filter((window) => window.workers === workers));
    decision = decideWorkers(history, rule);
  }
  return decision;
}

/** One worker with 1, 2, 4 … threads. */
export async function measureThreads(
  measure: Measure,
  cores: number,
  seconds: number,
  deps: Deps,
): Promise<ThreadLevel[]> {
  using bar = barOf(deps, "Measuring threads");
  const counts = powersOfTwo(1, Math.min(8, cores));
  const seen = counts.map((): number[] => []);
  for (let round = 0; round < 2; round++) {
    for (const [i, threads] of counts.entries()) {
      bar.update(round * counts.length + i, 2 * counts.length, `${threads} threads`);
      seen[i].push((await measure(1, { threads }, seconds)).throughput);
    }
  }
  bar.update(2 * counts.length, 2 * counts.length);
  return counts.map((threads, i) => ({ threads, throughput: quantile(seen[i], 0.5) }));
}

/**
 * Sizes for as many workers at once as pay: threads that help one alone may only be in the way of others. Where other
 * programs are busy, threads stay as they are set, as more only take from them, and sizes are judged by processor time.
 */
export async function measureSizes(
  measure: Measure,
  config: Config,
  { workers, cores, seconds, measurements, othersBusy }: {
    readonly workers: number;
    readonly cores: number;
    readonly seconds: number;
    readonly measurements: number;
    readonly othersBusy: boolean;
  },
  deps: Deps,
): Promise<SizesFound> {
  using bar = barOf(deps, "Measuring sizes");
  const near = (value: number, values: readonly number[]) =>
    values.reduce((best, one) => Math.abs(Math.log(one / value)) < Math.abs(Math.log(best / value)) ? one : best);
  const axes = {
    batch: powersOfTwo(64, 4096),
    rows: powersOfTwo(8, 256),
    threads: othersBusy ? [config.agent.threads ?? 1] : powersOfTwo(1, Math.min(8, cores)),
  };
  const start = {
    batch: near(config.ppo.batch_size, axes.batch),
    rows: near(config.env.n_envs, axes.rows),
    threads: near(config.agent.threads ?? 1, axes.threads),
  };
  let done = 0;
  return await findSizes(axes, async (sizes) => {
    const { throughput, cores: used } = await measure(workers, sizes, seconds);
    return othersBusy ? throughput * Math.min(cores, workers * sizes.threads) / used : throughput;
  }, {
    start,
    budget: measurements,
    onMeasured: (measured) => bar.update(++done, measurements, textOf(measured)),
  });
}

const textOf = ({ sizes: { batch, rows, threads }, throughput }: Measured) =>
  `batch ${batch}, rows ${rows}, threads ${threads}: ${throughput.toFixed(0)} steps/s`;
