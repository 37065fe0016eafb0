import { quantile } from "../base/stats.ts";
import type { Config } from "../config/schema.ts";
import { featureSpecs } from "../features/sets.ts";
import { advise, memoryTrend, type Part, whereTimeGoes } from "../resources/analyse.ts";
import { findSizes, type Measured, powersOfTwo, type Sizes, type SizesFound } from "../resources/batch_size.ts";
import type { GpuUsage } from "../resources/gpu.ts";
import { openCollector, type Sample } from "../resources/metrics.ts";
import { decideWorkers, type Decision, marginalShare, type Window, workerRule } from "../resources/workers.ts";
import { agentFeatures } from "./agent_features.ts";
import { barOf, type Deps } from "./deps.ts";
import { loadMarket } from "./market.ts";
import type { ProbeResult, ProbeSizes } from "./monitor_probe.ts";
import { openProbes, type Probes } from "./monitor_probes.ts";

/** How long and how much is measured. */
export interface MonitorOptions {
  readonly seconds?: number; // of each measurement; 1.5
  readonly most?: number; // workers tried; up to 8, two more than cores
  readonly rounds?: number; // measurements of each number of workers; 3
  readonly sizes?: number; // measurements of batch, rows and threads; 0: none; 24
}

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

/** What this machine can do. */
export interface MonitorReport {
  readonly machine: {
    readonly cores: number;
    readonly memory: number; // bytes
    readonly busy: number; // cores that other programs used, before or while it was measured
    readonly gpus: readonly GpuUsage[];
  };
  /** Whether workers were processes, as in a sweep, or threads, where no programs may be started. */
  readonly kind: Probes["kind"];
  readonly levels: readonly WorkerLevel[];
  readonly decision: Decision; // of the worker manager, on what was measured, or on `quiet` where others were busy
  readonly threads: readonly ThreadLevel[];
  readonly parts: readonly Part[]; // of one worker's time
  readonly sizes: SizesFound | undefined;
  readonly advice: readonly string[];
  /** What is advised: workers of a sweep, threads of each, rows and batch. */
  readonly best: { readonly workers: number } & Sizes;
  readonly memory: string; // its trend, in words
  /** Whether other programs used so much that workers are judged by `quiet`. */
  readonly othersBusy: boolean;
  readonly samples: readonly Sample[];
  readonly seconds: number; // that all of it took
}

/**
 * Measures what this machine gets done: PPO as a trial of a sweep does it, by 1, 2, 3 … workers at once, by one worker with
 * more threads, and with other batches and rows. Rounds go up and down in turn, so that what else happens on the machine
 * does not favour one number of workers.
 */
export async function monitorStage(
  config: Config,
  deps: Deps = {},
  options: MonitorOptions = {},
): Promise<MonitorReport> {
  const cores = navigator.hardwareConcurrency;
  const { seconds = 1.5, most = Math.min(8, cores + 2), rounds = 3, sizes: measurements = 24 } = options;
  for (const [name, value, least] of [["seconds", seconds, 0.1], ["most", most, 1], ["rounds", rounds, 1]] as const) {
    if (value >= least) continue;
    throw new RangeError(`Cannot measure the machine as ${name} must be at least ${least}: current value is ${value}`);
  }
  const began = performance.now();
  await using collector = openCollector({ every: 1 });
  await new Promise((resolve) => setTimeout(resolve, 300));
  const quiet = await collector.sample();
  const before = othersOf(quiet, cores);

  const source = await loadMarket(config, deps); // said here if it can't be, and kept for the workers
  await agentFeatures(
    source.market,
    featureSpecs(config.features.spec, { columns: Object.keys(source.market.assets[0].extra) }),
  );
  await using probes = openProbes(most, deps.signal);
  await using watching = openCollector({ every: 1, workers: () => probes.pids });
  const one = { ...config, agent: { ...config.agent, threads: config.agent.threads ?? 1 } }; // as trials are run
  const measure = measurer(probes, one);

  const seen = await measureLevels(measure, probes, { most, rounds, seconds }, deps);
  const busy = Math.max(before, quantile(watching.history.slice(1).map((sample) => othersOf(sample, cores)), 0.5) || 0);
  const levels = levelsOf(seen, cores, busy > NOTICEABLE, one.agent.threads);
  const decision = settledOn(levels.flatMap(({ windows }) => windows), most);
  const { workers } = decision;
  const parts = partsOfOne(seen[0]);
  const others = busy > NOTICEABLE;
  const threads = await measureThreads(measure, cores, seconds, deps);
  const sizes = measurements > 0
    ? await measureSizes(measure, config, { workers, cores, seconds: seconds / 2, measurements, others }, deps)
    : undefined;
  await watching.sample();
  const samples = watching.history;
  const found = sizes?.best.sizes ?? { threads: config.agent.threads ?? 1 };
  const rss = samples.map(({ ownRss, workersRss }) => ownRss + (workersRss || 0));
  return {
    machine: { cores, memory: quiet.memoryTotal, busy, gpus: quiet.gpus },
    kind: probes.kind,
    levels: levels.map(({ level }) => level),
    othersBusy: busy > NOTICEABLE,
    decision,
    threads,
    parts,
    sizes,
    advice: adviceOf({
      levels: levels.map(({ level }) => level),
      decision,
      threads,
      parts,
      sizes,
      samples,
      busy,
      cores,
    }, config),
    best: { ...found, workers },
    memory: memoryTrend(samples.map(({ time }) => time), rss).text,
    samples,
    seconds: (performance.now() - began) / 1000,
  };
}

const NOTICEABLE = 0.3; // cores

/** Cores that neither this process nor its workers used. */
const othersOf = ({ cpu, ownCpu, workersCpu }: Sample, cores: number) =>
  Math.max(0, cpu * cores - ownCpu - (workersCpu || 0));

/** What some workers got done together. */
interface Together extends ProbeResult {
  readonly throughput: number; // env steps a second, all together
  readonly cores: number;
  readonly rss: number; // bytes
}

type Measure = (workers: number, sizes: ProbeSizes, seconds: number) => Promise<Together>;

/** Measures so many workers at once; what must be loaded or compiled is made ready before. */
function measurer(probes: Probes, config: Config): Measure {
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

async function measureLevels(
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
function levelsOf(
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
function partsOfOne(rounds: readonly Together[]): Part[] {
  const sums: Record<string, number> = {};
  for (const { parts } of rounds) {
    for (const [part, seconds] of Object.entries(parts)) sums[part] = (sums[part] ?? 0) + seconds;
  }
  return whereTimeGoes(sums, rounds.reduce((sum, { seconds }) => sum + seconds, 0));
}

/** What the worker manager would settle on if it saw again what was measured. */
function settledOn(measured: readonly Window[], most: number): Decision {
  const rule = { min: 1, max: most };
  const history: Window[] = [];
  let decision = decideWorkers(history, rule);
  for (let i = 0; i < workerRule.memory && !decision.settled; i++) {
    const at = measured.filter(({ workers }) => workers === decision.workers);
    history.push(at[i % at.length]);
    decision = decideWorkers(history, rule);
  }
  return decision;
}

async function measureThreads(measure: Measure, cores: number, seconds: number, deps: Deps): Promise<ThreadLevel[]> {
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
async function measureSizes(
  measure: Measure,
  config: Config,
  { workers, cores, seconds, measurements, others }: {
    readonly workers: number;
    readonly cores: number;
    readonly seconds: number;
    readonly measurements: number;
    readonly others: boolean;
  },
  deps: Deps,
): Promise<SizesFound> {
  using bar = barOf(deps, "Measuring sizes");
  const near = (value: number, values: readonly number[]) =>
    values.reduce((best, one) => Math.abs(Math.log(one / value)) < Math.abs(Math.log(best / value)) ? one : best);
  const axes = {
    batch: powersOfTwo(64, 4096),
    rows: powersOfTwo(8, 256),
    threads: others ? [config.agent.threads ?? 1] : powersOfTwo(1, Math.min(8, cores)),
  };
  const start = {
    batch: near(config.ppo.batch_size, axes.batch),
    rows: near(config.env.n_envs, axes.rows),
    threads: near(config.agent.threads ?? 1, axes.threads),
  };
  let done = 0;
  return await findSizes(axes, async (sizes) => {
    const { throughput, cores: used } = await measure(workers, sizes, seconds);
    return others ? throughput * Math.min(cores, workers * sizes.threads) / used : throughput;
  }, {
    start,
    budget: measurements,
    onMeasured: (measured) => bar.update(++done, measurements, textOf(measured)),
  });
}

const textOf = ({ sizes: { batch, rows, threads }, throughput }: Measured) =>
  `batch ${batch}, rows ${rows}, threads ${threads}: ${throughput.toFixed(0)} steps/s`;

/** What a worker more adds, in words: `35 % of a worker's work`, `nothing`. */
export const addsText = (share: number): string =>
  share < 0.02 ? "nothing" : `${(100 * share).toFixed(0)} % of a worker's work`;

/** What to do, in words. */
function adviceOf(
  { levels, decision, threads, parts, sizes, samples, busy, cores }:
    & Pick<MonitorReport, "levels" | "decision" | "threads" | "parts" | "sizes" | "samples">
    & { readonly busy: number; readonly cores: number },
  config: Config,
): string[] {
  const advice: string[] = [];
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  const { workers } = decision;
  const [one, chosen, next] = [levels[0], levels[workers - 1], levels[workers]];
  const others = busy > NOTICEABLE;
  if (others) {
    advice.push(
      `Other programs used ${
        busy.toFixed(1)
      } of ${cores} cores: workers are judged by what a second of processor time ` +
        `gives, as more of them only take from the others. Measure again when the machine is quiet.`,
    );
  }
  const times = (others ? chosen.quiet / one.quiet : chosen.throughput / one.throughput).toFixed(2);
  advice.push(
    workers === 1
      ? `One worker for sweeps (tune.workers=1): ${
        next ? `a second adds ${addsText(next.adds)}` : "no more were tried"
      }.`
      : `${workers} workers for sweeps (tune.workers=${workers}): together they do ${times} times what one does${
        next
          ? `; worker ${next.workers} adds ${
            percent(next.adds)
          } of a worker's work, so more than ${workers} do not help`
          : ""
      }.`,
  );
  const bestThreads = threads.reduce((best, level) => level.throughput > 1.05 * best.throughput ? level : best);
  const gain = bestThreads.throughput / threads[0].throughput - 1;
  if (!others) {
    advice.push(
      bestThreads.threads === 1
        ? `One thread for a training on its own (agent.threads=1): more add nothing to a network of this size.`
        : `${bestThreads.threads} threads for a training on its own (agent.threads=${bestThreads.threads}): ${
          percent(gain)
        } faster than one.`,
    );
  }
  if (sizes) {
    const { sizes: { batch, rows, threads }, throughput } = sizes.best;
    const own = sizes.measured.find(({ sizes }) =>
      sizes.batch === config.ppo.batch_size && sizes.rows === config.env.n_envs &&
      sizes.threads === (config.agent.threads ?? 1)
    );
    const faster = own ? throughput / own.throughput - 1 : NaN;
    const worth = faster > 0.05 ? `, ${percent(faster)} faster than as set` : "";
    advice.push(
      faster <= 0.05
        ? `Batch, rows and threads are as fast as any that were tried.`
        : `Fastest with ${workers} at work: ppo.batch_size=${batch}, env.n_envs=${rows}, agent.threads=${threads}${worth}. ` +
          `Batch and rows also change what is learnt: compare before you keep them.`,
    );
  }
  // What follows from shares of time holds for whatever is measured; of the machine's use, only that of the samples.
  const working = samples.filter(({ workersCpu, ownCpu }) => workersCpu + ownCpu > 0.5);
  return [
    ...advice,
    ...advise({ samples: working, parts, cores }).filter((line) => !/Other programs|cores are used/.test(line)),
  ];
}
