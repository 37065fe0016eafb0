import { FILL } from "./journal.ts";
import { equity, type Ledger, trade } from "./ledger.ts";
import { type Tape, volumeLimit } from "./tape.ts";

/**
 * Fills one account's resting quotes against bar `t`: `bid[k]`, `ask[k]` (quote currency, NaN none), `size[k]` (base
 * units a side). Call it after `rebalance` and before `mark`.
 *
 * Pessimistic where a bar does not tell: touching is not enough, the bar must trade **through** a quote, as others were
 * first in the queue; a quote fills at its own price, never better; if the bar goes through both, only the side that the
 * close went against fills, unless `terms.roundTrips`. At most the bar's volume limit a side, nothing on a bar that did
 * not trade, and no more exposure than `terms.leverage`. Pays the maker's fee, or the taker's where the quote was
 * already marketable at the open.
 *
 * @throws {RangeError} if a bid is not below the ask
 */
export function fillQuotes(
  ledger: Ledger,
  row: number,
  bid: Float64Array,
  ask: Float64Array,
  size: Float64Array,
  tape: Tape,
  t: number,
): void {
  if (ledger.ruined[row] !== 0) return;
  for (let k = 0; k < ledger.assets; k++) {
    const i = t * ledger.assets + k;
    if (bid[k] >= ask[k]) {
      throw new RangeError(`Cannot quote as the bid must be below the ask: they are ${bid[k]} and ${ask[k]}`);
    }
    let buys = tape.low[i] < bid[k];
    let sells = tape.high[i] > ask[k];
    if (buys && sells && !tape.terms.roundTrips) {
      buys = tape.close[i] < (bid[k] + ask[k]) / 2;
      sells = !buys;
    }
    if (buys) fillQuote(ledger, row, k, bid[k], size[k], bid[k] >= tape.open[i], tape, t);
    if (sells) fillQuote(ledger, row, k, ask[k], -size[k], ask[k] <= tape.open[i], tape, t);
  }
}

function fillQuote(
  ledger: Ledger,
  row: number,
  k: number,
  price: number,
  units: number,
  marketable: boolean,
  tape: Tape,
  t: number,
): void {
  if (!(Math.abs(units) > 0)) return;
  const { terms } = tape;
  const fee = marketable ? Math.max(terms.fee, terms.makerFee) : terms.makerFee;
  const size = Math.min(
    Math.abs(units),
    volumeLimit(tape, t * tape.assets + k),
    room(ledger, row, k, price, units, fee, tape, t),
  );
  ledger.wanted[row] += Math.abs(units) * price;
  if (!(size > 0)) return;
  ledger.filled[row] += size * price;
  trade(ledger, row, t, k, FILL.limit, Math.sign(units) * size, price, fee, 0, 0);
}

/** Most units, to the side of `units`, that keep total exposure within the leverage limit after the fee. */
function room(
  ledger: Ledger,
  row: number,
  k: number,
  price: number,
  units: number,
  fee: number,
  { assets: K, open, terms }: Tape,
  t: number,
): number {
  const position = ledger.units[row * K + k];
  let others = 0;
  for (let j = 0; j < K; j++) if (j !== k) others += Math.abs(ledger.units[row * K + j]) * open[t * K + j];
  const worth = equity(ledger, row, open, t * K) + position * (price - open[t * K + k]);
  const closing = position * units < 0 ? Math.abs(position) : 0;
  const held = closing > 0 ? 0 : Math.abs(position) * price;
  const paid = Math.max(0, fee);
  const free = terms.leverage * (worth - closing * price * paid) - others - held;
  return closing + Math.max(0, free) / (price * (1 + terms.leverage * paid));
}
