import type { Space } from "./space.ts";
import type { Params } from "./trial.ts";

/** What is to be tried next. */
export interface Asked {
  readonly trial: number; // numbers go up from 0 without gaps
  readonly params: Params;
}

/** How a trial ended. A pruned one's value is its last report's, if it gave any. */
export type Outcome =
  | { readonly state: "finished"; readonly value: number } // higher is better
  | { readonly state: "pruned"; readonly value?: number }
  | { readonly state: "failed" };

/** What a study's journal holds of a trial: given to a new sampler, it goes on from there. */
export interface PastTrial {
  readonly trial: number;
  readonly params: Params;
  /** By step, rising. */
  readonly reports: readonly { readonly step: number; readonly value: number }[];
  /** Nothing: it is still running, and its outcome will be told. */
  readonly outcome?: Outcome;
}

/** How a sampler is opened. */
export interface SamplerOptions {
  readonly space: Space;
  readonly seed: number;
  /** Trials there were, in the order of their numbers: the sampler continues as if it had asked for them itself. */
  readonly past?: readonly PastTrial[];
  /** Trials that are first drawn at random, of samplers that learn. */
  readonly startup?: number;
  /** Name of the study in Optuna's storage. */
  readonly study?: string;
  /** Optuna's storage: a journal file's path, a postgresql:// address, or nothing for memory. */
  readonly storage?: string;
  /** Python that has Optuna, of samplers that need it. */
  readonly python?: string;
}

/**
 * Says what to try next, from what was tried. The same seed and the same history (asked, reported and told in the same
 * order) give the same trials, also when the first part of it came as `past`.
 */
export interface Sampler extends AsyncDisposable {
  /** The next trial, or nothing when all there is was tried (a grid). Several may be asked for before one is told. */
  ask(): Promise<Asked | undefined>;
  /** What a running trial is worth so far. */
  report(trial: number, step: number, value: number): Promise<void>;
  /** How a trial ended. Each one is told once. */
  tell(trial: number, outcome: Outcome): Promise<void>;
}

/** A sampler of the table. */
export interface SamplerEntry {
  readonly help: string;
  readonly python: boolean; // whether it runs in Optuna
  /** Throws a RangeError if it cannot sample this space; says what of it would be left to chance. */
  check?(space: Space): void;
  open(options: SamplerOptions): Promise<Sampler>;
}
