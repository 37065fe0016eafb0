import type { Bar } from "./stream.ts";

/** Puts the closed bars of one symbol in order. */
export interface BarSequence {
  readonly next: number; // open of the bar that comes next, ms UTC
  /** Bars that came before one that is lacking. */
  readonly ahead: number;
  /** Takes a closed bar; false for one that came before or lies off the grid. */
  add(bar: Bar, source: "stream" | "rest"): boolean;
  /** Says that the exchange has no other bars up to the one that opens at `time`. */
  closeUpTo(time: number): void;
  /** Says that the exchange has no bar at `next`. */
  skip(): void;
}

/**
 * Bars come out once each, in order, without gaps: one that is early waits, one that came before is left out. For one
 * that the exchange does not have, the close before it stands in, marked `filled`; there is nothing to stand in before the
 * first bar, so the sequence starts there.
 *
 * @param next open of the first bar that is wanted
 * @param give told of each bar
 */
export function barSequence(
  next: number,
  step: number,
  give: (bar: Bar, source: "stream" | "rest") => void,
): BarSequence {
  const early = new Map<number, { bar: Bar; source: "stream" | "rest" }>();
  let close = NaN; // of the bar before `next`
  const pass = (bar: Bar, source: "stream" | "rest") => {
    close = bar.close;
    next = bar.time + step;
    give(bar, source);
  };
  const drain = () => {
    for (let one = early.get(next); one !== undefined; one = early.get(next)) {
      early.delete(next);
      pass(one.bar, one.source);
    }
  };
  const skip = () => {
    if (Number.isNaN(close)) next += step; // before the first bar
    else pass({ time: next, open: close, high: close, low: close, close, volume: 0, filled: true }, "rest");
    drain();
  };
  const add = (bar: Bar, source: "stream" | "rest") => {
    if (bar.time < next || (bar.time - next) % step !== 0 || early.has(bar.time)) return false;
    early.set(bar.time, { bar, source });
    drain();
    return true;
  };
  return {
    add,
    skip,
    get next() {
      return next;
    },
    get ahead() {
      return early.size;
    },
    closeUpTo(time) {
      while (next <= time) skip();
    },
  };
}

/** Whether the numbers can be a bar's: prices above zero, a volume that is not negative, none of them NaN. */
export function isBar({ open, high, low, close, volume }: Bar): boolean {
  const price = (value: number) => value > 0 && value < Infinity;
  return price(open) && price(high) && price(low) && price(close) && volume >= 0 && volume < Infinity;
}
