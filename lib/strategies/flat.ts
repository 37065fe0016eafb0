import { targetStrategy } from "./follow.ts";
import type { Strategy } from "./strategy.ts";

/** Stays in cash. */
export function flat(): Strategy {
  return targetStrategy((_market, _memo, into) => into.fill(0));
}
