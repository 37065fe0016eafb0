import { targetStrategy } from "./follow.ts";
import type { Strategy } from "./strategy.ts";

/** Buys all assets in equal parts once and never trades again: what doing nothing would have earned. */
export function buyAndHold(): Strategy {
  return targetStrategy(({ assets }, _memo, into) => into.fill(1 / assets.length));
}
