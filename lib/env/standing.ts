import type { Ledger } from "../sim/ledger.ts";
import type { Tape } from "../sim/tape.ts";

/** What a row knows of itself: K weights held, log profit since its position last changed, drawdown 0..1. */
export const stateSizeOf = (assets: number): number => assets + 2;

/**
 * How R accounts stand, as a policy sees them: the one place where training, backtest and paper trading work it out.
 */
export interface Standing {
  readonly held: Float64Array; // [R, K] exposure at the close last looked at, fraction of equity
  readonly peak: Float64Array; // [R] highest equity so far, quote currency
  /** All that changes, to be saved and restored. */
  readonly memory: readonly Float64Array[];
  /** Starts a row afresh, with no position. */
  open(row: number, cash: number): void;
  /** A bar took the row's equity from `before` to `after`; `traded` when anything was filled in it. */
  pass(row: number, before: number, after: number, traded: boolean): void;
  /** Marks what the row holds at the close of bar `t`, and writes what it sees of itself into `into` [R, A]. */
  look(row: number, worth: number, ledger: Ledger, tape: Tape, t: number, into: Float32Array): void;
}

export function openStanding(rows: number, assets: number): Standing {
  const [K, A] = [assets, stateSizeOf(assets)];
  const held = new Float64Array(rows * K);
  const peak = new Float64Array(rows);
  const entry = new Float64Array(rows); // equity when the position last changed
  return {
    held,
    peak,
    memory: [held, peak, entry],
    open(row, cash) {
      peak[row] = entry[row] = cash;
      held.fill(0, row * K, (row + 1) * K);
    },
    pass(row, before, after, traded) {
      if (traded) entry[row] = before;
      if (after > peak[row]) peak[row] = after;
    },
    look(row, worth, ledger, tape, t, into) {
      for (let k = 0; k < K; k++) {
        held[row * K + k] = worth > 0 ? ledger.units[row * K + k] * tape.close[t * K + k] / worth : 0;
        into[row * A + k] = held[row * K + k];
      }
      into[row * A + K] = worth > 0 && entry[row] > 0 ? Math.log(worth / entry[row]) : 0;
      into[row * A + K + 1] = peak[row] > 0 ? 1 - worth / peak[row] : 0;
    },
  };
}
