import type { Market } from "../market/market.ts";
import { clearIntent, newIntent } from "../sim/intent.ts";
import type { Strategy } from "../strategies/strategy.ts";

/**
 * What a strategy asks for at each bar, told that its account is flat and has not moved: what the prefix law is held to.
 * (Equity would hide a one-bar peek, as the last decision of a prefix is never filled.)
 *
 * @param quotes whether its limit quotes are shown too, after the weights
 * @returns weights, then bids and asks, of each asset; NaN where it asks for nothing [T, K] or [T, 3K], row-major
 */
export function decisions(
  market: Market,
  strategy: Strategy,
  { quotes = false } = {},
): { names: string[]; values: Float64Array } {
  const K = market.assets.length;
  const account = { equity: 1, peak: 1, weights: new Float64Array(K) };
  const decide = strategy(market);
  const intent = newIntent(K);
  const shown = quotes ? [intent.weights, intent.bid, intent.ask] : [intent.weights];
  const values = new Float64Array(market.length * shown.length * K);
  for (let t = 0; t < market.length; t++) {
    clearIntent(intent);
    decide(t, account, intent);
    for (const [i, column] of shown.entries()) values.set(column, (t * shown.length + i) * K);
  }
  const what = quotes ? ["weight", "bid", "ask"] : ["weight"];
  return { names: what.flatMap((one) => market.assets.map(({ symbol }) => `${one} of ${symbol}`)), values };
}
