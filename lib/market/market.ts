import type { Candles } from "./candles.ts";
import type { Growth } from "./growing.ts";

/** Trading frictions; 1 bp = 0.01 %. */
export interface Costs {
  readonly transactionFee: number; // bps of traded value, per side, taker
  readonly makerFee: number; // bps of traded value, per side
  readonly spread: number; // full bid–ask spread, bps of price; a market order pays half
  readonly participation: number; // largest share of a bar's volume one order may take, 0..1; Infinity: no limit
  /** Market impact of an order as large as the bar's whole volume, bps of price; falls with the root of its share. 0 */
  readonly impact?: number;
}

/** Nothing costs anything and any size trades: the frictionless market of textbooks. */
export const noCosts: Costs = { transactionFee: 0, makerFee: 0, spread: 0, participation: Infinity };

/** K time-aligned assets and what it costs to trade them: all that a strategy may look at. */
export interface Market {
  readonly assets: readonly Candles[]; // [K], with equal `time`
  readonly length: number; // T
  readonly costs: Costs;
  /** There while bars are still to come: what is worked out of them must then grow with them (`barColumn`). */
  readonly growth?: Growth;
}
