import type { Env } from "./env.ts";

/**
 * Copies observations out: `[R, window · features + stateSize]`, each row its window, oldest bar first, then its state.
 * Networks of ours gather windows from bar numbers instead; this is for those who want the numbers.
 *
 * @param bars last bar seen by each row [R]
 * @param state each row's own numbers [R, stateSize]
 */
export function observe(env: Env, bars: Int32Array, state: Float32Array, into: Float32Array): void {
  const { rows, window, features, stateSize, table } = env;
  const size = window * features;
  for (let row = 0, at = 0; row < rows; row++, at += size + stateSize) {
    if (size > 0) into.set(table.subarray((bars[row] - window + 1) * features, (bars[row] + 1) * features), at);
    for (let i = 0; i < stateSize; i++) into[at + size + i] = state[row * stateSize + i];
  }
}
