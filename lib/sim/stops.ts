import { impactOf } from "./fill.ts";
import { FILL } from "./journal.ts";
import { type Ledger, trade } from "./ledger.ts";
import { halfSpreadAt, type Tape, volumeLimit } from "./tape.ts";

/**
 * Sees to stops that the bar's open has already gone through: what was to be held is closed, or not entered, at the open
 * itself, by setting its weight to 0. Call it before `rebalance`.
 *
 * @param weights of the bar's orders, edited in place [K] from `at`
 * @param stop price at which a position is closed at a loss, take at a gain, quote currency [K]; NaN none
 */
export function stopAtOpen(
  ledger: Ledger,
  row: number,
  weights: Float64Array,
  at: number,
  stop: Float64Array,
  take: Float64Array,
  tape: Tape,
  t: number,
): void {
  for (let k = 0; k < ledger.assets; k++) {
    const weight = weights[at + k];
    const side = weight === weight ? weight : ledger.units[row * ledger.assets + k];
    if (side === 0) continue;
    const open = tape.open[t * ledger.assets + k];
    const through = side > 0 ? open <= stop[k] || open >= take[k] : open >= stop[k] || open <= take[k];
    if (through) weights[at + k] = 0;
  }
}

/**
 * Closes positions whose stop or target lies within bar `t`. Call it after `rebalance` and `fillQuotes`, before `mark`.
 *
 * A stop is a market order once its price is touched: filled there (at the open where that is worse), with taker fee,
 * half the spread and impact. A target is a resting limit: the bar must trade through it, it fills at its own price and
 * pays the maker's fee. In a bar that reaches both, the stop came first. At most the bar's volume limit; what is left
 * stays. Nothing on a bar that did not trade.
 */
export function fillStops(
  ledger: Ledger,
  row: number,
  stop: Float64Array,
  take: Float64Array,
  tape: Tape,
  t: number,
): void {
  if (ledger.ruined[row] !== 0) return;
  const { assets: K, units } = ledger;
  for (let k = 0; k < K; k++) {
    if (stop[k] !== stop[k] && take[k] !== take[k]) continue;
    const position = units[row * K + k];
    const i = t * K + k;
    const stopped = position > 0 ? tape.low[i] <= stop[k] : position < 0 && tape.high[i] >= stop[k];
    const gained = position > 0 ? tape.high[i] > take[k] : position < 0 && tape.low[i] < take[k];
    if (!stopped && !gained) continue;
    const worse = position > 0 ? Math.min(stop[k], tape.open[i]) : Math.max(stop[k], tape.open[i]);
    const price = stopped ? worse : take[k];
    ledger.wanted[row] += Math.abs(position) * price;
    const size = Math.min(Math.abs(position), volumeLimit(tape, i));
    if (!(size > 0)) continue;
    ledger.filled[row] += size * price;
    const order = size === Math.abs(position) ? -position : -Math.sign(position) * size;
    const { terms } = tape;
    if (!stopped) trade(ledger, row, t, k, FILL.limit, order, price, terms.makerFee, 0, 0);
    else {
      const impact = terms.impact === 0 ? 0 : impactOf(tape, i, order);
      trade(ledger, row, t, k, FILL.stop, order, price, terms.fee, halfSpreadAt(tape, i), impact);
    }
  }
}
