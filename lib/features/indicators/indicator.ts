import type { Candles } from "../../market/candles.ts";
import { computeCalls } from "./compute.ts";
import { inTurn, type Step } from "./step.ts";

/** Numbers an indicator takes, by name, in the order a spec gives them: `macd(12, 26, 9)`. */
export type Params = Readonly<Record<string, number>>;

/** What the feature builder, the docs table and the tests need to know about an indicator. */
export interface Indicator extends Definition {
  /** One [T] array per output. */
  run(candles: Candles, params: Params): Float64Array[];
}

/** An indicator as its file writes it down: `indicator()` adds the rest. */
export interface Definition {
  /** Its name in the table, and among the jobs of its kernel. */
  readonly name: string;
  /** Columns it reads: `"$close"`, … The first may be replaced in a spec. */
  readonly inputs: readonly string[];
  /** Defaults, TA-Lib's names. */
  readonly params: Params;
  /** Range of the parameters where it is not the usual one of their kind (`check.ts`): lowest, highest. */
  readonly limits?: Readonly<Record<string, readonly [number, number]>>;
  /** Names of the outputs; a spec picks one with a dot: `bbands(20).upper`. */
  readonly outputs: readonly string[];
  /** Index of the first finite value when the inputs are finite; every earlier value is NaN. */
  warmup(params: Params): number;
  /** What computes it, alone or together with other jobs that read the same columns. */
  readonly kernel: Kernel;
  /** Jobs of one kernel that agree in these numbers are computed together. Nothing: it agrees with any. */
  shares?(params: Params): readonly number[];
}

/**
 * Begins to fill the outputs of every job, in as few passes over the bars as it can; the step that it gives does the
 * work. Values before the warm-up may be anything: they are blanked afterwards.
 *
 * @param columns the bars: [T] each, all finite, T ≥ 1, not to be written to
 * @param shared what the jobs agree in
 * @param jobs at most one by each name
 */
export type Kernel = (columns: readonly Float64Array[], shared: readonly number[], jobs: Jobs) => Step;

/** What a kernel is asked for, by the indicators' names. */
export type Jobs = Readonly<Partial<Record<string, Job>>>;

/** One indicator asked of a kernel, and the columns to fill: [T] each, in the order of the indicator's outputs. */
export interface Job {
  readonly params: Params;
  readonly outputs: readonly Float64Array[];
}

/** A kernel of an indicator that shares no work with others: one job at a time. */
export function single(
  begin: (columns: readonly Float64Array[], params: Params, outputs: readonly Float64Array[]) => Step,
): Kernel {
  return (columns, _, jobs) => {
    const steps = Object.values(jobs).flatMap((job) => (job ? [begin(columns, job.params, job.outputs)] : []));
    return inTurn(...steps);
  };
}

/** Makes a table's entry of a definition. */
export function indicator(definition: Definition): Indicator {
  return {
    ...definition,
    run: (candles, params) => computeCalls(candles, [{ indicator: definition, params }])[0],
  };
}
