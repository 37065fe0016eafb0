import type { Rng } from "../base/random.ts";
import type { Setting } from "../base/setting.ts";
import type { Market } from "../market/market.ts";

/**
 * Puts a market under stress: other bars at the same times, as many, all valid. What it is given stays as it is; the
 * same market and state of `random` give the same bytes.
 */
export type Scenario = (market: Market, random: Rng) => Market;

/** When a shock may begin: settings that nearly all scenarios share. */
export const placing = {
  earliest: { default: 0.2, min: 0, max: 1, help: "first moment it may begin, as a share of the bars" },
  latest: { default: 0.6, min: 0, max: 1, help: "last moment it may begin; the same as earliest: always there" },
} satisfies Readonly<Record<string, Setting>>;

/** Draws the bar that a shock begins at: never the first, where nothing could have been held. */
export function drawStart(length: number, earliest: number, latest: number, random: Rng): number {
  if (!(earliest <= latest)) {
    throw new RangeError(
      `Cannot place a shock as "earliest" must not be after "latest": they are ${earliest} and ${latest}`,
    );
  }
  const share = earliest + (latest - earliest) * random();
  return Math.max(0, Math.min(length - 1, Math.max(1, Math.floor(share * length))));
}
