import type { Learnt, StatName } from "./learn_step.ts";
import type { Model } from "./model.ts";

/** All that a net has learnt, and its optimizer: enough to go on exactly. */
export interface NetState extends Learnt<Float32Array> {
  readonly steps: number; // optimizer steps taken
}

/** Minibatches for one call of `learn`, n of them, B samples each. A sample names its window by its last bar. */
export interface Minibatches {
  readonly count: number; // n
  readonly bars: Int32Array; // [n, B]
  readonly state: Float32Array; // [n, B, A]
  readonly raw: Float32Array; // [n, B] or [n, B, size]
  readonly logProbs: Float32Array; // [n, B]
  readonly advantages: Float32Array; // [n, B]
  readonly returns: Float32Array; // [n, B]
  readonly values: Float32Array; // [n, B]
}

/** What optimizer steps said of themselves: one number per minibatch. */
export type Stats = Readonly<Record<StatName, Float32Array>>;

/** A look at R rows. Owned by the policy and overwritten by its next look. */
export interface Look {
  readonly policy: Float32Array; // [R, P], as `policySize` has it
  readonly value: Float32Array; // [R]
}

/** A net in front of one table of features: what decides, in training and after. */
export interface Policy {
  /**
   * Says what to do and what it is worth, for R rows at once.
   *
   * @param bars last bar each row sees [R]
   * @param state the rows' own numbers [R, A]
   * @param ahead how many bars a row will probably go on with these weights: they are then encoded together
   */
  look(bars: Int32Array, state: Float32Array, ahead?: number): Promise<Look>;
}

/** A policy–value network with its optimizer. Tensors are in here and nowhere else. */
export interface Net extends AsyncDisposable {
  readonly model: Model;
  readonly about: string; // one line: what runs it
  /** @param table features of T bars [T, F] */
  policy(table: Float32Array): Policy;
  /**
   * Takes an optimizer step for each minibatch, or fewer where the policy moved too far (`target_kl`): then the last one
   * of the statistics is of a step not taken. If any number is not finite nothing is learnt.
   */
  learn(table: Float32Array, batches: Minibatches, learningRate: number): Promise<Stats>;
  save(): NetState;
  /** @throws {RangeError} if the state is of another net */
  load(state: NetState): void;
}

/** @throws {RangeError} if the state's vectors are not of these sizes */
export function checkState(state: NetState, sizes: readonly number[]): void {
  for (const kind of ["weights", "first", "second"] as const) {
    const found = state[kind].map((values) => values.length);
    if (found.join() === sizes.join()) continue;
    throw new RangeError(
      `Cannot load these ${kind} as the net has vectors of ${sizes.join(", ")} numbers: they have ${found.join(", ")}`,
    );
  }
}
