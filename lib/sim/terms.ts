import type { Costs } from "../market/market.ts";

/** What a broker charges and allows, as fractions: what `rebalance` and `fillQuotes` work with. */
export interface Terms {
  readonly fee: number; // of traded value, market orders
  readonly makerFee: number; // of traded value, limit quotes; negative is a rebate
  readonly halfSpread: number; // of price, paid by market orders
  readonly participation: number; // of a bar's volume, 0..1 or Infinity
  readonly impact: number; // of price, for an order as large as the bar's volume
  readonly leverage: number; // largest gross exposure, Σ|weights|, an order may lead to
  readonly maintenance: number; // equity at or under this share of gross exposure is liquidated
  readonly roundTrips: boolean; // whether one bar may fill both quotes of an asset
}

/** What an account may do. */
export interface MarginOptions {
  /** Largest gross exposure as a multiple of equity; larger wishes are scaled down and counted. */
  readonly leverage?: number;
  /** Equity at or under this share of gross exposure ends the account: all is closed. 0.05, or half of 1 / leverage. */
  readonly maintenance?: number;
  /** Lets one bar fill bid and ask of an asset: optimistic, as the order of prices inside a bar is unknown. */
  readonly roundTrips?: boolean;
}

/**
 * Checks costs and margin, and turns basis points into fractions.
 *
 * @throws {RangeError} if a cost is negative or not a number (a maker's rebate may be), if participation is not above 0,
 * if leverage is not above 0, or if a position at full leverage would be liquidated at once
 */
export function newTerms(
  costs: Costs,
  { leverage = 1, maintenance = Math.min(0.05, 0.5 / leverage), roundTrips = false }: MarginOptions = {},
): Terms {
  const { transactionFee, makerFee, spread, participation, impact = 0 } = costs;
  within("transactionFee", transactionFee, 0, 5000, "bps in 0..5000");
  within("makerFee", makerFee, -5000, 5000, "bps in -5000..5000");
  within("spread", spread, 0, 5000, "bps in 0..5000");
  within("impact", impact, 0, 1e6, "bps in 0..1000000");
  within("participation", participation, Number.MIN_VALUE, Infinity, "a share of volume above 0, or Infinity");
  within("leverage", leverage, Number.MIN_VALUE, 1000, "a multiple of equity above 0, up to 1000");
  within("maintenance", maintenance, 0, 1 / leverage - 1e-9, "a share of exposure in 0..1/leverage");
  return {
    fee: transactionFee / 1e4,
    makerFee: makerFee / 1e4,
    halfSpread: spread / 2e4,
    participation,
    impact: impact / 1e4,
    leverage,
    maintenance,
    roundTrips,
  };
}

function within(name: string, value: number, low: number, high: number, wanted: string): void {
  if (value >= low && value <= high) return;
  throw new RangeError(`Cannot trade as "${name}" must be ${wanted}: current value is ${value}`);
}
