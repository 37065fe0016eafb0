import { type Journal, newJournal, record } from "./journal.ts";

/**
 * The books of R accounts that trade K assets, one row per account. Everything is quote currency but `units`. The sums
 * only grow. Batched, so that many episodes share it; nothing here allocates after `openLedger`.
 */
export interface Ledger {
  readonly rows: number; // R
  readonly assets: number; // K
  readonly cash: Float64Array; // [R] negative when borrowed
  readonly units: Float64Array; // [R, K] base units, negative when short
  readonly fees: Float64Array; // [R] paid so far; negative when rebates were larger
  readonly spreadCost: Float64Array; // [R] paid so far by crossing half the spread
  readonly impactCost: Float64Array; // [R] paid so far by moving the price
  readonly traded: Float64Array; // [R] value traded so far, both sides: turnover
  readonly wanted: Float64Array; // [R] value of all orders so far
  readonly filled: Float64Array; // [R] the part of `wanted` that was filled
  readonly fills: Int32Array; // [R] how many
  readonly capped: Int32Array; // [R] how often the leverage limit cut a wish
  readonly ruined: Uint8Array; // [R] 1 after a liquidation: closed for good, cash stays as it is
  readonly shortfall: Float64Array; // [R] loss beyond the account's equity, borne by the lender
  /** Keeps every fill of row 0, or nothing. */
  readonly journal: Journal | null;
  readonly orders: Float64Array; // [K] scratch of `rebalance`
  readonly rates: Float64Array; // [K] scratch of `rebalance`
}

/**
 * Opens books with `cash` in each row and no positions.
 *
 * @throws {RangeError} if `cash` is not a finite number above 0, or `rows` or `assets` are not whole numbers above 0
 */
export function openLedger(rows: number, assets: number, cash: number, { journal = false } = {}): Ledger {
  if (!(cash > 0 && cash < Infinity)) {
    throw new RangeError(`Cannot open an account as its cash must be a number above 0: current value is ${cash}`);
  }
  if (!(Number.isInteger(rows) && rows > 0 && Number.isInteger(assets) && assets > 0)) {
    throw new RangeError(`Cannot open a ledger as rows and assets must be 1 or more: they are ${rows} and ${assets}`);
  }
  const sums = () => new Float64Array(rows);
  return {
    rows,
    assets,
    cash: sums().fill(cash),
    units: new Float64Array(rows * assets),
    fees: sums(),
    spreadCost: sums(),
    impactCost: sums(),
    traded: sums(),
    wanted: sums(),
    filled: sums(),
    fills: new Int32Array(rows),
    capped: new Int32Array(rows),
    ruined: new Uint8Array(rows),
    shortfall: sums(),
    journal: journal ? newJournal() : null,
    orders: new Float64Array(assets),
    rates: new Float64Array(assets),
  };
}

/** Starts a row afresh: `cash`, no positions, sums at 0. */
export function reopen(ledger: Ledger, row: number, cash: number): void {
  ledger.cash[row] = cash;
  ledger.units.fill(0, row * ledger.assets, (row + 1) * ledger.assets);
  ledger.fees[row] =
    ledger.spreadCost[row] =
    ledger.impactCost[row] =
    ledger.traded[row] =
      0;
  ledger.wanted[row] = ledger.filled[row] = ledger.shortfall[row] = 0;
  ledger.fills[row] = ledger.capped[row] = ledger.ruined[row] = 0;
  if (ledger.journal !== null && row === 0) ledger.journal.length = 0;
}

/** Cash plus positions at the K prices that start at `prices[at]`, quote currency. */
export function equity(ledger: Ledger, row: number, prices: Float64Array, at = 0): number {
  const { assets, units } = ledger;
  let value = ledger.cash[row];
  for (let k = 0, i = row * assets; k < assets; k++, i++) {
    if (units[i] !== 0) value += units[i] * prices[at + k];
  }
  return value;
}

/**
 * Books one fill: `units` of asset `k` (negative sells) at mid `price`, plus `halfSpread` and `impact` (fractions of
 * price, against the trader) and `fee` (of the value at the price paid). The one place where money moves.
 */
export function trade(
  ledger: Ledger,
  row: number,
  t: number,
  k: number,
  kind: number,
  units: number,
  price: number,
  fee: number,
  halfSpread: number,
  impact: number,
): void {
  const value = units * price;
  const size = Math.abs(value);
  const spreadCost = size * halfSpread;
  const impactCost = size * impact;
  const gross = value + spreadCost + impactCost;
  const feeCost = Math.abs(gross) * fee;
  const left = ledger.cash[row] - gross - feeCost;
  // All cash was to be spent: what rounding leaves of it is no money, and would come back as an order at each bar.
  ledger.cash[row] = Math.abs(left) <= 4e-15 * size ? 0 : left;
  ledger.units[row * ledger.assets + k] += units;
  ledger.fees[row] += feeCost;
  ledger.spreadCost[row] += spreadCost;
  ledger.impactCost[row] += impactCost;
  ledger.traded[row] += size;
  ledger.fills[row]++;
  if (ledger.journal !== null && row === 0) {
    record(ledger.journal, t, k, kind, units, price, feeCost, spreadCost, impactCost);
  }
}
