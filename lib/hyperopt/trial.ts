/**
 * One trial and what is said about it. The same words travel between the study and the process that runs the trial, whether
 * a worker of our own pool or a Ray actor started it: a `TrialJob` goes in as one line of JSON; `TrialMessage`s come out, a
 * line each; after each report the process waits for a `TrialAnswer`.
 */

/** Values by setting: `"ppo.learning_rate": 3e-4`. */
export type Params = Readonly<Record<string, number | string | boolean>>;

/** What a trial process is given. */
export interface TrialJob {
  readonly study: string;
  readonly trial: number; // its number in the study, from 0
  readonly params: Params;
  /** Settings that all trials share, over the defaults; `params` go over these. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Steps at which it reports, rising; the last is the whole budget. */
  readonly rungs: readonly number[];
  readonly seeds: readonly number[];
  readonly folds: number; // walk-forward folds over train and validation; the test part is not in the job's reach
  /** Folder of its checkpoints; a trial that finds one there goes on from it. */
  readonly checkpoint: string;
  /** Checkpoint to start from instead: another trial's, in population-based training. */
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
    readonly metrics: Readonly<
      Record<string, number>
    >; /** Returns per bar of the out-of-sample folds, for the deflated Sharpe ratio and CSCV. */
    readonly returns: readonly number[];
  }
  | { readonly kind: "failed"; readonly trial: number; readonly error: string };

/** What is answered to a report. */
export type TrialAnswer = { readonly answer: "go" } | { readonly answer: "stop"; readonly why: string };

/** How a trial stands. */
export type TrialState = "waiting" | "running" | "finished" | "pruned" | "failed" | "deleted";
