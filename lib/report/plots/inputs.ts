import type { FigureText } from "../figure.ts";
import type { Role } from "../theme.ts";

/** A line of a figure. */
export interface Series {
  readonly name: string; // "PPO agent"
  readonly values: ArrayLike<number>; // [T]; NaN where there is none
  readonly role?: Role; // gives it the colour and line that its kind has everywhere
}

/** A part of the data in time: `from` inclusive, `to` exclusive, ms UTC. */
export interface Period {
  readonly name: "train" | "validation" | "test";
  readonly from: number;
  readonly to: number;
}

/** A closed (or at the end still open) trade, as figures show it. */
export interface TradeMark {
  readonly side: 1 | -1; // long, short
  readonly entryTime: number; // ms UTC
  readonly entryPrice: number; // quote currency
  readonly exitTime: number; // ms UTC; NaN while open
  readonly exitPrice: number;
  readonly profit: number; // quote currency, after costs
}

/** Words that replace a figure's own. */
export type OwnText = Partial<FigureText>;

/** Throws unless every series is as long as the axis it is drawn along. */
export function checkLengths(what: string, length: number, series: readonly Series[]): void {
  if (length === 0) throw new RangeError(`Cannot draw ${what} as there must be at least one bar: current value is 0`);
  for (const { name, values } of series) {
    if (values.length !== length) {
      throw new RangeError(
        `Cannot draw ${what} as "${name}" must have one value per bar (${length}): current value is ${values.length}`,
      );
    }
  }
}
