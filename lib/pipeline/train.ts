import { modelFor } from "../agent/open_net.ts";
import { checkOptions } from "../agent/ppo_options.ts";
import { log } from "../base/log.ts";
import { projectPath } from "../base/project.ts";
import type { LoadedConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { spaceOf } from "../env/actions.ts";
import { fitScaler, scale } from "../features/scale.ts";
import { number } from "../report/format.ts";
import { checkRules, parseRules } from "../risk/mod.ts";
import { gitState } from "../track/git.ts";
import { withRun } from "../track/open_run.ts";
import { type AgentFeatures, agentFeatures } from "./agent/features.ts";
import { actionsOf, agentRules, ppoOptionsOf } from "./agent/options.ts";
import { type Checkpoints, nearestTraining, openCheckpoints } from "./agent/checkpoints.ts";
import { barOf, type Deps } from "./deps.ts";
import { type AgentReport, evaluateStage, type PolicyOfSeed, recordEvaluation, tellModel } from "./evaluate.ts";
import { type LoadedMarket, loadMarket } from "./market.ts";
import { watchRun } from "./monitor/watch.ts";
import { MODEL_FOLDER, packageModel } from "./agent/model_package.ts";
import { type Registered, registerModel, type ValidationScore, validationScore } from "./agent/model_store.ts";
import { notesFor } from "./agent/models.ts";
import { specsOf } from "./specs.ts";
import { datasetOf, type RunFacts, tracked, type Tracking, trackingVariables } from "./tracked.ts";
import { type Columns, type SeedOptions, type SeedTraining, type Training, trainSeed } from "./agent/train_seed.ts";

/** Agents of several seeds, trained alike. */
export interface TrainReport {
  readonly source: LoadedMarket;
  readonly features: AgentFeatures;
  readonly seeds: readonly SeedTraining[];
  /** Place of the seed that earned most on the validation part: its policy is the model. */
  readonly best: number;
  /** The numbers a run records and `verify` compares. */
  readonly numbers: Readonly<Record<string, number>>;
}

/** How a training runs, apart from its settings. */
export interface TrainOptions {
  /** Goes on from the last checkpoint of a training with the same settings and data. */
  readonly resume?: boolean;
  /** Folder of all checkpoints; null writes none. */
  readonly checkpoints?: string | null;
}

/**
 * Trains agents by settings, one after the other, each with a seed of its own: scaler and weights come from the training
 * part alone, the validation part says which weights of each are kept, and the test part is not looked at.
 *
 * The same settings, data and machine give the same weights, byte for byte, whether a training was interrupted and
 * resumed or not.
 *
 * @throws {RangeError} before any work if settings cannot work together or the bars are too few; later if a loss is not
 * a number
 */
export async function trainStage(config: Config, deps: Deps = {}, options: TrainOptions = {}): Promise<TrainReport> {
  const { training, features } = await prepare(config, deps);
  const checkpoints = await checkpointsFor(training, features, options);
  const seeds: SeedTraining[] = [];
  for (const seed of seedsOf(config)) {
    seeds.push(await trainSeed(training, seed, { ...checkpoints, ...resumeOf(options) }, deps));
  }
  return reportOf(training, features, seeds);
}

/** Seeds of a training: `run.seed` and those after it. */
export const seedsOf = ({ run: { seed, seeds } }: Config): number[] =>
  Array.from({ length: seeds }, (_, i) => seed + i);

/** Everything up to the first step: checks, candles, features, scaler. */
async function prepare(config: Config, deps: Deps): Promise<{ training: Training; features: AgentFeatures }> {
  checkSettings(config);
  const source = await loadMarket(config, deps);
  const { market, split } = source;
  checkRules(parseRules(config.risk.rules), split.train.to, market.assets.length);
  const actions = actionsOf(config, market.assets.length);
  using bar = barOf(deps, "Building features");
  const specs = specsOf(config, source);
  bar.update(0, 1, `${specs.length} of ${source.name}`);
  const features = await agentFeatures(market, specs);
  const { matrix } = features;
  const first = matrix.warmup + config.env.window_size - 1;
  checkSpans(source, first, config);
  const scaler = fitScaler(matrix, Math.max(split.train.from, matrix.warmup), split.train.to, {
    kind: config.features.scaler,
    ...(config.features.scaler === "none" ? {} : { clip: 10 }),
  });
  bar.update(1, 1);
  const git = await gitState(projectPath());
  const commit = git ? git.commit + (git.dirty ? " (with uncommitted changes)" : "") : "not in git";
  const notes = notesFor({ config, source, features, scaler, actions, commit });
  return { training: { config, source, scaled: scale(matrix, scaler), actions, first, notes }, features };
}

/** @throws {RangeError} for settings that cannot work, whatever the data are */
function checkSettings(config: Config): void {
  const options = ppoOptionsOf(config, config.run.seed);
  checkOptions({ rows: config.env.n_envs }, options);
  const actions = spaceOf(actionsOf(config, config.data.input.length)); // a wrong word is told before candles are read
  modelFor({ window: 1, features: 1, stateSize: 1, actions }, options); // of any size: whether it can be made at all
  agentRules(config);
}

function checkSpans(
  { market, split }: LoadedMarket,
  first: number,
  { env: { window_size }, split: shares }: Config,
): void {
  for (const name of ["train", "validation"] as const) {
    const { from, to } = split[name];
    if (name === "validation" && shares.validation === 0) continue;
    if (to - Math.max(from, first) >= 3) continue;
    throw new RangeError(
      `Cannot train as the ${name} part must have at least 3 bars after the first ${first} that features and window ` +
        `(window_size ${window_size}) take: it is bars ${from} to ${to} of ${market.length}; take more bars, a shorter ` +
        `window, or faster features`,
    );
  }
}

/** All that decides what a training comes to, but for its seed. */
function settingsOf({ config, source }: Training, { specs, hash }: AgentFeatures): Record<string, unknown> {
  const { total_timesteps, ...ppo } = config.ppo;
  return {
    data: { hash: source.hash, name: source.name },
    features: { specs, hash, scaler: config.features.scaler },
    split: config.split,
    costs: config.costs,
    account: { cash: config.backtest.cash, leverage: config.backtest.leverage },
    env: config.env,
    ...rulesIn(config),
    ppo: { ...ppo, ...(ppo.anneal_lr ? { total_timesteps } : {}) }, // else it only says when to stop
    agent: config.agent,
    train: { eval_freq: config.train.eval_freq },
  };
}

/** Risk rules, where there are any: without, a training is what it was before there were rules in it. */
const rulesIn = ({ risk: { rules } }: Config) =>
  rules.trim() === "" ? {} : { rules: parseRules(rules).map(({ text }) => text).join(", ") };

async function checkpointsFor(
  training: Training,
  features: AgentFeatures,
  { checkpoints: root, resume }: TrainOptions,
): Promise<{ checkpoints?: Checkpoints }> {
  if (root === null) return {};
  const settings = settingsOf(training, features);
  const checkpoints = await openCheckpoints(settings, root);
  const seeds = seedsOf(training.config);
  const there: string[] = [];
  if (resume) {
    for (const seed of seeds) {
      const found = await checkpoints.read(seed);
      if (found) there.push(`seed ${seed} after ${number(found.timesteps)} steps`);
    }
  }
  if (there.length > 0) log("info", `Goes on with ${there.join(", ")}`);
  else if (resume) {
    const differing = await nearestTraining(settings, root);
    const why = differing === undefined
      ? "no training has left any"
      : differing.length === 0
      ? "the one of these settings is of other seeds"
      : `the nearest one is of other settings: ${differing.slice(0, 4).join("; ")}`;
    log("warn", `There is no checkpoint to resume from (${why}): the training begins at the beginning`);
  }
  return { checkpoints };
}

const resumeOf = ({ resume }: TrainOptions) => (resume ? { resume } : {});

function reportOf(training: Training, features: AgentFeatures, seeds: readonly SeedTraining[]): TrainReport {
  const returns = seeds.map(keptReturn);
  const best = returns.reduce((most, value, i) => (value > returns[most] ? i : most), 0);
  return { source: training.source, features, seeds, best, numbers: numbersOf(seeds) };
}

/** What the kept weights of a seed earned on the validation part; NaN where there was none. */
export const keptReturn = ({ trials, kept }: SeedTraining): number =>
  kept >= 0 ? trials["eval/total_return"][kept] : NaN;

/** What came out of each seed; the weights' hash as a number, so that a difference anywhere in them is seen. */
function numbersOf(seeds: readonly SeedTraining[]): Record<string, number> {
  const last = (columns: Columns, name: string) => columns[name]?.at(-1) ?? NaN;
  return Object.fromEntries(seeds.flatMap((one) => {
    const { seed, history, trials, weights, kept } = one;
    return Object.entries({
      validation_return: keptReturn(one),
      kept_after: kept >= 0 ? trials["time/total_timesteps"][kept] : last(history, "time/total_timesteps"),
      ep_rew_mean: last(history, "rollout/ep_rew_mean"),
      explained_variance: last(history, "train/explained_variance"),
      entropy: -last(history, "train/entropy_loss"),
      weights: parseInt(weights.slice(0, 12), 16),
    }).map(([name, value]) => [`train/seed_${seed}/${name}`, value]);
  }));
}

/** A training with its model, how that does on the test part, and where it was recorded. */
export interface TrackedTraining {
  readonly training: TrainReport;
  readonly evaluation: AgentReport;
  readonly registered: Registered | undefined;
  readonly run: { readonly id: string; readonly url: string | undefined };
  readonly numbers: Readonly<Record<string, number>>;
}

/**
 * `trainStage` inside an MLflow run that logs what Stable-Baselines3 would while it trains, then `evaluateStage` on the
 * test part, then the model: as ONNX among the run's artifacts, and registered. With several seeds each has a run of its
 * own below the training's.
 *
 * @throws as `trainStage`
 */
export async function trackedTrain(
  loaded: LoadedConfig,
  deps: Deps = {},
  options: TrainOptions = {},
): Promise<TrackedTraining> {
  const { config, settings } = loaded;
  const name = `train ${config.agent.trunk} ${config.data.input.join(" ")}`;
  const facts: RunFacts = { kind: "train", name, command: ["train"] };
  const { training, features } = await prepare(config, deps); // what can't be trained is told before there is a run of it
  const done = await tracked(loaded, facts, async (run) => {
    const { source } = training;
    run.tags({
      "candelabra.data_hash": source.hash,
      "candelabra.data": source.name,
      "candelabra.feature_hash": features.hash,
    });
    run.dataset(datasetOf(source, "training"));
    const checkpoints = await checkpointsFor(training, features, options);
    const seeds: SeedTraining[] = [];
    {
      await using watch = watchRun(run, deps, config.monitor);
      const known = { ...checkpoints, ...resumeOf(options), onPart: watch.onPart };
      for (const seed of seedsOf(config)) {
        const one = await ofSeed(loaded, run, seed, deps, (tell) => {
          const onMetrics: typeof tell = (metrics, timesteps) => {
            tell(metrics, timesteps);
            watch.progress(timesteps);
          };
          return trainSeed(training, seed, { ...known, onMetrics }, deps);
        });
        seeds.push(one);
      }
    }
    const report = reportOf(training, features, seeds);
    run.tags({ "candelabra.engine": seeds[0].engine });
    const evaluation = await evaluateStage(config, policiesOf(report), deps, { source });
    tellModel(evaluation, deps);
    const numbers = { ...report.numbers, ...prefixed("test/", evaluation.numbers) };
    run.result(numbers);
    for (const [path, body] of packageModel(policiesOf(report), evaluation.notes, run.id)) {
      await run.artifact(`${MODEL_FOLDER}/${path}`, body);
    }
    await recordEvaluation(run, evaluation);
    return { training: report, evaluation, numbers, run: { id: run.id, url: run.url } };
  }, deps);
  const { training: report, run } = done;
  const register = run.url !== undefined && config.train.model !== "";
  const registered = register
    ? await registerModel(config.train.model, run.id, scoreOf(config, report), tagsOf(config, report), settings)
    : undefined;
  return { ...done, registered };
}

/** Policies of a training, its model first. */
export function policiesOf({ seeds, best }: TrainReport): PolicyOfSeed[] {
  const model = seeds[best];
  return [model, ...seeds.filter((one) => one !== model)].map(({ seed, policy }) => ({ seed, file: policy }));
}

/** Runs a seed's training with its metrics going to the run, or to a run of the seed's own below it. */
async function ofSeed(
  { config, settings }: LoadedConfig,
  run: Tracking,
  seed: number,
  { onEvent = () => {} }: Deps,
  train: (onMetrics: NonNullable<SeedOptions["onMetrics"]>) => Promise<SeedTraining>,
): Promise<SeedTraining> {
  const { seeds, track, experiment } = config.run;
  if (seeds === 1) return await train((metrics, timesteps) => run.metrics(metrics, timesteps));
  const tell = (metrics: Readonly<Record<string, number>>, step: number) =>
    onEvent({ kind: "metrics", step, values: { ...metrics, seed } });
  if (!track) return await train(tell);
  const variables = trackingVariables(settings);
  const tags = { "candelabra.kind": "train-seed", "candelabra.seed": String(seed) };
  return await withRun({ experiment, name: `seed ${seed}`, parent: run, tags, variables }, async (own) => {
    own.params({ "run.seed": seed });
    const done = await train((metrics, timesteps) => {
      own.metrics(metrics, timesteps);
      tell(metrics, timesteps);
    });
    own.metrics({ "kept/eval/total_return": keptReturn(done) }, done.history["time/total_timesteps"].at(-1)!);
    return done;
  });
}

function scoreOf(config: Config, { source, seeds }: TrainReport): ValidationScore {
  const { costs, split, backtest: { cash, leverage } } = config;
  const trial = { data: source.hash, split, costs, cash, leverage, ...rulesIn(config) };
  return validationScore(trial, seeds.map(keptReturn));
}

function tagsOf(config: Config, { source, features, seeds }: TrainReport): Record<string, string> {
  return {
    data: source.name,
    trunk: config.agent.trunk,
    seeds: String(seeds.length),
    features: features.specs.join(", ").slice(0, 4000),
  };
}

const prefixed = (prefix: string, values: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]));
