import { guard } from "./guard.ts";
import type { RiskRule } from "./rule.ts";
import { percent, within } from "./say.ts";

/** Closes a position `gain` (0.1: 10 %) on the right side of its entry, by a resting limit order. */
export function takeProfit({ gain = 0.1, wait = 0 } = {}): RiskRule {
  within("take_profit", "gain", gain, 0.0001, 100);
  return (market) =>
    guard(
      market,
      { name: `target ${percent(gain)} from the entry`, kind: "take", wait },
      (_t, { side, entry }) => entry * (1 + side * gain),
    );
}
