import type { Market } from "../market/market.ts";
import type { Account, Intent } from "../sim/intent.ts";

/** Makes `intent` safer in place, once per bar, in order. Returns why when it changed something that matters. */
export type Check = (t: number, account: Account, intent: Intent) => string | undefined;

/**
 * Watches over one run: prepares on the market, then checks every intent before it is filled. An env opens it for each
 * episode: what takes long is prepared once for a market (`perMarket`).
 */
export type RiskRule = (market: Market) => Check;
