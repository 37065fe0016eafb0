import type { Params, TrialState } from "./trial.ts";

/** What a study's ledger says, a line each. */
export type LedgerEntry =
  | {
    readonly kind: "study"; // first line
    readonly study: string;
    readonly space: string; // as text
    readonly settings: Readonly<Record<string, unknown>>; // sampler, scheduler, seeds, folds, data hash, …
  }
  | { readonly kind: "trial"; readonly trial: number; readonly params: Params } // is about to run
  | { readonly kind: "exploit"; readonly trial: number; readonly from: number; readonly params: Params }
  | {
    readonly kind: "end";
    readonly trial: number;
    readonly state: Extract<TrialState, "finished" | "pruned" | "failed">;
    readonly value?: number; // objective
    readonly sharpe?: number; // of its out-of-sample returns, per bar
    readonly bars?: number; // how many returns that is over
    readonly note?: string; // why it was pruned or failed
  }
  | { readonly kind: "deleted"; readonly trial: number; readonly note: string } // it still counts
  | { readonly kind: "holdout"; readonly trial: number; readonly reason: string }; // the test period was looked at

/** A line of the ledger. */
export interface LedgerLine {
  readonly line: number; // from 1
  readonly at: string; // ISO 8601, UTC
  readonly entry: LedgerEntry;
  readonly hash: string; // of the line before and this one
}

/** What the deflation of the winner's Sharpe ratio needs, counted. */
export interface LedgerCount {
  /** Configurations that were tried: every trial begun, whatever became of it, and every exploit. */
  readonly trials: number;
  readonly finished: number;
  readonly pruned: number;
  readonly failed: number;
  readonly deleted: number;
  readonly running: number; // begun and not ended
  readonly exploits: number;
  /** Sharpe ratios per bar that trials ended with, deleted and pruned ones too. */
  readonly sharpes: readonly number[];
  /** When the hold-out was opened, if it was. */
  readonly holdout?: { readonly at: string; readonly trial: number; readonly reason: string };
}

/** A study's ledger, held by one process. */
export interface Ledger extends Disposable {
  readonly lines: readonly LedgerLine[];
  /** Hash of the last line: kept elsewhere (in MLflow), it shows when lines were cut off the end. */
  readonly head: string;
  /** Writes a line; on disk when it returns. */
  append(entry: Exclude<LedgerEntry, { kind: "holdout" }>): void;
  /**
   * Writes that the test period is opened for `trial`, before it is.
   *
   * @throws {RangeError} that says when, if it was opened before
   */
  openHoldout(trial: number, reason: string): void;
}
