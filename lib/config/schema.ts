import { trunks } from "../agent/mod.ts";
import { ppoDefaults } from "../agent/ppo_options.ts";
import { rewards } from "../env/reward.ts";
import { samplers } from "../hyperopt/samplers.ts";
import { schedulers } from "../hyperopt/schedulers.ts";
import { choice, flag, list, number, type Option, optionalNumber, text } from "./option.ts";

const share = { min: 0, max: 1 };
const whole = { min: 1, max: 1e9, whole: true };
const [trunkNames, rewardNames] = [keysOf(trunks), keysOf(rewards)];
const ppo = ppoDefaults;

/** Every setting there is, by section. Names are the users' words: snake_case, as in files and on the command line. */
export const schema = {
  run: {
    seed: number(7, "seed of everything random", { min: 0, max: Number.MAX_SAFE_INTEGER, whole: true }),
    seeds: number(1, "how many seeds a figure rests on; fewer than 5 are watermarked", {
      min: 1,
      max: 100,
      whole: true,
    }),
    track: flag(true, "whether runs are written to MLflow"),
    experiment: text("candelabra", "MLflow experiment"),
  },
  data: {
    input: list(
      text("", ""),
      ["coinbase_BTC-USD_1h"],
      "CSV or parquet files, symbols of the bundled sample, or symbols fetched before",
    ),
    timeframe: text("", "bar length: 1m, 15m, 1h, 4h, 1d, …; empty: the input's own"),
    exchange: text("", "exchange of a fetched symbol; empty: the one there is"),
    timerange: text("", "span used, as freqtrade writes it: 20180131-20180301; empty: all"),
    gaps: choice(
      ["fill", "drop", "fail"],
      "fill",
      "missing bars: filled forward with zero volume, dropped, or refused",
    ),
  },
  features: {
    spec: text("quick", "features and sets of them: rsi(14), $close/return, core44, my_column"),
    scaler: choice(["standard", "robust", "minmax", "none"], "standard", "scaling, fitted on training rows only"),
  },
  costs: {
    transaction_fee: number(10, "taker fee per side, bps of traded value", { min: 0, max: 1000 }),
    maker_fee: number(10, "maker fee per side, bps of traded value", { min: 0, max: 1000 }),
    spread: number(2, "full bid–ask spread, bps of price; a market order pays half", { min: 0, max: 1000 }),
    impact: number(0, "price impact of an order as large as the bar's volume, bps; grows with its square root", {
      min: 0,
      max: 1e6,
    }),
    participation: number(0.1, "largest share of a bar's volume that one order takes", { min: 1e-6, max: 1 }),
  },
  split: {
    train: number(0.6, "share of the bars, oldest, used for training and for fitting scalers", share),
    validation: number(0.2, "share of the bars used to choose", share),
    embargo: number(24, "bars left out between the parts", { min: 0, max: 100_000, whole: true }),
  },
  backtest: {
    cash: number(10_000, "starting cash, quote currency", { min: 1e-6, max: 1e15 }),
    leverage: number(1, "largest sum of exposures, times equity", { min: 0.01, max: 125 }),
    lag: number(0, "extra bars between a decision and its fill", { min: 0, max: 1000, whole: true }),
    period: choice(["test", "validation", "train", "all"], "test", "which part of the split is traded"),
  },
  env: {
    n_envs: number(1, "episodes trained on at once", { min: 1, max: 100_000, whole: true }),
    window_size: number(32, "bars an observation shows", { min: 1, max: 10_000, whole: true }),
    episode_bars: number(256, "bars an episode of training lasts at the most", { min: 1, max: 1e9, whole: true }),
    random_start: flag(true, "whether episodes of training start anywhere, or all at the first bar"),
    actions: actions(
      "discrete",
      "discrete (short, flat, long; of several assets: none, equal parts, one alone), flat_long, box (any exposure), " +
        "or exposures to choose from: -1, -0.5, 0, 0.5, 1",
    ),
    dead_band: number(0.1, "a position of the wanted side this close to the exposure wanted is left alone", share),
    reward: choice(rewardNames, "log_return", "what a step pays"),
    reward_parameter: optionalNumber(
      "rate of differential_sharpe, weight of drawdown_penalised; none: its own default",
    ),
    reward_scale: number(1, "rewards are multiplied by it in training: networks learn best from numbers near 1", {
      min: 1e-6,
      max: 1e6,
    }),
  },
  ppo: {
    total_timesteps: number(1_000_000, "env steps of a training, all episodes together", { ...whole, max: 1e12 }),
    learning_rate: number(ppo.learning_rate, "size of the optimizer's steps", { min: 1e-12, max: 1 }),
    anneal_lr: flag(ppo.anneal_lr, "whether the learning rate falls to 0 over the training"),
    n_steps: number(ppo.n_steps, "steps of each episode between two updates", whole),
    batch_size: number(ppo.batch_size, "samples of a minibatch; must divide n_steps × n_envs", whole),
    n_epochs: number(ppo.n_epochs, "passes over the samples of an update", whole),
    gamma: number(ppo.gamma, "discount of later rewards", share),
    gae_lambda: number(ppo.gae_lambda, "how far advantages look ahead: 0 one step, 1 to the end", share),
    clip_range: number(ppo.clip_range, "how far an update may move the odds of an action", { min: 1e-6, max: 1 }),
    clip_range_vf: optionalNumber("how far an update may move a value; none: any distance", { min: 1e-9 }),
    normalize_advantage: flag(ppo.normalize_advantage, "whether advantages are standardised in each minibatch"),
    ent_coef: number(ppo.ent_coef, "weight of the entropy in the loss: more keeps it trying", { min: 0, max: 100 }),
    vf_coef: number(ppo.vf_coef, "weight of the value's loss", { min: 0, max: 100 }),
    max_grad_norm: number(ppo.max_grad_norm, "longer gradients are cut to this length", { min: 1e-9, max: 1e9 }),
    target_kl: optionalNumber("an update that moves the policy 1.5 times as far ends early; none: never", {
      min: 1e-9,
    }),
    stats_window_size: number(ppo.stats_window_size, "episodes that logged means are over", whole),
  },
  agent: {
    trunk: choice(trunkNames, ppo.trunk, "network over the window"),
    net_arch: list(number(64, "", whole), ppo.net_arch, "widths of the layers on the way to actions and value"),
    activation: choice(["tanh", "relu"], ppo.activation, "between those layers"),
    lstm_hidden_size: number(ppo.lstm_hidden_size, "units of the LSTM", whole),
    d_model: number(ppo.d_model, "width of the Transformer", whole),
    n_heads: number(ppo.n_heads, "heads of the Transformer; must divide its width", whole),
    n_layers: number(ppo.n_layers, "blocks of the Transformer", whole),
    engine: choice(["onnx", "tfjs"], ppo.engine, "onnx: compiled, the fast one; tfjs: step by step"),
    backend: text("", "of onnx: cpu, cuda; of tfjs: node-gpu, node, webgpu, wasm, cpu; empty: the best there is"),
    threads: optionalNumber("threads of onnx on the cpu; none: as many as cores, up to 8", {
      min: 1,
      max: 256,
      whole: true,
    }),
  },
  train: {
    eval_freq: number(50_000, "env steps between two trials on the validation part", whole),
    checkpoint_every: number(10, "least seconds between two checkpoints; 0: after each update", {
      min: 0,
      max: 86_400,
    }),
    model: text("candelabra", "name in the model registry; empty: not registered"),
  },
  evaluate: {
    seeds: optionalNumber("how many of the model's seeds are looked at; none: all", { ...whole, max: 100 }),
    resamples: number(2000, "times that seeds are redrawn for a confidence interval", {
      min: 100,
      max: 1e6,
      whole: true,
    }),
  },
  risk: {
    rules: text(
      "",
      "what watches over the strategy, or over an agent in training and after it: volatility_target(0.3), " +
        "trailing_stop(atr=3); see lab list rules",
    ),
    level: number(0.95, "level of the values at risk that are shown", { min: 0.5, max: 0.9999 }),
    window: number(500, "returns that a value at risk is forecast from", { min: 50, max: 100_000, whole: true }),
  },
  scenarios: {
    list: list(
      text("", ""),
      ["flash_crash", "low_liquidity", "extreme_volatility", "gap", "trend_reversal", "historical_replay"],
      "what strategies are put through: flash_crash(depth=0.4), gap + low_liquidity; see lab list scenarios",
    ),
    seeds: number(200, "times that each is drawn", { ...whole, max: 1e6 }),
    weeks: optionalNumber("severity: as bad as the worst 1 in so many weeks of training data; none: up to 52", {
      min: 2,
      max: 10_000,
    }),
    calibrate: flag(true, "whether severity is taken from the training data; what is set by hand always stays"),
    threshold: number(0.8, "equity under this share of what it was before the shock has not survived", {
      min: 0.001,
      max: 0.999,
    }),
    horizon: optionalNumber("bars from the shock on that are looked at; none: a fifth of the period", whole),
    workers: number(2, "workers; 0: none", { min: 0, max: 256, whole: true }),
  },
  tune: {
    trials: number(50, "trials of a sweep, pruned and failed ones among them", { ...whole, max: 100_000 }),
    sampler: choice(keysOf(samplers), "tpe", "what chooses the next trial"),
    scheduler: choice(keysOf(schedulers), "asha", "what stops trials early"),
    objective: choice(
      ["sharpe_ratio", "log_return"],
      "sharpe_ratio",
      "what is made large: mean over folds and seeds, out of sample, net of costs, annual",
    ),
    folds: number(3, "walk-forward folds over the bars before the test part", { ...whole, max: 50 }),
    seeds: number(2, "agents trained in each fold, from run.seed on", { ...whole, max: 50 }),
    timesteps: optionalNumber("env steps of each agent; none: ppo.total_timesteps", { ...whole, max: 1e12 }),
    workers: optionalNumber("trials at once; none: as many as are found to help", { ...whole, max: 256 }),
    seconds: optionalNumber("longest a sweep may take, s; none: until its trials are done", { min: 1 }),
    trial_seconds: optionalNumber("longest a trial may take, s", { min: 1 }),
    trial_memory: optionalNumber("largest memory of a trial's process, MiB", { min: 64 }),
    trial_cpus: number(1, "CPUs that a trial takes of a Ray cluster", { min: 0, max: 1024 }),
    trial_gpus: number(0, "GPUs that a trial takes of a Ray cluster; 0.25: four share one", { min: 0, max: 1024 }),
  },
  monitor: {
    every: number(5, "seconds between two looks at the machine while a training runs; 0: none", { min: 0, max: 3600 }),
    alert: number(0.3, "fall of a run's throughput below its own first minutes that is told, as a share", {
      min: 0.01,
      max: 0.99,
    }),
  },
  paper: {
    history: number(
      500,
      "bars that are seen before the account opens: for indicators, rules and what is to be expected",
      {
        min: 0,
        max: 1_000_000,
        whole: true,
      },
    ),
    durable: choice(
      ["bar", "second"],
      "bar",
      "when the journal waits for the disk: before each decision counts, or about once a second",
    ),
    alerts: text(
      "drawdown(0.1), var_breach, stale_feed, reconnect_storm, off_band, run_failed",
      "what is told to people; empty: nothing",
    ),
    kill_on: list(text("", ""), [], "alerts that press the kill switch: drawdown, off_band"),
    orders: choice(
      ["paper", "sandbox"],
      "paper",
      "sandbox: orders also go to the exchange's test network; never real ones",
    ),
  },
  report: {
    timeout: number(300, "longest a notebook cell may take, s", { min: 1, max: 86_400 }),
  },
} as const satisfies Record<string, Record<string, Option<unknown>>>;

/** Sections whose keys are another table's: a strategy's own parameters. Checked where they are used. */
export interface OpenSections {
  /** `name` and that strategy's parameters: `strategy.fast=12`. */
  readonly strategy: Readonly<Record<string, string | number | boolean>>;
}

type Values<S> = { readonly [Key in keyof S]: S[Key] extends Option<infer T> ? T : Values<S[Key]> };

/** All settings, resolved. */
export type Config = Values<typeof schema> & OpenSections;

/** Some settings, as a preset or a file states them. */
export type PartialConfig = { readonly [S in keyof Config]?: Partial<Config[S]> };

/** Every path that can be set, `section.key`, with its option. */
export const optionPaths: ReadonlyMap<string, Option<unknown>> = new Map(
  Object.entries(schema).flatMap(([section, options]) =>
    Object.entries(options).map(([key, option]) => [`${section}.${key}`, option as Option<unknown>] as const)
  ),
);

/** The settings' defaults. */
export function defaults(): Config {
  const sections = Object.entries(schema).map(([section, options]) => [
    section,
    Object.fromEntries(Object.entries(options).map(([key, option]) => [key, option.default])),
  ]);
  return { ...Object.fromEntries(sections), strategy: { name: "momentum" } } as Config;
}

function keysOf<T extends object>(table: T): (keyof T & string)[] {
  return Object.keys(table) as (keyof T & string)[];
}

/** What an agent may do: a word, or exposures to choose from. */
function actions(standard: string, help: string): Option<string> {
  const words = ["discrete", "flat_long", "box"];
  return {
    default: standard,
    help,
    kind: { type: "text" },
    read(value) {
      const given = Array.isArray(value) ? value.join(", ") : String(value).trim();
      if (words.includes(given)) return given;
      const exposures = given.replace(/^\[(.*)\]$/s, "$1").split(",").map((part) => part.trim());
      const numbers = exposures.map(Number);
      if (exposures.length < 2 || exposures.includes("") || !numbers.every(Number.isFinite)) {
        throw new RangeError(`must be ${words.join(", ")} or two or more exposures such as -1, 0, 1`);
      }
      return numbers.join(", ");
    },
  };
}
