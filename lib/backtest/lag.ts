import type { Market } from "../market/market.ts";
import type { Strategy } from "../strategies/strategy.ts";
import { backtest, type BacktestOptions } from "./backtest.ts";
import { resultMetrics } from "./evaluate.ts";

/** What is left when decisions are carried out `lag` bars later. */
export interface LagPoint {
  readonly lag: number; // bars beyond the usual fill at the next open
  readonly totalReturn: number;
  readonly sharpeRatio: number;
  readonly maxDrawdown: number;
}

/**
 * The decision-lag curve. An edge that is real fades with delay; one that is gone after a single bar lives on prices
 * that could not be had, or on a look into the bar that it trades.
 */
export function lagCurve(
  market: Market,
  strategy: Strategy,
  { lags = [0, 1, 2], ...options }: Omit<BacktestOptions, "lag"> & { readonly lags?: readonly number[] } = {},
): LagPoint[] {
  return lags.map((lag) => {
    const { totalReturn, sharpeRatio, maxDrawdown } = resultMetrics(backtest(market, strategy, { ...options, lag }));
    return { lag, totalReturn, sharpeRatio, maxDrawdown };
  });
}
