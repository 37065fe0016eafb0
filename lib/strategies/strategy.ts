import type { Market } from "../market/market.ts";
import type { Account, Intent } from "../sim/intent.ts";

/** Sees bars up to the close of `t`, writes what it wants for bar `t + 1` into `intent`. Called once per bar, in order. */
export type Decide = (t: number, account: Account, intent: Intent) => void;

/** Gives the column of that name, made once and then kept: runs of a sweep share their averages. */
export type Memo = (name: string, make: () => Float64Array) => Float64Array;

/** Prepares its columns once, then decides bar by bar. Must keep the prefix law. */
export interface Strategy {
  (market: Market): Decide;
  /**
   * Writes the exposure wanted at each bar `[T, K]` into `into` (NaN: as before), where that does not depend on the
   * account. Its decisions are then `follow`ed, and a backtest need not ask bar by bar.
   */
  readonly targets?: (market: Market, memo: Memo, into: Float64Array) => void;
}
