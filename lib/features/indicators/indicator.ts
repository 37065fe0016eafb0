import type { Candles } from "../../market/candles.ts";

/** Numbers an indicator takes, by name, in the order a spec gives them: `macd(12, 26, 9)`. */
export type Params = Readonly<Record<string, number>>;

/** What the feature builder, the docs table and the tests need to know about an indicator. */
export interface Indicator {
  /** Columns it reads: `"$close"`, … The first may be replaced in a spec. */
  readonly inputs: readonly string[];
  /** Defaults, TA-Lib's names. */
  readonly params: Params;
  /** Names of the outputs; a spec picks one with a dot: `bbands(20).upper`. */
  readonly outputs: readonly string[];
  /** Index of the first finite value when the inputs are finite; every earlier value is NaN. */
  warmup(params: Params): number;
  /** One [T] array per output. */
  run(candles: Candles, params: Params): Float64Array[];
}
