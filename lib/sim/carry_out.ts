import { mark, rebalance } from "./fill.ts";
import type { Intent } from "./intent.ts";
import type { Ledger } from "./ledger.ts";
import { fillQuotes } from "./quotes.ts";
import { fillStops, stopAtOpen } from "./stops.ts";
import type { Tape } from "./tape.ts";

/**
 * One bar of one account, with all that an intent may hold: stops that the open went through, trades towards the weights
 * at the open, quotes and stops within the bar, the mark at the close. What `advance` is to weights alone; edits
 * `intent.weights` where a stop was gapped over.
 *
 * @returns equity at the close of `t`
 */
export function carryOut(ledger: Ledger, row: number, intent: Intent, tape: Tape, t: number): number {
  const { weights, bid, ask, size, stop, take } = intent;
  stopAtOpen(ledger, row, weights, 0, stop, take, tape, t);
  rebalance(ledger, row, weights, 0, tape, t);
  fillQuotes(ledger, row, bid, ask, size, tape, t);
  fillStops(ledger, row, stop, take, tape, t);
  return mark(ledger, row, tape, t);
}
