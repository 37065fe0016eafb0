import type { StepBuffers } from "../env/env.ts";
import type { Stats } from "./net.ts";
import type { Rollout } from "./rollout.ts";

/** Returns and lengths of the last episodes that ended. */
export interface Episodes {
  add(buffers: StepBuffers): void;
  /** Named as Stable-Baselines3 logs them; nothing until an episode has ended. */
  means(): Record<string, number>;
  save(): Float64Array;
  restore(saved: Float64Array): void;
}

/** @param kept how many episodes the means are over */
export function newEpisodes(rows: number, kept: number): Episodes {
  const all = new Float64Array(1 + 2 * rows + 2 * kept);
  const [count, returns, lengths] = [
    all.subarray(0, 1),
    all.subarray(1, 1 + rows),
    all.subarray(1 + rows, 1 + 2 * rows),
  ];
  const endedReturns = all.subarray(1 + 2 * rows, 1 + 2 * rows + kept);
  const endedLengths = all.subarray(1 + 2 * rows + kept);
  const mean = (values: Float64Array, n: number) => values.subarray(0, n).reduce((sum, value) => sum + value, 0) / n;
  return {
    add({ rewards, terminated, truncated }) {
      for (let row = 0; row < rows; row++) {
        returns[row] += rewards[row];
        lengths[row]++;
        if (!(terminated[row] | truncated[row])) continue;
        const at = count[0]++ % kept;
        [endedReturns[at], endedLengths[at]] = [returns[row], lengths[row]];
        [returns[row], lengths[row]] = [0, 0];
      }
    },
    means() {
      const n = Math.min(kept, count[0]);
      if (n === 0) return {};
      return { "rollout/ep_rew_mean": mean(endedReturns, n), "rollout/ep_len_mean": mean(endedLengths, n) };
    },
    save: () => all.slice(),
    restore: (saved) => void all.set(saved),
  };
}

/**
 * Means of what the optimizer steps of an update said: over all of them, but for `approx_kl`, which is of the last
 * epoch, and `loss`, which is of the last minibatch, as Stable-Baselines3 has it.
 */
export function newMeans<Name extends keyof Stats>(names: readonly Name[]) {
  const sums = Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
  let count = 0;
  let last: Stats | undefined;
  return {
    add(stats: Stats) {
      for (const name of names) for (const value of stats[name]) sums[name] += value;
      count += stats.loss.length;
      last = stats;
    },
    result(): Record<Name, number> {
      const means = Object.fromEntries(names.map((name) => [name, sums[name] / count]));
      if (last) {
        means.loss = last.loss.at(-1)!;
        means.approx_kl = last.approx_kl.reduce((sum, value) => sum + value, 0) / last.approx_kl.length;
      }
      return means as Record<Name, number>;
    },
  };
}

/** How much of the returns' variance the values foresaw: 1 all, 0 none, below 0 worse than none. */
export function explainedVariance({ returns, values }: Rollout): number {
  const total = variance(returns, () => 0);
  return total === 0 ? NaN : 1 - variance(returns, (i) => values[i]) / total;
}

function variance(values: Float32Array, less: (i: number) => number): number {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] - less(i);
    sum += value;
    squares += value * value;
  }
  return squares / values.length - (sum / values.length) ** 2;
}
