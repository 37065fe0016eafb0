import type { Market } from "../market/market.ts";
import type { Strategy } from "../strategies/strategy.ts";
import { backtest, type BacktestOptions, type BacktestResult } from "./backtest.ts";
import { resultMetrics } from "./evaluate.ts";

/** What a strategy earns at a multiple of the market's fees. */
export interface FeeColumn {
  readonly multiple: number;
  readonly transactionFee: number; // bps a side
  readonly totalReturn: number;
  readonly sharpeRatio: number;
  readonly maxDrawdown: number;
  readonly fees: number; // paid, quote currency
  readonly finalEquity: number;
}

/**
 * The same strategy at 0, ½, 1 and 2 times the fees; spread and impact stay.
 *
 * Equity never rises with the fee as long as the decisions are the same and are filled in full, and each names all
 * assets or none: with one asset always. A strategy that looks at its own account, and thin volume that cuts the larger
 * account's orders, may decide and fill differently at another fee.
 */
export function feeColumns(
  market: Market,
  strategy: Strategy,
  { multiples = feeMultiples, ...options }: BacktestOptions & { readonly multiples?: readonly number[] } = {},
): FeeColumn[] {
  return multiples.map((multiple) =>
    feeColumn(market, multiple, backtest(withFees(market, multiple), strategy, options))
  );
}

/** Multiples of the fees that results are shown at unless others are wanted. */
export const feeMultiples: readonly number[] = [0, 0.5, 1, 2];

/** The market with its fees, a taker's and a maker's, multiplied; spread and impact stay. */
export function withFees(market: Market, multiple: number): Market {
  const { transactionFee, makerFee } = market.costs;
  return {
    ...market,
    costs: { ...market.costs, transactionFee: multiple * transactionFee, makerFee: multiple * makerFee },
  };
}

/** What a result of `withFees(market, multiple)` comes to. */
export function feeColumn(market: Market, multiple: number, result: BacktestResult): FeeColumn {
  const { totalReturn, sharpeRatio, maxDrawdown } = resultMetrics(result);
  return {
    multiple,
    transactionFee: multiple * market.costs.transactionFee,
    totalReturn,
    sharpeRatio,
    maxDrawdown,
    fees: result.fees,
    finalEquity: result.equity[result.equity.length - 1],
  };
}

/** Where the money went, quote currency: `net = gross − fees − spread − impact + forgiven`. */
export interface CostDecomposition {
  readonly gross: number; // what the positions earned at mid prices
  readonly fees: number;
  readonly spread: number;
  readonly impact: number;
  readonly forgiven: number; // loss beyond the account, borne by the lender
  readonly net: number; // change of equity
}

/** Takes a result's change of equity apart. The gross profit is that of the positions it held, not of a run without costs. */
export function costDecomposition(result: BacktestResult): CostDecomposition {
  const { fees, spreadPaid: spread, impactPaid: impact, shortfall: forgiven } = result;
  const net = result.equity[result.equity.length - 1] - result.cash;
  return { gross: net + fees + spread + impact - forgiven, fees, spread, impact, forgiven, net };
}
