import { trade } from "../../agent/policy_strategy.ts";
import { openPpo } from "../../agent/ppo.ts";
import { barsPerYear, exposureOf, resultMetrics, returns, sharpeRatio } from "../../backtest/mod.ts";
import type { BacktestResult } from "../../backtest/backtest.ts";
import { canonicalJson, hashOf } from "../../base/hash.ts";
import { mean, std } from "../../base/stats.ts";
import { loadConfig } from "../../config/load.ts";
import type { Config, PartialConfig } from "../../config/schema.ts";
import { marketEnv } from "../../env/market_env.ts";
import { buildFeatures } from "../../features/build.ts";
import { columnOf, type FeatureMatrix, newMatrix } from "../../features/matrix.ts";
import { fitScaler, scale } from "../../features/scale.ts";
import { featureSpecs } from "../../features/sets.ts";
import type { TrialEnd, TrialReport } from "../../hyperopt/engine.ts";
import { settingsOf } from "../../hyperopt/space.ts";
import type { Params, TrialAnswer, TrialJob } from "../../hyperopt/trial.ts";
import type { Market } from "../../market/market.ts";
import type { BarRange } from "../../market/split.ts";
import { checkRules, parseRules } from "../../risk/mod.ts";
import { actionsOf, ppoOptionsOf, scaledRewards, trainingEnvOf } from "../agent/options.ts";
import { sweepFolds } from "./folds.ts";
import { type AgentRecord, openTrialFolder, type TrialFolder } from "./trial_folder.ts";
import { readTrialMarket, type TrialMarket } from "./trial_market.ts";

/** Sections of the settings that a sweep may search. All else says what is judged, not what is tried. */
export const tunable = ["features", "env", "ppo", "agent", "risk"] as const;

/** Answers a report. */
export type Ask = (report: TrialReport) => TrialAnswer | Promise<TrialAnswer>;

/** Runs trials one after the other, and keeps what the next one can use. */
export interface Trials {
  /**
   * Runs a trial to its end; what goes wrong is its end too.
   *
   * @throws {DOMException} "AbortError" when the signal says so: what it had is written down
   */
  run(job: TrialJob, ask: Ask, signal?: AbortSignal): Promise<TrialEnd>;
}

/** One agent of a trial: what it trains on, what it is judged on. */
interface Agent {
  readonly name: string;
  readonly fold: number;
  readonly train: BarRange;
  readonly test: BarRange; // out of sample
  readonly seed: number;
  readonly scaled: FeatureMatrix;
}

/**
 * Opens a runner of trials. A trial trains an agent for each fold and seed by its settings, to one rung after the other; at
 * each rung every agent trades, greedily and net of costs, the part of its fold that it has not seen. The **objective** is
 * the mean over folds and seeds of the annual Sharpe ratio there (`tune.objective` may name the log return a year instead):
 * free of scale, and what the deflation of the winner is about. An agent that never trades has 0.
 *
 * The same job on the same machine gives the same values, byte for byte, whatever killed the process in between: agents are
 * written down every `train.checkpoint_every` seconds and at their rung.
 */
export function openTrials(): Trials {
  const markets = lastOf((folder: string) => readTrialMarket(folder));
  const matrices = lastOf((market: Market, specs: readonly string[]) => Promise.resolve(featuresOf(market, specs)));
  return {
    async run(job, ask, signal) {
      try {
        const config = configOf(job);
        const source = await markets(job.market, job.market);
        const specs = featureSpecs(config.features.spec, { columns: Object.keys(source.market.assets[0].extra) });
        const matrix = await matrices(`${source.hash} ${specs.join(", ")}`, source.market, specs);
        return await runTrial(job, config, source, matrix, ask, signal);
      } catch (error) {
        if (signal?.aborted || !(error instanceof Error)) throw error;
        return { kind: "failed", trial: job.trial, error: error.message };
      }
    },
  };
}

/**
 * A trial's settings: the sweep's, with the trial's parameters over them.
 *
 * @throws {RangeError} for a parameter that is no setting, does not fit, or would change what trials are judged by
 */
export function configOf({ config, params }: { readonly config: TrialJob["config"]; readonly params: Params }): Config {
  const set = Object.entries(settingsOf(params)).map(([path, value]) => {
    if (tunable.some((section) => path.startsWith(`${section}.`))) return `${path}=${value}`;
    throw new RangeError(
      `Cannot search "${path}" as it must be a setting of ${tunable.join(", ")}: others say what trials are judged by`,
    );
  });
  return loadConfig({ environment: {}, values: config as PartialConfig, set }).config;
}

async function runTrial(
  job: TrialJob,
  config: Config,
  { market, hash }: TrialMarket,
  matrix: FeatureMatrix,
  ask: Ask,
  signal?: AbortSignal,
): Promise<TrialEnd> {
  const { trial, rungs, seeds, folds } = job;
  const { features, env, ppo, agent, risk, backtest, split: { embargo }, tune: { objective } } = config;
  const judged = { features, env, ppo, agent, risk, backtest, embargo, objective, rungs, seeds, folds, market: hash };
  const identity = hashOf(canonicalJson(judged));
  const agents = agentsOf(job, config, market, matrix);
  const folder = await openTrialFolder(job.checkpoint, identity, agents.map(({ name }) => name), job.from);
  const reach = (agent: Agent, rung: number) => reachRung(agent, rung, job, config, market, folder, signal);
  let { answered, stopped } = folder;
  while (stopped === null && answered < rungs.length - 1) {
    const rung = answered + 1;
    const records: AgentRecord[] = [];
    for (const agent of agents) records.push(await reach(agent, rung));
    const { value, metrics } = scoreOf(records, agents, objective);
    const answer = await ask({
      ...{ kind: "report", trial, rung, step: rungs[rung], value, metrics },
      seconds: folder.seconds(),
    });
    [answered, stopped] = [rung, answer.answer === "stop" ? answer.why : null];
    await folder.answer(answered, stopped);
  }
  const records: AgentRecord[] = [];
  for (const agent of agents) records.push(await reach(agent, answered));
  return { kind: "done", trial, ...scoreOf(records, agents, objective), returns: joinedReturns(records, agents) };
}

/** Folds, their scaled features, and who learns on them. */
function agentsOf({ seeds, folds }: TrialJob, config: Config, market: Market, matrix: FeatureMatrix): Agent[] {
  const { env: { window_size }, split: { embargo }, backtest: { lag }, features: { scaler } } = config;
  const first = matrix.warmup + window_size - 1;
  return sweepFolds(market.length, { folds, embargo, purge: window_size + 1 + lag }).flatMap((fold, f) => {
    if (fold.train.to - first < 3) {
      throw new RangeError(
        `Cannot train on fold ${f} as at least 3 bars must be left after the first ${first} that features and window ` +
          `(window_size ${window_size}) take: it is bars ${fold.train.from} to ${fold.train.to}`,
      );
    }
    const fitted = fitScaler(matrix, matrix.warmup, fold.train.to, {
      kind: scaler,
      ...(scaler === "none" ? {} : { clip: 10 }),
    });
    const scaled = scale(matrix, fitted);
    return seeds.map((seed) => ({
      name: `fold-${f}-seed-${seed}`,
      fold: f,
      test: fold.test,
      train: fold.train,
      seed,
      scaled,
    }));
  });
}

/** Trains an agent up to a rung and lets it trade what it has not seen, unless its checkpoint says that it did. */
async function reachRung(
  { name, train, test, seed, scaled }: Agent,
  rung: number,
  { rungs }: TrialJob,
  config: Config,
  market: Market,
  folder: TrialFolder,
  signal?: AbortSignal,
): Promise<AgentRecord> {
  signal?.throwIfAborted();
  const found = await folder.read(name);
  if (found && found.rung >= rung) return found;
  const actions = actionsOf(config, market.assets.length);
  const env = marketEnv(market, scaled, trainingEnvOf(config, actions, train));
  await using ppo = await openPpo(scaledRewards(env, config.env.reward_scale), ppoOptionsOf(config, seed));
  if (found) ppo.restoreState(found.state);
  let saved = performance.now();
  if (ppo.timesteps < rungs[rung]) {
    await ppo.learn(rungs[rungs.length - 1], async () => { // the whole budget: a rate that falls must not know of rungs
      if (ppo.timesteps >= rungs[rung]) return "stop";
      const wait = 1000 * config.train.checkpoint_every;
      if (!signal?.aborted && performance.now() - saved < wait) return;
      await folder.write(name, { ...(found ?? noRecord), state: ppo.saveState() });
      saved = performance.now();
      return signal?.aborted ? "stop" : undefined;
    });
    signal?.throwIfAborted();
  }
  const rules = parseRules(config.risk.rules);
  checkRules(rules, test.to, market.assets.length);
  const { cash, leverage, lag } = config.backtest;
  const trader = { policy: ppo.net.policy(env.table), actions, first: scaled.warmup + config.env.window_size - 1 };
  const { result } = await trade(market, trader, {
    ...{ ...test, cash, lag, margin: { leverage } },
    risk: rules.map(({ rule }) => rule),
  });
  const record = { rung, state: ppo.saveState(), ...measured(result) };
  await folder.write(name, record);
  return record;
}

const noRecord = { rung: -1, metrics: {}, returns: new Float64Array(0) };

/** What an agent did out of sample. A curve that does not vary has a Sharpe ratio of 0 here: doing nothing is worth nothing. */
function measured(result: BacktestResult): Pick<AgentRecord, "metrics" | "returns"> {
  const { equity, turnover, step } = result;
  const year = barsPerYear(step);
  const { totalReturn, maxDrawdown } = resultMetrics(result);
  const sharpe = sharpeRatio(equity, year);
  return {
    metrics: {
      sharpe_ratio: Number.isNaN(sharpe) ? 0 : sharpe,
      log_return: Math.log(Math.max(1e-9, 1 + totalReturn)) * year / (equity.length - 1), // a year's; ruin is finite
      total_return: totalReturn,
      max_drawdown: maxDrawdown,
      turnover,
      time_in_market: exposureOf(result).timeInMarket,
    },
    returns: returns(equity),
  };
}

/** The objective and what else is logged: means over folds and seeds, spread and worst of the objective, each fold's. */
function scoreOf(
  records: readonly AgentRecord[],
  agents: readonly Agent[],
  objective: Config["tune"]["objective"],
): { value: number; metrics: Record<string, number> } {
  const column = (name: string, fold?: number) =>
    records.filter((_, i) => fold === undefined || agents[i].fold === fold).map(({ metrics }) => metrics[name]);
  const own = column(objective);
  const metrics: Record<string, number> = {};
  for (const name of Object.keys(records[0].metrics)) metrics[`eval/${name}`] = mean(column(name));
  metrics[`eval/${objective}_std`] = own.length > 1 ? std(own) : 0;
  metrics[`eval/${objective}_min`] = Math.min(...own);
  for (let fold = 0; fold <= agents[agents.length - 1].fold; fold++) {
    metrics[`fold_${fold}/${objective}`] = mean(column(objective, fold));
  }
  return { value: mean(own), metrics };
}

/** Returns per bar of all folds, one after the other; of each the mean over seeds, as of an account divided between them. */
function joinedReturns(records: readonly AgentRecord[], agents: readonly Agent[]): number[] {
  const folds = Map.groupBy(records, (_, i) => agents[i].fold);
  return [...folds.values()].flatMap((same) =>
    Array.from(same[0].returns, (_, t) => mean(same.map(({ returns }) => returns[t])))
  );
}

/** The same features of every asset, side by side, as `agentFeatures` has them, without a store. */
function featuresOf({ assets }: Market, specs: readonly string[]): FeatureMatrix {
  const each = assets.map((candles) => buildFeatures(candles, specs));
  if (each.length === 1) return each[0];
  const names = assets.flatMap(({ symbol }) => specs.map((spec) => `${symbol} ${spec.trim()}`));
  return newMatrix(names, assets[0].time, each.flatMap((matrix) => matrix.names.map((_, f) => columnOf(matrix, f))));
}

/** Remembers what `make` gave for the last few keys. */
function lastOf<A extends unknown[], T>(
  make: (...args: A) => Promise<T>,
  most = 4,
): (key: string, ...args: A) => Promise<T> {
  const kept = new Map<string, T>();
  return async (key, ...args) => {
    const value = kept.get(key) ?? await make(...args);
    kept.delete(key); // to the end: the longest unused goes first
    kept.set(key, value);
    if (kept.size > most) kept.delete(kept.keys().next().value!);
    return value;
  };
}
