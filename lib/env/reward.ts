import { didYouMean } from "../base/suggest.ts";

/** How a step is paid, for R rows at once. `memory` is all it remembers: the env saves and restores it. */
export interface Reward {
  readonly memory: Float64Array;
  /** Forgets what it knew of a row. */
  reset(row: number): void;
  /** Of a row whose equity went from `before` to `after` (quote currency) in one bar. Zero when nothing happened. */
  of(row: number, before: number, after: number): number;
}

/** No step loses more than this in logs: what ruin is worth. */
const RUIN = Math.log(1e-6);

/** Log of the equity ratio, costs included: an episode's rewards sum to the log of its equity ratio. The default. */
export function logReturn(): Reward {
  return { memory: new Float64Array(0), reset() {}, of: (_row, before, after) => logRatio(before, after) };
}

/**
 * Differential Sharpe ratio: how much one more return raises an exponentially weighted Sharpe ratio.
 *
 * Source: Moody & Saffell 2001, "Learning to trade via direct reinforcement", eq. 13–14. The first return of a row, with
 * no variance known, is paid as it is.
 *
 * @param rows R
 * @param rate weight of the newest return, 0..1
 */
export function differentialSharpe(rows: number, rate = 0.01): Reward {
  const memory = new Float64Array(2 * rows); // [R, 2] mean and mean square of returns
  return {
    memory,
    reset: (row) => void memory.fill(0, 2 * row, 2 * row + 2),
    of(row, before, after) {
      const value = logRatio(before, after);
      const [average, square] = [memory[2 * row], memory[2 * row + 1]];
      const [dAverage, dSquare] = [value - average, value * value - square];
      memory[2 * row] = average + rate * dAverage;
      memory[2 * row + 1] = square + rate * dSquare;
      const variance = square - average * average;
      if (!(variance > 1e-12)) return value;
      return (square * dAverage - 0.5 * average * dSquare) / variance ** 1.5 * rate;
    },
  };
}

/**
 * Log return less a penalty on new drawdown: falling further below the peak costs `weight` times the fall (in logs)
 * again; climbing back is not paid twice.
 *
 * @param rows R
 * @param weight 0 is the log return
 */
export function drawdownPenalised(rows: number, weight = 1): Reward {
  const memory = new Float64Array(3 * rows); // [R, 3] log equity since the start, its peak, the deepest below a peak
  return {
    memory,
    reset: (row) => void memory.fill(0, 3 * row, 3 * row + 3),
    of(row, before, after) {
      const value = logRatio(before, after);
      const level = memory[3 * row] += value;
      if (level > memory[3 * row + 1]) memory[3 * row + 1] = level;
      const depth = memory[3 * row + 1] - level;
      const deeper = Math.max(0, depth - memory[3 * row + 2]);
      memory[3 * row + 2] += deeper;
      return value - weight * deeper;
    },
  };
}

/** Every reward by the name that settings use. */
export const rewards = {
  log_return: logReturn,
  differential_sharpe: differentialSharpe,
  drawdown_penalised: drawdownPenalised,
} satisfies Record<string, (rows: number, parameter?: number) => Reward>;

export type RewardName = keyof typeof rewards;

/**
 * Opens a reward by name.
 *
 * @param parameter the reward's own: rate of `differential_sharpe`, weight of `drawdown_penalised`
 * @throws {RangeError} if no reward is called that
 */
export function openReward(name: string, rows: number, parameter?: number): Reward {
  if (!Object.hasOwn(rewards, name)) {
    throw new RangeError(`Cannot pay by "${name}" as it is not a reward: ${didYouMean(name, Object.keys(rewards))}`);
  }
  const open: (rows: number, parameter?: number) => Reward = rewards[name as RewardName];
  return parameter === undefined ? open(rows) : open(rows, parameter);
}

function logRatio(before: number, after: number): number {
  return after > 0 ? Math.max(RUIN, Math.log(after / before)) : RUIN;
}
