import { type BarRange, walkForward } from "../../market/split.ts";

/** One step of the walk: trained on the older bars, judged on the newer ones. */
export interface SweepFold {
  readonly train: BarRange;
  /** Out of sample: what a trial is judged by. */
  readonly test: BarRange;
}

/** What lies between the bars of a fold. */
export interface SweepFoldOptions {
  readonly folds: number;
  /**
   * Bars cut from the end of each training span, so that no bar is both in an observation that was learnt from, or in what
   * came of it, and in one that is judged: the window, and the bars until an action is paid.
   */
  readonly purge: number;
  /** Bars left out between the spans besides, for what is correlated beyond that. */
  readonly embargo: number;
}

/**
 * Walk-forward folds over the bars that a sweep may see: training always begins at the first bar and grows; the tests are
 * the newer half of the bars, cut into equal parts that follow each other. Purged and embargoed (López de Prado 2018, ch. 7).
 *
 * Where the tests are depends on the number of bars, folds and embargo alone, so that trials with other windows or features
 * are judged on the same bars.
 *
 * @param length bars before the test part of the split, T
 * @throws {RangeError} if they are too few
 */
export function sweepFolds(length: number, { folds, purge, embargo }: SweepFoldOptions): SweepFold[] {
  const test = Math.floor(length / 2 / Math.max(1, folds));
  return walkForward(length, { train: length - folds * test - embargo, test, purge, embargo, anchored: true })
    .map(({ train, test }) => ({ train, test }));
}
