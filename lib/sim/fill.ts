import { FILL } from "./journal.ts";
import { type Ledger, trade } from "./ledger.ts";
import { halfSpreadAt, type Tape, volumeLimit } from "./tape.ts";
import type { Terms } from "./terms.ts";

/** An order under this share of equity is rounding, not a wish. */
const DUST = 1e-12;
/** Impact never moves the price by more than this share. */
const LARGEST_IMPACT = 0.5;

/**
 * One bar of one account: trades towards `weights` at the open of bar `t` (`rebalance`), then marks it at the close and
 * liquidates it where it must be (`mark`). For weights alone; `carryOut` is the same with quotes and stops. Backtests,
 * environments and paper trading all step through these two.
 *
 * @returns equity at the close of `t`
 */
export function advance(
  ledger: Ledger,
  row: number,
  weights: Float64Array,
  at: number,
  tape: Tape,
  t: number,
): number {
  rebalance(ledger, row, weights, at, tape, t);
  return mark(ledger, row, tape, t);
}

/**
 * Trades one account at the open of bar `t` so that **after** the trade asset `k` is `weights[at + k]` of the equity
 * that is left once fees, spread and impact are paid: weight 1 spends all cash, fee included, and none is borrowed;
 * `cash / (price · (1 + fee))` units when there is no spread. NaN weights are left alone.
 *
 * Orders are then cut, and the cut part is lost (ask again at the next bar): to `terms.leverage` in total exposure, to
 * the bar's volume limit, and to nothing on a bar that did not trade. If a cut leaves a position larger than planned,
 * the orders that add exposure shrink until the total asked for is not exceeded, so that what is bought never needs
 * money that a sale did not bring.
 *
 * With impact, sizes are planned at the impact of the order before costs, which is a little more than what is paid: the
 * difference stays in cash.
 */
export function rebalance(
  ledger: Ledger,
  row: number,
  weights: Float64Array,
  at: number,
  tape: Tape,
  t: number,
): void {
  if (ledger.ruined[row] !== 0) return;
  const { assets: K, units, orders, rates } = ledger;
  const { open, terms } = tape;
  const held = row * K;
  const bar = t * K;

  let any = false;
  for (let k = 0; k < K; k++) if (weights[at + k] === weights[at + k]) any = true;
  if (!any) return;

  // What is asked for, as shares of equity, and what is left alone.
  let worth = ledger.cash[row];
  let exposure = 0;
  let asked = 0;
  let left = 0;
  for (let k = 0; k < K; k++) {
    const weight = weights[at + k];
    const value = units[held + k] * open[bar + k];
    worth += value;
    exposure += Math.abs(value);
    if (weight === weight) asked += Math.abs(weight);
    else left += Math.abs(value);
  }
  if (!(worth > terms.maintenance * exposure)) return liquidate(ledger, row, tape, t, open, open);
  left /= worth;
  const room = Math.max(0, terms.leverage - left);
  let scale = 1;
  if (asked > room * (1 + 1e-9)) {
    scale = room / asked;
    ledger.capped[row]++;
  }

  // The equity E after costs solves E + Σ cost(wE − x) = worth; Newton's method ends in at most K + 1 rounds, as the
  // left side is convex, increasing and piecewise linear. One asset needs one.
  let busy = false;
  for (let k = 0; k < K; k++) {
    const weight = weights[at + k];
    if (weight !== weight) continue;
    const order = scale * weight * worth - units[held + k] * open[bar + k];
    if (Math.abs(order) > DUST * worth) busy = true;
    rates[k] = halfSpreadAt(tape, bar + k);
    if (terms.impact !== 0) rates[k] += impactOf(tape, bar + k, order / open[bar + k]);
  }
  if (!busy) return;
  let after = worth;
  for (let round = 0; round <= K; round++) {
    let slope = 1;
    let sum = worth;
    for (let k = 0; k < K; k++) {
      const weight = weights[at + k];
      if (weight !== weight) continue;
      const value = units[held + k] * open[bar + k];
      const order = scale * weight * after - value;
      const cost = order > 0 ? buyCost(terms, rates[k]) : order < 0 ? -sellCost(terms, rates[k]) : 0;
      slope += cost * scale * weight;
      sum += cost * value;
    }
    const next = sum / slope;
    if (next === after) break;
    after = next;
    if (K === 1) break;
  }
  if (!(after > 0 && after < Infinity)) return; // costs would eat the account: no trade leads there

  // Orders in units, cut to what the bar can take.
  let cut = false;
  for (let k = 0; k < K; k++) {
    orders[k] = 0;
    const weight = weights[at + k];
    if (weight !== weight) continue;
    const price = open[bar + k];
    const target = scale * weight * after;
    const order = target - units[held + k] * price;
    if (!(Math.abs(order) > DUST * worth)) continue;
    const wanted = weight === 0 ? -units[held + k] : order / price;
    const most = volumeLimit(tape, bar + k);
    orders[k] = Math.abs(wanted) > most ? Math.sign(wanted) * most : wanted;
    cut ||= orders[k] !== wanted;
    ledger.wanted[row] += Math.abs(wanted) * price;
  }
  if (cut && K > 1) shrinkToExposure(ledger, row, open, bar, Math.min(terms.leverage, asked + left) * after);

  for (let k = 0; k < K; k++) {
    const order = orders[k];
    if (order === 0) continue;
    const impact = terms.impact === 0 ? 0 : impactOf(tape, bar + k, order);
    ledger.filled[row] += Math.abs(order) * open[bar + k];
    trade(ledger, row, t, k, FILL.market, order, open[bar + k], terms.fee, halfSpreadAt(tape, bar + k), impact);
  }
}

/** Cost of buying, per quote unit of value at mid: what is paid beyond the value itself. `slip`: half spread and impact */
function buyCost({ fee }: Terms, slip: number): number {
  return (1 + slip) * (1 + fee) - 1;
}

/** Cost of selling, per quote unit of value at mid: what is missing from the value. */
function sellCost({ fee }: Terms, slip: number): number {
  return 1 - (1 - slip) * (1 - fee);
}

/**
 * Share of price that an order moves the market: `impact · √(order / volume)`, the square-root law (Almgren et al.
 * 2005, "Direct estimation of equity market impact"; Tóth et al. 2011).
 */
export function impactOf(tape: Tape, at: number, units: number): number {
  const size = Math.min(Math.abs(units), volumeLimit(tape, at));
  if (!(size > 0)) return 0;
  return Math.min(LARGEST_IMPACT, tape.terms.impact * Math.sqrt(size / tape.volume[at]));
}

/** Shrinks the parts of `orders` that add exposure, in one proportion, until the total is at most `exposure`. */
function shrinkToExposure(ledger: Ledger, row: number, open: Float64Array, bar: number, exposure: number): void {
  const { assets: K, units, orders } = ledger;
  let kept = 0;
  let added = 0;
  for (let k = 0; k < K; k++) {
    const position = units[row * K + k];
    const closing = closingPart(position, orders[k]);
    kept += (Math.abs(position) - closing) * open[bar + k];
    added += (Math.abs(orders[k]) - closing) * open[bar + k];
  }
  if (added === 0 || kept + added <= exposure * (1 + 1e-12)) return;
  const share = Math.max(0, exposure - kept) / added;
  for (let k = 0; k < K; k++) {
    const closing = closingPart(units[row * K + k], orders[k]);
    orders[k] = Math.sign(orders[k]) * (closing + (Math.abs(orders[k]) - closing) * share);
  }
}

/** How much of an order takes a position back towards zero, base units ≥ 0. */
function closingPart(position: number, order: number): number {
  return position * order < 0 ? Math.min(Math.abs(position), Math.abs(order)) : 0;
}

/**
 * Marks one account at the close of bar `t`. An account that borrows or is short is first tested against the bar's
 * worst prices (low for longs, high for shorts, all at once, which for several assets is pessimistic) and liquidated
 * there when its equity is at or under `terms.maintenance` of its exposure.
 *
 * @returns equity at the close, quote currency; never below 0
 */
export function mark(ledger: Ledger, row: number, tape: Tape, t: number): number {
  if (ledger.ruined[row] !== 0) return ledger.cash[row];
  const { assets: K, units } = ledger;
  const held = row * K;
  const bar = t * K;
  let value = ledger.cash[row];
  let worst = value;
  let safe = value >= 0;
  for (let k = 0; k < K; k++) {
    const position = units[held + k];
    if (position === 0) continue;
    value += position * tape.close[bar + k];
    worst += position * (position > 0 ? tape.low[bar + k] : tape.high[bar + k]);
    if (position < 0) safe = false;
  }
  if (safe && value > 0) return value;
  let exposure = 0;
  for (let k = 0; k < K; k++) {
    const position = units[held + k];
    if (position !== 0) exposure += Math.abs(position) * (position > 0 ? tape.low[bar + k] : tape.high[bar + k]);
  }
  if (worst > tape.terms.maintenance * exposure) return value;
  liquidate(ledger, row, tape, t, tape.low, tape.high);
  return ledger.cash[row];
}

/**
 * Closes everything, longs at `low` and shorts at `high`, and ends the account. Volume does not limit it. What is owed
 * beyond the account is the lender's `shortfall`.
 */
function liquidate(
  ledger: Ledger,
  row: number,
  tape: Tape,
  t: number,
  low: Float64Array,
  high: Float64Array,
): void {
  const { assets: K, units } = ledger;
  const { fee } = tape.terms;
  for (let k = 0; k < K; k++) {
    const position = units[row * K + k];
    if (position === 0) continue;
    const price = position > 0 ? low[t * K + k] : high[t * K + k];
    trade(ledger, row, t, k, FILL.liquidation, -position, price, fee, halfSpreadAt(tape, t * K + k), 0);
  }
  ledger.shortfall[row] += Math.max(0, -ledger.cash[row]);
  ledger.cash[row] = Math.max(0, ledger.cash[row]);
  ledger.ruined[row] = 1;
}
