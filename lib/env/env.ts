/** What an action is. A row's action is one number of `Float32Array`: a choice's index, or `size` numbers in -1..1. */
export type ActionSpace =
  | { readonly kind: "discrete"; readonly n: number }
  | { readonly kind: "box"; readonly size: number };

/**
 * Many episodes stepped at once. A row is one agent of one episode: R = episodes × agents.
 *
 * An observation is a window of a table that all rows share and a few numbers of the row's own: rows
 * `bar - window + 1 … bar` of `table`, then `state`. Buffers name the bar, so nothing is copied until a network gathers
 * it; `observe` copies for those who ask.
 */
export interface Env {
  readonly rows: number; // R
  readonly window: number; // W, 0 where a row's own state is all there is to see
  readonly features: number; // F
  readonly stateSize: number; // A
  readonly table: Float32Array; // [T, F], constant
  readonly actions: ActionSpace;
  /** Starts every row afresh. Equal seeds and actions give equal trajectories. */
  reset(seed: number): StepBuffers;
  /** Finished rows restart by themselves: their last look is in `finalBars` and `finalState`. */
  step(actions: Float32Array): StepBuffers; // [R] or [R, size]
  /** Everything that changes, so that `restore` goes on exactly from here. */
  save(): Uint8Array;
  restore(saved: Uint8Array): StepBuffers;
}

/** Owned by the env and overwritten by the next step: copy what you keep. */
export interface StepBuffers {
  readonly bars: Int32Array; // [R] row of `table` seen last
  readonly state: Float32Array; // [R, A]
  readonly rewards: Float64Array; // [R]
  readonly terminated: Uint8Array; // [R] the episode came to its own end: no future value
  readonly truncated: Uint8Array; // [R] it was cut off: the future is worth V(final observation)
  readonly finalBars: Int32Array; // [R] of rows that ended in this step
  readonly finalState: Float32Array; // [R, A]
}
