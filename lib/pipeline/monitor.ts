import { quantile } from "../base/stats.ts";
import type { Config } from "../config/schema.ts";
import { memoryTrend, type Part } from "../resources/analyse.ts";
import type { Sizes, SizesFound } from "../resources/batch_size.ts";
import type { GpuUsage } from "../resources/gpu.ts";
import { openCollector, type Sample } from "../resources/metrics.ts";
import type { Decision } from "../resources/workers.ts";
import { agentFeatures } from "./agent/features.ts";
import type { Deps } from "./deps.ts";
import { loadMarket } from "./market.ts";
import { adviceOf } from "./monitor/advice.ts";
import {
  levelsOf,
  measureLevels,
  measurer,
  measureSizes,
  measureThreads,
  partsOfOne,
  settledOn,
  type ThreadLevel,
  type WorkerLevel,
} from "./monitor/measure.ts";
import { openProbes, type Probes } from "./monitor/probes.ts";
import { specsOf } from "./specs.ts";

/** How long and how much is measured. */
export interface MonitorOptions {
  readonly seconds?: number; // of each measurement; 1.5
  readonly most?: number; // workers tried; up to 8, two more than cores
  readonly rounds?: number; // measurements of each number of workers; 3
  readonly sizes?: number; // measurements of batch, rows and threads; 0: none; 24
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
  await agentFeatures(source.market, specsOf(config, source));
  await using probes = openProbes(most, deps.signal);
  await using watching = openCollector({ every: 1, workers: () => probes.pids });
  const one = { ...config, agent: { ...config.agent, threads: config.agent.threads ?? 1 } }; // as trials are run
  const measure = measurer(probes, one);

  const seen = await measureLevels(measure, probes, { most, rounds, seconds }, deps);
  const busy = Math.max(before, quantile(watching.history.slice(1).map((sample) => othersOf(sample, cores)), 0.5) || 0);
  const othersBusy = busy > NOTICEABLE;
  const levels = levelsOf(seen, cores, othersBusy, one.agent.threads);
  const decision = settledOn(levels.flatMap(({ windows }) => windows), most);
  const { workers } = decision;
  const threads = await measureThreads(measure, cores, seconds, deps);
  const sizes = measurements > 0
    ? await measureSizes(measure, config, { workers, cores, seconds: seconds / 2, measurements, othersBusy }, deps)
    : undefined;
  await watching.sample();
  const samples = watching.history;
  const rss = samples.map(({ ownRss, workersRss }) => ownRss + (workersRss || 0));
  const facts = {
    machine: { cores, memory: quiet.memoryTotal, busy, gpus: quiet.gpus },
    kind: probes.kind,
    levels: levels.map(({ level }) => level),
    othersBusy,
    decision,
    threads,
    parts: partsOfOne(seen[0]),
    sizes,
    best: { ...(sizes?.best.sizes ?? { threads: one.agent.threads }), workers },
    memory: memoryTrend(samples.map(({ time }) => time), rss).text,
    samples,
    seconds: (performance.now() - began) / 1000,
  };
  return { ...facts, advice: adviceOf(facts, config) };
}

const NOTICEABLE = 0.3; // cores that other programs use

/** Cores that neither this process nor its workers used. */
const othersOf = ({ cpu, ownCpu, workersCpu }: Sample, cores: number) =>
  Math.max(0, cpu * cores - ownCpu - (workersCpu || 0));
