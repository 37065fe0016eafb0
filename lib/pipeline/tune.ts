import { join } from "node:path";
import { exists } from "../base/files.ts";
import { loadConfig, type LoadedConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import type { TrialJob } from "../hyperopt/trial.ts";
import type { SamplerOptions } from "../hyperopt/sampler.ts";
import { samplerOf } from "../hyperopt/samplers.ts";
import { schedulerOf } from "../hyperopt/schedulers.ts";
import { formatSpace, parseSpace } from "../hyperopt/space.ts";
import { spaces } from "../hyperopt/spaces.ts";
import { checkClosed, runStudy, type Stopped } from "../hyperopt/run_study.ts";
import { openStudy, type Study } from "../hyperopt/study.ts";
import { readJournal, type StudySpec } from "../hyperopt/study_journal.ts";
import { bestOf, type TrialRow } from "../hyperopt/study_rows.ts";
import { openCollector, type Sample, systemMetrics } from "../resources/metrics.ts";
import { ensurePython } from "../track/python.ts";
import { checkSearch } from "./sweep/check_search.ts";
import { barOf, type Deps } from "./deps.ts";
import { type LoadedMarket, loadMarket } from "./market.ts";
import { embeddedEngine, type OpenEngine } from "./sweep/engine.ts";
import { sweepRuns } from "./sweep/runs.ts";
import { readSweep, type Sweep, sweepFolder } from "./sweep/sweep.ts";
import { sweepPaths } from "./sweep/trial_command.ts";
import { writeTrialMarket } from "./sweep/trial_market.ts";
import { datasetOf, type RunFacts, tracked } from "./tracked.ts";

/** How a sweep runs, apart from its settings. */
export interface TuneOptions {
  /** What it is called; without one, preset and time. */
  readonly name?: string;
  /** Goes on with the sweep of that name: its space, settings and candles are those it was begun with. */
  readonly resume?: string;
  /** What is searched, as text; the preset's space unless given. */
  readonly space?: readonly string[];
  /** Folder of all sweeps; every machine that runs trials must see it. */
  readonly storage?: string;
  readonly openEngine?: OpenEngine;
  /** Where a cluster is, for engines that use one. */
  readonly address?: string;
  /** What samplers that run in Python need. */
  readonly sampler?: Pick<SamplerOptions, "python" | "storage" | "startup">;
  /** Hears how the sweep stands, whenever something happened. */
  readonly onStatus?: (status: SweepStatus) => void;
}

/** How a running sweep stands. */
export interface SweepStatus {
  readonly name: string;
  readonly rows: readonly TrialRow[];
  readonly changed: TrialRow;
  readonly what: "begun" | "report" | "ended";
  readonly best: TrialRow | undefined;
  readonly trials: number; // that there shall be
  readonly rungs: readonly number[];
  readonly slots: number;
  readonly seconds: number; // of this session
  readonly left: number; // seconds that are left, by the trials that ended; NaN before the first
}

/** A sweep that was run. */
export interface SweepReport extends Sweep {
  readonly stopped: Stopped;
  readonly seconds: number; // of this session
  /** Why there were as many workers as there were. */
  readonly workers: string;
  readonly samples: readonly Sample[]; // of the machine
  /** The numbers a run records. */
  readonly numbers: Readonly<Record<string, number>>;
}

/** A sweep with its MLflow run. */
export interface TrackedSweep extends SweepReport {
  readonly run: { readonly id: string; readonly url: string | undefined };
}

/**
 * Searches settings by `config.tune`: trials are trained and judged on walk-forward folds of the bars before the test part
 * (`openTrials`), several at once, and stopped early where others do better. Everything is in the sweep's folder; a sweep
 * that was interrupted goes on with `resume` and repeats no trial that ended.
 *
 * An MLflow run holds the sweep, with a nested run for each trial, the machine's metrics, the ledger and `best_config.json`,
 * which `lab train --config` takes. The winner's Sharpe ratio is deflated by all trials that the ledger counts.
 *
 * @throws {RangeError} before any work if settings, space or name cannot be used
 */
export async function trackedTune(
  loaded: LoadedConfig,
  deps: Deps = {},
  options: TuneOptions = {},
): Promise<TrackedSweep> {
  const { config, preset } = loaded;
  const prepared = options.resume === undefined
    ? await prepareNew(loaded, deps, options)
    : await prepareResumed(options.resume, options.storage);
  const { name, folder, source } = prepared;
  await using study = openStudy(folder, prepared.spec);
  checkClosed(study, config.tune.trials);
  const { spec } = study;
  const { space } = spec;
  const facts: RunFacts = {
    kind: "tune",
    name: `sweep ${name}`,
    command: ["tune", ...space.split("\n").flatMap((parameter) => ["--space", parameter])], // the same one anew
    tags: { "candelabra.sweep": name, ...(options.resume === undefined ? {} : { "candelabra.resumed": "true" }) },
  };
  return await tracked({ ...loaded, preset }, facts, async (run) => {
    run.tags({
      "candelabra.data": spec.data,
      "candelabra.trial_market": spec.market,
      "candelabra.sampler": spec.sampler,
      "candelabra.scheduler": spec.scheduler,
    });
    if (source) {
      run.tags({ "candelabra.data_hash": source.hash });
      run.dataset(datasetOf(source, "training"));
    }
    await run.artifact("space.txt", spec.space + "\n");
    await using runs = await sweepRuns(loaded, run, study, name);
    const sampler = options.sampler ?? await samplerNeeds(loaded, study, deps);
    const done = await runTrials(study, config, deps, { ...options, sampler }, runs.onTrial, (sample, index) => {
      run.metrics(systemMetrics(sample), index);
    });
    await runs.end();
    const sweep = await readSweep(name, options.storage);
    const numbers = numbersOf(sweep);
    // What depends on the order in which trials happened to report is logged, and not offered to be verified.
    const { tune } = config;
    const orderless = spec.scheduler === "none" && (spec.sampler === "random" || spec.sampler === "grid");
    const repeatable = done.stopped !== "seconds" && (tune.workers === 1 || orderless);
    if (repeatable) run.result(numbers);
    else run.metrics(numbers);
    run.tags({
      "candelabra.ledger": sweep.ledgerHead,
      "candelabra.stopped": done.stopped,
      "candelabra.repeatable": String(repeatable),
    });
    for (const [path, body] of await artifactsOf(sweep)) await run.artifact(path, body);
    return { ...sweep, ...done, numbers, run: { id: run.id, url: run.url } };
  }, deps);
}

/** Of a sampler that runs in Optuna: Python, and where Optuna keeps its studies: PostgreSQL, or the sweep's folder. */
async function samplerNeeds(
  { settings }: LoadedConfig,
  { spec, folder }: Study,
  deps: Deps,
): Promise<NonNullable<TuneOptions["sampler"]>> {
  if (!samplerOf(spec.sampler).python) return {};
  using bar = barOf(deps, "Python packages");
  const { python } = await ensurePython({ onProgress: bar.update });
  return { python, storage: settings.postgresUrl?.reveal() ?? join(folder, "optuna.log") };
}

/** Runs the trials of a study on an engine, and says how it goes. */
async function runTrials(
  study: Study,
  config: Config,
  deps: Deps,
  { openEngine = embeddedEngine, address, sampler, onStatus = () => {} }: TuneOptions,
  onTrial: (row: TrialRow, what: SweepStatus["what"]) => void,
  onSample: (sample: Sample, index: number) => void,
): Promise<Pick<SweepReport, "stopped" | "seconds" | "workers" | "samples">> {
  const { trials, seconds } = config.tune;
  const { onEvent } = deps;
  const name = study.spec.study;
  const started = performance.now();
  const rows = new Map(study.rows.map((row) => [row.trial, row]));
  const ended = () => [...rows.values()].filter(({ state }) => state !== "running").length;
  const before = ended();
  await using engine = await openEngine({
    ...{ folder: study.folder, config },
    ...(onEvent ? { onEvent } : {}),
    ...(deps.progress ? { progress: deps.progress } : {}),
    ...(address === undefined ? {} : { address }),
  });
  await using collector = openCollector({
    workers: () => engine.workers.map(({ pid }) => pid).filter(Boolean),
    onSample,
  });
  using bar = barOf(deps, `Sweep ${name}`);
  const stopped = await runStudy(study, engine, {
    trials,
    ...(seconds === null ? {} : { seconds }),
    ...(deps.signal ? { signal: deps.signal } : {}),
    ...(sampler ? { sampler } : {}),
    onTrial(row, what) {
      rows.set(row.trial, row);
      onTrial(row, what);
      const { trial, state, value, params } = row;
      onEvent?.({ kind: "trial", trial, state, value, params });
      const best = bestOf([...rows.values()]);
      const done = ended();
      const note = best ? `best ${best.value!.toFixed(3)} of trial ${best.trial}` : "";
      bar.update(done, trials, note);
      onEvent?.({ kind: "progress", label: `Sweep ${name}`, done, total: trials, note });
      const spent = (performance.now() - started) / 1000;
      onStatus({
        ...{ name, rows: [...rows.values()], changed: row, what, best, trials, rungs: study.spec.rungs },
        ...{
          slots: engine.slots,
          seconds: spent,
          left: done > before ? spent / (done - before) * (trials - done) : NaN,
        },
      });
    },
  });
  await collector.sample();
  const spent = (performance.now() - started) / 1000;
  return { stopped, seconds: spent, workers: engine.advice, samples: collector.history };
}

interface Prepared {
  readonly name: string;
  readonly folder: string;
  readonly spec?: StudySpec;
  readonly source?: LoadedMarket;
}

/** Everything up to the first trial: checks, candles cut before the test part, the spec. */
async function prepareNew(loaded: LoadedConfig, deps: Deps, options: TuneOptions): Promise<Prepared> {
  const { preset } = loaded;
  const { agent } = loaded.config;
  // One thread a trial: trials run side by side, and their numbers do not depend on the machine's cores.
  const config = { ...loaded.config, agent: { ...agent, threads: agent.threads ?? 1 } };
  const { run, tune, ppo } = config;
  const name = options.name ?? `${preset}-${stamp(new Date())}`;
  const folder = sweepFolder(name, options.storage);
  if (await exists(join(folder, "journal.jsonl"))) {
    throw new RangeError(
      `Cannot begin the sweep "${name}" as its name must be new: --resume ${name} goes on with the one there is`,
    );
  }
  const space = options.space === undefined ? spaces[preset] : parseSpace(options.space);
  samplerOf(tune.sampler).check?.(space);
  const shared = config as unknown as TrialJob["config"];
  const source = await loadMarket(config, deps);
  checkSearch(space, shared, Object.keys(source.market.assets[0].extra));
  const market = await writeTrialMarket(sweepPaths(folder).market, source);
  const spec: StudySpec = {
    study: name,
    space: formatSpace(space),
    ...{ sampler: tune.sampler, scheduler: tune.scheduler, seed: run.seed, folds: tune.folds },
    rungs: wholeUpdates(schedulerOf(tune.scheduler).rungs(tune.timesteps ?? ppo.total_timesteps), config),
    seeds: Array.from({ length: tune.seeds }, (_, i) => run.seed + i),
    config: shared,
    ...{ data: source.name, market },
  };
  return { name, folder, spec, source };
}

async function prepareResumed(name: string, storage?: string): Promise<Prepared> {
  const { folder } = await readSweep(name, storage); // says which there are
  return { name, folder };
}

/** Rungs at the end of updates, which training goes on to whatever it is told; each once. */
function wholeUpdates(rungs: readonly number[], { ppo: { n_steps }, env: { n_envs } }: Config): number[] {
  const update = n_steps * n_envs;
  return [...new Set(rungs.map((rung) => Math.ceil(rung / update) * update))];
}

const stamp = (time: Date) => time.toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");

/**
 * Settings with which a sweep goes on: those it was begun with, but for what says how much and on how many workers, which
 * may be given anew.
 */
export function resumedConfig(loaded: LoadedConfig, name: string, storage?: string): LoadedConfig {
  const [first] = readJournal(join(sweepFolder(name, storage), "journal.jsonl")).entries;
  if (first?.kind !== "study") return loaded; // `trackedTune` says what is wrong
  const given = Object.keys(loaded.origins).filter((path) => loaded.origins[path] === "--set");
  const free = ["tune.trials", "tune.workers", "tune.seconds", "tune.trial_seconds", "tune.trial_memory"];
  const fixed = given.find((path) => !free.includes(path) && !path.startsWith("run."));
  if (fixed) {
    throw new RangeError(
      `Cannot change "${fixed}" of the sweep "${name}" as what its trials are must stay: ${free.join(", ")} may change`,
    );
  }
  const { config } = loadConfig({ environment: {}, values: first.spec.config as never });
  const { tune, run } = loaded.config;
  const chosen = Object.fromEntries(
    given.filter((path) => path.startsWith("tune.")).map((path) => path.slice(5))
      .map((key) => [key, tune[key as keyof typeof tune]]),
  );
  return {
    ...loaded,
    config: { ...config, run: { ...config.run, track: run.track }, tune: { ...config.tune, ...chosen } },
  };
}

function numbersOf({ rows, best, count, deflated, deflatedFinished, overfitting }: Sweep): Record<string, number> {
  return {
    "sweep/trials": count.trials,
    "sweep/finished": count.finished,
    "sweep/pruned": count.pruned,
    "sweep/failed": count.failed,
    "sweep/steps": rows.reduce((sum, { reports }) => sum + (reports.at(-1)?.step ?? 0), 0), // of each agent
    ...(best ? { "sweep/best_trial": best.trial, "sweep/best_value": best.value! } : {}),
    ...(deflated
      ? {
        "sweep/best_sharpe_per_bar": deflated.sharpe,
        "sweep/expected_max_sharpe_per_bar": deflated.expectedMax,
        "sweep/probabilistic_sharpe": deflated.probabilistic,
        "sweep/deflated_sharpe": deflated.deflated,
      }
      : {}),
    ...(deflatedFinished ? { "sweep/deflated_sharpe_finished": deflatedFinished.deflated } : {}),
    ...(overfitting ? { "sweep/probability_of_overfitting": overfitting.probability } : {}),
  };
}

/** What of a sweep is kept with its run. */
async function artifactsOf({ folder, config, rows }: Sweep): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const name of ["journal.jsonl", "ledger.jsonl"]) files.set(name, await Deno.readTextFile(join(folder, name)));
  if (config) files.set("best_config.json", JSON.stringify(config, null, 2) + "\n");
  files.set("trials.json", JSON.stringify(rows.map(tableRow), null, 2) + "\n");
  return files;
}

/** A trial as a line of a table. */
export const tableRow = ({ trial, state, value, params, seconds, reports, note, run, lives }: TrialRow) => ({
  ...{ trial, state, value, steps: reports.at(-1)?.step ?? 0, seconds: Number(seconds.toFixed(2)), params },
  ...(lives.length > 1 ? { exploits: lives.length - 1 } : {}),
  ...(note === undefined ? {} : { note }),
  ...(run === undefined ? {} : { run }),
});
