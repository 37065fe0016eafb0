import type { OnProgress } from "../base/progress.ts";
import type { Market } from "../market/market.ts";
import { openLedger, reopen } from "../sim/ledger.ts";
import { newTape } from "../sim/tape.ts";
import { makeStrategy, type Memo, type Settings, type Strategy } from "../strategies/mod.ts";
import { backtest, type BacktestOptions, checkSpan } from "./backtest.ts";
import { barsPerYear, sharpeRatio } from "./metrics.ts";
import { followTargets } from "./targets.ts";

/** One run of a sweep. */
export interface SweepRow {
  readonly settings: Settings;
  readonly finalEquity: number; // quote currency
  readonly totalReturn: number;
  readonly sharpeRatio: number; // annual
  readonly fills: number;
  readonly fees: number; // quote currency
  readonly ruined: boolean;
}

/** How to run a sweep: as a backtest, and how much to remember. */
export interface SweepOptions extends BacktestOptions {
  readonly onProgress?: OnProgress;
  /** Most memory that averages and the like may keep for later runs, bytes. */
  readonly memory?: number;
}

/** Values to try of each setting: all combinations; or the settings of each run. */
export type Grid = Readonly<Record<string, readonly (number | string | boolean)[]>> | readonly Settings[];

/**
 * Runs one strategy of the table with many settings over the same bars, in the order of the grid. Equal to a `backtest`
 * of each; what the runs share (moving averages, the bars' layout, buffers) is made once, and no history is kept.
 *
 * @throws {RangeError} if the grid is empty, or a combination is not a valid setting of the strategy: give a list of
 * settings (see `combinations`) to leave such out
 */
export function sweep(market: Market, name: string, grid: Grid, options: SweepOptions = {}): SweepRow[] {
  const { cash = 10_000, margin = {}, risk = [], lag = 0, from = 0, to = market.length } = options;
  const { onProgress, memory = 512e6 } = options;
  checkSpan(market, from, to, lag);
  const runs = Array.isArray(grid)
    ? grid as readonly Settings[]
    : combinations(grid as Exclude<Grid, readonly Settings[]>);
  if (runs.length === 0) {
    throw new RangeError("Cannot sweep as the grid must have at least one combination: it has none");
  }
  const all = runs.map((settings) => makeStrategy(name, settings)); // so that a bad one is known before any work
  const K = market.assets.length;
  const tape = newTape(market, margin);
  const ledger = openLedger(1, K, cash);
  const year = barsPerYear(market.assets[0].step);
  const equity = new Float64Array(to - from);
  const wishes = new Float64Array(market.length * K);
  const memo = boundedMemo(memory);
  return runs.map((settings, i) => {
    onProgress?.(i, runs.length);
    const { targets } = all[i];
    if (targets === undefined || risk.length > 0) return slowRow(market, all[i], settings, options);
    reopen(ledger, 0, cash);
    targets(market, memo, wishes);
    followTargets(ledger, tape, wishes, { from, to, lag }, { equity, weights: null, wanted: null });
    const finalEquity = equity[equity.length - 1];
    return {
      settings,
      finalEquity,
      totalReturn: finalEquity / cash - 1,
      sharpeRatio: sharpeRatio(equity, year),
      fills: ledger.fills[0],
      fees: ledger.fees[0],
      ruined: ledger.ruined[0] === 1,
    };
  });
}

/** Every combination of the values, the last setting changing fastest; `valid` leaves some out. */
export function combinations<T extends number | string | boolean>(
  grid: Readonly<Record<string, readonly T[]>>,
  valid: (settings: Readonly<Record<string, T>>) => boolean = () => true,
): Readonly<Record<string, T>>[] {
  let all: Record<string, T>[] = [{}];
  for (const [name, values] of Object.entries(grid)) {
    all = all.flatMap((settings) => values.map((value) => ({ ...settings, [name]: value })));
  }
  return all.filter(valid);
}

function slowRow(market: Market, strategy: Strategy, settings: Settings, options: BacktestOptions): SweepRow {
  const { equity, cash, step, fills, fees, ruined } = backtest(market, strategy, options);
  const finalEquity = equity[equity.length - 1];
  return {
    settings,
    finalEquity,
    totalReturn: finalEquity / cash - 1,
    sharpeRatio: sharpeRatio(equity, barsPerYear(step)),
    fills: fills.length,
    fees,
    ruined,
  };
}

/** Keeps columns until they are more than `memory` bytes together, then lets the longest unused go. */
function boundedMemo(memory: number): Memo {
  const kept = new Map<string, Float64Array>(); // least recently used first
  let bytes = 0;
  return (name, make) => {
    const known = kept.get(name);
    const column = known ?? make();
    if (known !== undefined) kept.delete(name);
    else bytes += column.byteLength;
    kept.set(name, column);
    for (const [oldest, { byteLength }] of kept) {
      if (bytes <= memory || oldest === name) break;
      kept.delete(oldest);
      bytes -= byteLength;
    }
    return column;
  };
}
