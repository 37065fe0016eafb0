import type { Market } from "../market/market.ts";

/**
 * Computes something of a market once, and gives the same again: an env opens its rules anew on one market at each
 * episode. What it gives is shared, and not to be written to.
 */
export function perMarket<T extends object>(of: (market: Market) => T): (market: Market) => T {
  const known = new WeakMap<Market, T>();
  return (market) => {
    const found = known.get(market) ?? of(market);
    known.set(market, found);
    return found;
  };
}
