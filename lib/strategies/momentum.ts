import { targetStrategy } from "./follow.ts";
import { sma } from "../features/indicators/mod.ts";
import type { Setting } from "../base/setting.ts";
import type { Strategy } from "./strategy.ts";

/** What momentum can be tuned by. */
export const momentumSettings = {
  fast: { default: 10, min: 1, max: 1000, whole: true, help: "bars of the fast average, fewer than the slow one's" },
  slow: { default: 30, min: 2, max: 5000, whole: true, help: "bars of the slow average" },
  short: { default: false, help: "whether it goes short where it would be flat" },
} satisfies Readonly<Record<string, Setting>>;

/** Averages nearer than this are equal: which one rounding makes larger is no reason to trade. */
const ROUNDING = 1e-12;

/**
 * Crossover of two simple moving averages of the close: long while the fast one is above the slow one, else flat, or
 * short. Equal weight over assets; flat until both averages exist.
 *
 * @throws {RangeError} if `fast` is not less than `slow`
 */
export function momentum({ fast = 10, slow = 30, short = false } = {}): Strategy {
  if (!(fast < slow)) {
    throw new RangeError(`Cannot make momentum as "fast" must be less than "slow": they are ${fast} and ${slow}`);
  }
  return targetStrategy(({ assets, length }, memo, into) => {
    const K = assets.length;
    for (let k = 0; k < K; k++) {
      const { $close } = assets[k];
      const quick = memo(`sma ${k} ${fast}`, () => sma($close, fast));
      const calm = memo(`sma ${k} ${slow}`, () => sma($close, slow));
      const long = 1 / K;
      const otherwise = short ? -long : 0;
      const above = 1 + ROUNDING;
      const start = Math.min(length, slow - 1);
      for (let t = 0; t < start; t++) into[t * K + k] = 0;
      for (let t = start, i = t * K + k; t < length; t++, i += K) {
        into[i] = quick[t] > calm[t] * above ? long : otherwise;
      }
    }
  });
}
