import { blockLength, type Step } from "./step.ts";

/** Where a bar's number is kept in a column of one block. */
export const slotOf = blockLength - 1; // t & slotOf

/**
 * Writes for each bar t the index of the highest (`sign` 1) or lowest (−1) of the last `period` values, of equal ones
 * the latest, to `at[t & slotOf]`: until the next block.
 *
 * Windows are doubled: the best of 2, 4, 8, … values is the better of two bests of half as many, and the last time the
 * two overlap. That is log₂ `period` easy passes, whatever the values do. To keep the extreme until it leaves the window
 * and search then, as is usual, takes guesses that the processor gets wrong, and in a trend a search at every bar.
 */
export function extremeStep(values: Float64Array, sign: 1 | -1, period: number, at: Int32Array): Step {
  const best = new Int32Array(blockLength + period); // `best[i]`: of bar base + i and some before it
  return (from, to) => {
    const base = Math.max(0, from - period + 1);
    const length = to - base;
    let width = 1;
    if (period <= 2) { for (let i = 0; i < length; i++) best[i] = base + i; }
    else width = pair(values, sign, base, length, best);
    for (; 2 * width < period; width *= 2) widen(values, sign, width, length, best);
    finish(values, sign, period - width, Math.max(from, period - 1), to, base, best, at);
  };
}

/** The better of each value and the one before it. Returns 2, for so many values are compared. */
function pair(values: Float64Array, sign: number, base: number, length: number, best: Int32Array): number {
  best[0] = base;
  for (let i = 1; i < length; i++) {
    best[i] = base + i - +(sign * (values[base + i - 1] - values[base + i]) > 0);
  }
  return 2;
}

/** The better of each best and the one `more` bars before it, picked without a branch. */
function widen(values: Float64Array, sign: number, more: number, length: number, best: Int32Array): void {
  for (let i = length - 1; i >= more; i--) {
    const newer = best[i];
    const older = best[i - more];
    best[i] = older + ((newer - older) & -(sign * (values[newer] - values[older]) >= 0));
  }
}

/** The same, the last time. */
function finish(
  values: Float64Array,
  sign: number,
  more: number,
  from: number,
  to: number,
  base: number,
  best: Int32Array,
  at: Int32Array,
): void {
  for (let t = from; t < to; t++) {
    const newer = best[t - base];
    const older = best[t - base - more];
    at[t & slotOf] = older + ((newer - older) & -(sign * (values[newer] - values[older]) >= 0));
  }
}
