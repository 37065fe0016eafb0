import type { Space } from "./space.ts";
import type { Params } from "./trial.ts";

/** What a trial said at a rung. */
export interface Report {
  readonly trial: number;
  readonly rung: number; // place in `rungs`
  readonly step: number;
  readonly value: number; // higher is better
  readonly params: Params; // that it had then: population-based training changes them
}

/** What is done about a report. */
export type Decision =
  | { readonly do: "go" }
  | { readonly do: "stop"; readonly why: string }
  | {
    readonly do: "exploit"; // go on from the checkpoint that trial `from` has at this rung, with these parameters
    readonly from: number;
    readonly params: Params;
    readonly why: string;
  };

/**
 * Decides what becomes of a trial when it reports. Pure: the same reports give the same decision, so that a study that
 * is taken up again decides as before.
 *
 * @param past reports before this one, of all trials, in the order they came; after an exploit a trial's reports go on
 */
export type Scheduler = (past: readonly Report[], report: Report) => Decision;

/** What a scheduler is made from. */
export interface SchedulerOptions {
  readonly space: Space;
  readonly seed: number;
  /** Steps at which trials report, rising; the last is the whole budget. */
  readonly rungs: readonly number[];
}

/** A scheduler of the table. */
export interface SchedulerEntry {
  readonly help: string;
  /** Rungs that suit it: rising, the last one `steps`. */
  rungs(steps: number): readonly number[];
  make(options: SchedulerOptions): Scheduler;
}
