import { normal, type Rng, rng, shuffle } from "../../../lib/base/random.ts";
import type { Policy } from "../../../lib/agent/net.ts";
import { draw, newDrawn } from "../../../lib/agent/distributions.ts";
import { marketEnv, type MarketEnvOptions } from "../../../lib/env/market_env.ts";
import { type FeatureMatrix, newMatrix } from "../../../lib/features/matrix.ts";
import { fitScaler, scale } from "../../../lib/features/scale.ts";
import { type Candles, newCandles } from "../../../lib/market/candles.ts";
import { type Market, noCosts } from "../../../lib/market/market.ts";

/** One asset, one feature, a fee: trained on bars before `split`, judged on those from there on. */
export interface TradingTask {
  readonly market: Market;
  readonly features: FeatureMatrix;
  readonly split: number;
}

/** @param fee bps of traded value, per side */
export function tradingTask(candles: Candles, feature: Float64Array, fee: number, split: number): TradingTask {
  const raw = newMatrix(["feature"], candles.time, [feature]);
  return {
    market: { assets: [candles], length: candles.length, costs: { ...noCosts, transactionFee: fee } },
    features: scale(raw, fitScaler(raw, 0, split)),
    split,
  };
}

/** A walk whose next return the feature explains `share` of; each bar opens where the last one closed. */
export function noisySignal(random: Rng, bars: number, share: number, fee: number): TradingTask {
  const volatility = 0.01;
  const feature = Float64Array.from({ length: bars }, () => normal(random));
  const returns = Float64Array.from(
    { length: bars },
    (_, t) => volatility * ((t > 0 ? Math.sqrt(share) * feature[t - 1] : 0) + Math.sqrt(1 - share) * normal(random)),
  );
  return tradingTask(walk(returns), feature, fee, Math.floor(bars / 2));
}

/** The feature is the return from the next open to the next close: what no honest feature can be. */
export function oracle(candles: Candles, fee: number, split: number): TradingTask {
  const feature = Float64Array.from(
    { length: candles.length },
    (_, t) => t + 1 < candles.length ? Math.log(candles.$close[t + 1] / candles.$open[t + 1]) : 0,
  );
  return tradingTask(candles, feature, fee, split);
}

/** The same task with the feature's rows in random order: nothing is left to learn. */
export function shuffled({ market, features, split }: TradingTask, random: Rng): TradingTask {
  const order = shuffle(Uint32Array.from({ length: market.length }, (_, t) => t), random);
  const values = Float64Array.from(order, (t) => features.values[t]);
  return tradingTask(market.assets[0], values, market.costs.transactionFee, split);
}

const WINDOW = 4; // bars that are seen

export function trainingEnv({ market, features, split }: TradingTask, options: Partial<MarketEnvOptions> = {}) {
  return marketEnv(market, features, { rows: 64, bars: 256, window: WINDOW, ...options, to: split });
}

/** What trading unseen bars came to. */
export interface Outcome {
  readonly logReturn: number;
  readonly bars: number;
  /** Changes of position. A short's way back to its weight as prices move is none. */
  readonly trades: number;
  readonly position: number; // mean of what was chosen, -1..1
}

/** Chooses for R accounts, from the bars they are at and what each sees of itself: 0 short, 1 flat, 2 long. */
export type Choose = (bars: Int32Array, state: Float32Array) => ArrayLike<number> | Promise<ArrayLike<number>>;

/**
 * Trades the unseen bars, cut into `paths` of equal length, each by an account of its own that starts flat and goes on to
 * its end.
 *
 * @returns [paths]
 */
export async function trade({ market, features, split }: TradingTask, choose: Choose, paths = 1): Promise<Outcome[]> {
  const length = Math.floor((market.length - split) / paths);
  const envs = Array.from({ length: paths }, (_, i) => {
    const [from, to] = [split + i * length, split + (i + 1) * length];
    return marketEnv(market, features, { rows: 1, bars: length, window: WINDOW, from, to, randomStart: false });
  });
  const A = envs[0].stateSize;
  const bars = new Int32Array(paths);
  const state = new Float32Array(paths * A);
  const see = (i: number, seen: { bars: Int32Array; state: Float32Array }) => {
    bars[i] = seen.bars[0];
    state.set(seen.state, i * A);
  };
  envs.forEach((env, i) => see(i, env.reset(0)));
  const outcomes = envs.map(() => ({ logReturn: 0, bars: 0, trades: 0, position: 0 }));
  const held = new Int8Array(paths); // -1, 0, 1
  const over = new Uint8Array(paths);
  const action = new Float32Array(1);
  while (over.includes(0)) {
    const choices = await choose(bars, state);
    for (const [i, outcome] of outcomes.entries()) {
      if (over[i]) continue;
      action[0] = choices[i];
      const wanted = choices[i] - 1;
      outcome.trades += Number(wanted !== held[i]);
      outcome.position += wanted;
      outcome.bars++;
      held[i] = wanted;
      const buffers = envs[i].step(action);
      outcome.logReturn += buffers.rewards[0];
      over[i] = buffers.terminated[0] | buffers.truncated[0];
      if (!over[i]) see(i, buffers);
    }
  }
  return outcomes.map((outcome) => ({ ...outcome, position: outcome.position / outcome.bars }));
}

/** The same, with what a policy finds likeliest. */
export function tradePolicy(task: TradingTask, policy: Policy, paths = 1): Promise<Outcome[]> {
  const space = { kind: "discrete", n: 3 } as const;
  const drawn = newDrawn(space, paths);
  const choose = async (bars: Int32Array, state: Float32Array) => {
    draw(space, (await policy.look(bars, state, 256)).policy, rng(0), drawn, true);
    return drawn.actions;
  };
  return trade(task, choose, paths);
}

/**
 * The best policy that sees only the feature and its own position: value iteration over bins of the feature, with mean
 * returns and the order of bins as the training bars have them.
 */
export function bestPolicy({ market, features, split }: TradingTask, bins = 41): Choose {
  const { $open, $close } = market.assets[0];
  const fee = market.costs.transactionFee / 1e4;
  const { values } = features;
  const edges = Float64Array.from(values.subarray(0, split - 1)).toSorted();
  const limits = Array.from({ length: bins - 1 }, (_, i) => edges[Math.floor((i + 1) * edges.length / bins)]);
  const binOf = (value: number) => {
    let bin = 0;
    while (bin < limits.length && value > limits[bin]) bin++;
    return bin;
  };
  const count = new Float64Array(bins);
  const inside = new Float64Array(bins * 3); // mean log return from open to close with position -1, 0, 1
  const gap = new Float64Array(bins * 3); // from close to open, before the decision is filled
  const next = new Float64Array(bins * bins);
  for (let t = 0; t + 2 < split; t++) {
    const bin = binOf(values[t]);
    count[bin]++;
    next[bin * bins + binOf(values[t + 1])]++;
    for (let p = 0; p < 3; p++) {
      inside[3 * bin + p] += Math.log(1 + (p - 1) * ($close[t + 1] / $open[t + 1] - 1));
      gap[3 * bin + p] += Math.log(1 + (p - 1) * ($open[t + 1] / $close[t] - 1));
    }
  }
  for (let bin = 0; bin < bins; bin++) {
    for (let p = 0; p < 3; p++) {
      [inside[3 * bin + p], gap[3 * bin + p]] = [inside[3 * bin + p] / count[bin], gap[3 * bin + p] / count[bin]];
    }
    for (let to = 0; to < bins; to++) next[bin * bins + to] /= count[bin];
  }
  const choice = new Int32Array(bins * 3); // by bin and position held
  let worth = new Float64Array(bins * 3);
  for (let sweep = 0; sweep < 500; sweep++) {
    const ahead = new Float64Array(bins * 3);
    for (let bin = 0; bin < bins; bin++) {
      for (let p = 0; p < 3; p++) {
        for (let to = 0; to < bins; to++) ahead[3 * bin + p] += next[bin * bins + to] * worth[3 * to + p];
      }
    }
    const better = new Float64Array(bins * 3);
    for (let bin = 0; bin < bins; bin++) {
      for (let held = 0; held < 3; held++) {
        let best = -Infinity;
        for (let p = 0; p < 3; p++) {
          const value = gap[3 * bin + held] + inside[3 * bin + p] + fee1(fee, p - held) + 0.99 * ahead[3 * bin + p];
          if (value > best) [best, choice[3 * bin + held]] = [value, p];
        }
        better[3 * bin + held] = best;
      }
    }
    worth = better;
  }
  return (bars: Int32Array, state: Float32Array) =>
    Array.from(bars, (bar, row) => {
      const held = Math.round(Math.max(-1, Math.min(1, state[row * state.length / bars.length])));
      return choice[3 * binOf(values[bar]) + held + 1];
    });
}

const fee1 = (fee: number, change: number) => Math.log(1 - fee * Math.abs(change));

function walk(returns: Float64Array): Candles {
  const n = returns.length;
  const column = () => new Float64Array(n);
  const [time, $open, $high, $low, $close] = [column(), column(), column(), column(), column()];
  let price = 100;
  for (let t = 0; t < n; t++) {
    time[t] = 1.5e12 + t * 3_600_000;
    $open[t] = price;
    price *= Math.exp(returns[t]);
    $close[t] = price;
    $high[t] = Math.max($open[t], price);
    $low[t] = Math.min($open[t], price);
  }
  const $volume = new Float64Array(n).fill(1e9);
  return newCandles({ symbol: "WALK/USDT", step: 3_600_000, time, $open, $high, $low, $close, $volume });
}
