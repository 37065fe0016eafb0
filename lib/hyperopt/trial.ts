/**
 * One trial and what is said about it. The same words travel between the study and the process that runs the trial, whether
 * a worker of our own pool or a Ray actor started it: a `TrialJob` goes in as one line of JSON; `TrialMessage`s come out, a
 * line each; after each report the process waits for a `TrialAnswer`, one line of JSON too.
 *
 * The last message of a trial is `done` (after its last rung, or after it was answered "stop") or `failed`; it comes as
 * `{ "result": message }`, so that whoever carries the lines knows the end without knowing what a trial is. The process
 * then takes the next job, and ends when its standard input does. Nothing else is written to standard output.
 *
 * A process may be killed at any time. Given the same job again, by the same or another process that sees the same folders,
 * the trial goes on from its checkpoint and says the same values; a report that was answered is not made again, one that was
 * not is.
 */

/** Values by setting: `"ppo.learning_rate": 3e-4`. */
export type Params = Readonly<Record<string, number | string | boolean>>;

/** What a trial process is given. */
export interface TrialJob {
  readonly study: string;
  readonly trial: number; // its number in the study, from 0
  /** Folder of the candles it may see, cut before the test part (`writeTrialMarket`): a trial reads no others. */
  readonly market: string;
  readonly params: Params;
  /** Settings that all trials share, over the defaults; `params` go over these. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Steps at which it reports, rising; the last is the whole budget. */
  readonly rungs: readonly number[];
  readonly seeds: readonly number[];
  readonly folds: number; // walk-forward folds over train and validation; the test part is not in the job's reach
  /** Folder of its checkpoints; a trial that finds one there goes on from it. */
  readonly checkpoint: string;
  /** Checkpoint to start from where it has none of its own: another trial's, in population-based training. */
  readonly from?: string;
}

/** What a trial process says. */
export type TrialMessage =
  | {
    readonly kind: "report";
    readonly trial: number;
    readonly rung: number; // place in `rungs`
    readonly step: number;
    readonly value: number; // objective so far, higher is better; mean over folds and seeds
    readonly metrics: Readonly<Record<string, number>>;
    readonly seconds: number; // since the trial began, over all its lives
  }
  | {
    readonly kind: "done";
    readonly trial: number;
    readonly value: number;
    readonly metrics: Readonly<Record<string, number>>;
    /** Returns per bar of the out-of-sample folds, for the deflated Sharpe ratio and CSCV. */
    readonly returns: readonly number[];
  }
  | { readonly kind: "failed"; readonly trial: number; readonly error: string };

/** What is answered to a report. */
export type TrialAnswer = { readonly answer: "go" } | { readonly answer: "stop"; readonly why: string };

/** How a trial stands. */
export type TrialState = "waiting" | "running" | "finished" | "pruned" | "failed" | "deleted";
