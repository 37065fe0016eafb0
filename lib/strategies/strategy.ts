import type { Market } from "../market/market.ts";
import type { Account, Intent } from "../sim/intent.ts";

/** Sees bars up to the close of `t`, writes what it wants for bar `t + 1` into `intent`. */
export type Decide = (t: number, account: Account, intent: Intent) => void;

/** Prepares its columns once, then decides bar by bar. Must keep the prefix law. */
export type Strategy = (market: Market) => Decide;
