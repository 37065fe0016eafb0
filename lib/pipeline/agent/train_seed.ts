import { openPpo } from "../../agent/ppo.ts";
import { trade } from "../../agent/policy_strategy.ts";
import { type PolicyNotes, writePolicy } from "../../agent/policy_file.ts";
import { exposureOf, resultMetrics } from "../../backtest/mod.ts";
import { hashOf } from "../../base/hash.ts";
import { formatDate } from "../../base/time.ts";
import type { Config } from "../../config/schema.ts";
import type { ActionMeaning } from "../../env/actions.ts";
import { marketEnv } from "../../env/market_env.ts";
import type { FeatureMatrix } from "../../features/matrix.ts";
import { number, percent } from "../../report/format.ts";
import { barOf, type Deps } from "../deps.ts";
import { type OnPart, partClock } from "../monitor/parts.ts";
import type { LoadedMarket } from "../market.ts";
import { agentRules, ppoOptionsOf, scaledRewards, trainingEnvOf } from "./options.ts";
import type { Checkpoint, Checkpoints } from "./checkpoints.ts";

/** Numbers by name, one per update or trial. */
export type Columns = Readonly<Record<string, Float64Array>>;

/** What the agents of one training have in common. */
export interface Training {
  readonly config: Config;
  readonly source: LoadedMarket;
  readonly scaled: FeatureMatrix;
  readonly actions: ActionMeaning;
  /** First bar that an agent can decide on. */
  readonly first: number;
  /** What is written into each policy's file, but for what differs between seeds. */
  readonly notes: PolicyNotes;
}

/** One seed's training. */
export interface SeedTraining {
  readonly seed: number;
  readonly engine: string; // one line: what ran it
  /** By the keys that Stable-Baselines3 logs; `time/total_timesteps` among them. [U] */
  readonly history: Columns;
  /** Trials on the validation part, greedy and over all of it; `time/total_timesteps` among them. [C] */
  readonly trials: Columns;
  /** Place among the trials of the weights that are kept: the best return. −1 where there was nothing to choose by. */
  readonly kept: number;
  readonly policy: Uint8Array; // the kept weights as an ONNX file
  readonly weights: string; // SHA-256 of the weights at the end of training
  readonly seconds: number; // of this process
  readonly resumed: number; // env steps that an earlier process had taken
}

/** What one seed's training is told. */
export interface SeedOptions {
  /** Where to write checkpoints; none are written without it. */
  readonly checkpoints?: Checkpoints;
  /** Goes on from the checkpoint, where there is one. */
  readonly resume?: boolean;
  /** Hears what is logged, as it comes; what a checkpoint brings back comes again. */
  readonly onMetrics?: (metrics: Readonly<Record<string, number>>, timesteps: number) => void;
  /** Hears where the time goes. */
  readonly onPart?: OnPart;
}

const STEPS = "time/total_timesteps";

/**
 * Trains one agent on the training part, tries it on the validation part now and then, and keeps the weights that
 * earned most there.
 *
 * @throws {RangeError} if the loss is not a number: the last good checkpoint is written, and named
 * @throws {DOMException} "AbortError" if told to stop: the checkpoint is written
 */
export async function trainSeed(
  training: Training,
  seed: number,
  { checkpoints, resume = false, onMetrics = () => {}, onPart = () => {} }: SeedOptions = {},
  deps: Deps = {},
): Promise<SeedTraining> {
  const { config, source, scaled, actions, first } = training;
  const { total_timesteps } = config.ppo;
  const { reward_scale } = config.env;
  const env = marketEnv(source.market, scaled, trainingEnvOf(config, actions, source.split.train));
  const clock = partClock(onPart);
  await using ppo = await openPpo(clock.env(scaledRewards(env, reward_scale)), ppoOptionsOf(config, seed));
  clock.watch(ppo);
  const risk = agentRules(config);
  const trader = { policy: ppo.net.policy(env.table), actions, first };

  const history: Record<string, number[]> = {};
  const trials: Record<string, number[]> = {};
  let best: readonly Float32Array[] = [];
  let updates = 0;
  const found = resume ? await checkpoints?.read(seed) : undefined;
  if (found) takeUp(found);
  const resumed = ppo.timesteps;
  const started = performance.now();
  let saved = started;
  using bar = barOf(deps, `Training seed ${seed}`);
  bar.update(ppo.timesteps, total_timesteps, resumed > 0 ? `goes on after ${number(resumed)} steps` : ppo.net.about);

  clock.lap();
  try {
    await ppo.learn(total_timesteps, async (metrics) => {
      clock.lap();
      const { "time/fps": fps, ...logged } = unscaled(metrics, reward_scale);
      append(history, logged, updates++);
      onMetrics({ ...logged, "time/fps": fps }, ppo.timesteps);
      if (due(ppo.timesteps)) await tryOut();
      bar.update(ppo.timesteps, total_timesteps, noteOf(fps, history, trials));
      const stop = deps.signal?.aborted ?? false;
      const wait = 1000 * config.train.checkpoint_every;
      if (stop || performance.now() - saved >= wait) await save();
      return stop ? "stop" : undefined;
    });
  } catch (error) {
    if (!(error instanceof Error) || !checkpoints) throw error;
    await save();
    throw new RangeError(
      `${error.message}. Seed ${seed} is kept as it was after ${number(ppo.timesteps)} steps, in ` +
        checkpoints.pathOf(seed),
      { cause: error },
    );
  }
  deps.signal?.throwIfAborted();
  if (last(trials[STEPS]) !== ppo.timesteps) await tryOut();
  await save();

  const end = ppo.net.save();
  const kept = placeOfBest(trials["eval/total_return"] ?? []);
  if (kept >= 0) ppo.net.load({ ...end, weights: best });
  return {
    seed,
    engine: ppo.net.about,
    history: columnsOf(history),
    trials: columnsOf(trials),
    kept,
    policy: await writePolicy(ppo.net, notesOf(training, seed, trials, kept, ppo.timesteps)),
    weights: hashOf(...end.weights),
    seconds: (performance.now() - started) / 1000,
    resumed,
  };

  /** Whether a trial is due: the last update passed a multiple of `eval_freq`. */
  function due(timesteps: number): boolean {
    const { n_steps } = config.ppo;
    const every = config.train.eval_freq;
    return Math.floor(timesteps / every) > Math.floor((timesteps - n_steps * env.rows) / every);
  }

  async function tryOut(): Promise<void> {
    using _ = clock.pause("validate");
    const { validation } = source.split;
    if (validation.to - validation.from < 2) return;
    const { cash, leverage } = config.backtest;
    const { result } = await trade(source.market, trader, { ...validation, cash, margin: { leverage }, risk });
    const { totalReturn, sharpeRatio } = resultMetrics(result);
    const metrics = {
      "eval/mean_reward": Math.log1p(totalReturn),
      "eval/total_return": totalReturn,
      "eval/sharpe_ratio": sharpeRatio,
      "eval/turnover": result.turnover,
      "eval/time_in_market": exposureOf(result).timeInMarket,
    };
    const before = placeOfBest(trials["eval/total_return"] ?? []);
    append(trials, { [STEPS]: ppo.timesteps, ...metrics }, trials[STEPS]?.length ?? 0);
    if (placeOfBest(trials["eval/total_return"]) !== before) best = ppo.net.save().weights;
    onMetrics(metrics, ppo.timesteps);
  }

  async function save(): Promise<void> {
    using _ = clock.pause("save");
    saved = performance.now();
    await checkpoints?.write(seed, { timesteps: ppo.timesteps, state: ppo.saveState(), best, history, trials });
  }

  function takeUp(checkpoint: Checkpoint): void {
    ppo.restoreState(checkpoint.state);
    best = checkpoint.best;
    for (const [name, values] of Object.entries(checkpoint.history)) history[name] = [...values];
    for (const [name, values] of Object.entries(checkpoint.trials)) trials[name] = [...values];
    updates = history[STEPS]?.length ?? 0;
    for (const columns of [history, trials]) {
      columns[STEPS]?.forEach((timesteps, i) => {
        const row = Object.entries(columns).map(([name, values]) => [name, values[i]] as const);
        onMetrics(Object.fromEntries(row.filter(([, value]) => !Number.isNaN(value))), timesteps);
      });
    }
  }
}

/** Rewards as the env pays them, whatever they were multiplied by for the network. */
function unscaled(metrics: Readonly<Record<string, number>>, scale: number): Record<string, number> {
  const reward = metrics["rollout/ep_rew_mean"];
  return { ...metrics, ...(reward === undefined ? {} : { "rollout/ep_rew_mean": reward / scale }) };
}

/** Appends a row to columns; what was not logged before, or is not now, is NaN. */
function append(columns: Record<string, number[]>, row: Readonly<Record<string, number>>, length: number): void {
  for (const name of Object.keys(row)) columns[name] ??= new Array<number>(length).fill(NaN);
  for (const [name, values] of Object.entries(columns)) values.push(row[name] ?? NaN);
}

const columnsOf = (columns: Readonly<Record<string, readonly number[]>>): Columns =>
  Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, Float64Array.from(values)]));

const last = (values: readonly number[] | undefined): number => values?.at(-1) ?? NaN;

/** Index of the largest, the first of equals; −1 when there is none. */
function placeOfBest(values: ArrayLike<number>): number {
  let best = -1;
  for (let i = 0; i < values.length; i++) if (best < 0 ? values[i] === values[i] : values[i] > values[best]) best = i;
  return best;
}

/** What the bar says: speed, reward of an episode, KL, entropy, explained variance, return on validation. */
function noteOf(fps: number, history: Readonly<Record<string, number[]>>, trials: Readonly<Record<string, number[]>>) {
  const now = (name: string) => last(history[name]);
  const parts = [`${number(fps, { digits: 0 })} steps/s`];
  const reward = now("rollout/ep_rew_mean");
  if (!Number.isNaN(reward)) parts.push(`reward ${number(reward, { digits: 3, sign: true })}`);
  parts.push(`KL ${number(now("train/approx_kl"), { digits: 3 })}`);
  parts.push(`entropy ${number(-now("train/entropy_loss"), { digits: 2 })}`);
  parts.push(`EV ${number(now("train/explained_variance"), { digits: 2 })}`);
  const tried = last(trials["eval/total_return"]);
  if (!Number.isNaN(tried)) parts.push(`validation ${percent(tried, { sign: true })}`);
  return parts.join("  ");
}

function notesOf(
  { notes, source }: Training,
  seed: number,
  trials: Readonly<Record<string, readonly number[]>>,
  kept: number,
  timesteps: number,
): PolicyNotes {
  const { market, split: { train, validation } } = source;
  const { time } = market.assets[0];
  const span = ({ from, to }: { from: number; to: number }) =>
    `${formatDate(time[from])} to ${formatDate(time[to - 1])}`;
  return {
    ...notes,
    about: {
      ...notes.about,
      seed: String(seed),
      timesteps: String(kept >= 0 ? trials[STEPS][kept] : timesteps),
      trained: span(train),
      ...(kept >= 0
        ? { validated: span(validation), validation_return: String(trials["eval/total_return"][kept]) }
        : {}),
    },
  };
}
