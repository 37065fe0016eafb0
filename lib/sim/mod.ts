/** The books: the only place where money moves. */
export { carryOut } from "./carry_out.ts";
export { advance, mark, rebalance } from "./fill.ts";
export { type Account, clearIntent, type Intent, newIntent } from "./intent.ts";
export { FILL, type Journal, newJournal } from "./journal.ts";
export { equity, type Ledger, openLedger, reopen } from "./ledger.ts";
export { fillQuotes } from "./quotes.ts";
export { fillStops, stopAtOpen } from "./stops.ts";
export { newTape, type Tape } from "./tape.ts";
export { type MarginOptions, newTerms, type Terms } from "./terms.ts";
