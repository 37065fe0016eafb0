import { number, percent } from "./say.ts";
import type { Market } from "../market/market.ts";
import type { Account, Intent } from "../sim/intent.ts";
import { gross, planned, remember } from "./plan.ts";
import type { RiskRule } from "./rule.ts";

/** How a rule sizes: exposures [K] for wishes [K] at the close of `t`, written into `into`; says why when it is asked. */
export type Size = (t: number, wishes: Float64Array, into: Float64Array) => () => string;

/**
 * Makes a rule of a way to size positions. The strategy says which assets and which sides; how much is the rule's. What
 * is held stays while it is within `band` of its size (0.1: a tenth), so that not every bar trades; a wish that would not
 * move it out of there is not kept.
 */
export function sizedBy(band: number, open: (market: Market) => Size): RiskRule {
  if (!(band >= 0 && band < 1)) {
    throw new RangeError(
      `Cannot size positions as the band must be a share from 0 to below 1: current value is ${band}`,
    );
  }
  return (market) => {
    const size = open(market);
    const K = market.assets.length;
    const wishes = new Float64Array(K).fill(NaN);
    const sizes = new Float64Array(K);
    const now = new Float64Array(K);
    const told = new Float64Array(K).fill(NaN); // sizes when the last reason was given
    let [said, acted] = ["", -2];
    return (t, account, intent) => {
      for (let k = 0; k < K; k++) {
        now[k] = (intent.weights[k] === intent.weights[k] ? intent.weights[k] : wishes[k]) || 0;
      }
      if (!(gross(now) > 0)) {
        remember(wishes, intent);
        return;
      }
      const reason = size(t, now, sizes);
      if (within(band, sizes, account)) {
        intent.weights.fill(NaN);
        return gross(sizes) === 0 ? reason() : undefined; // wanted, and kept out
      }
      remember(wishes, intent);
      if (sizes.every((one, k) => one === planned(intent, account, k))) return;
      write(wishes, sizes, intent);
      // A size that was asked for and not traded (a stop holds it back) is no news until it is another one.
      if (acted !== t - 1 || !close(told, sizes, Math.max(band, NEWS))) {
        told.set(sizes);
        said = reason();
      }
      acted = t;
      return said;
    };
  };
}

/** A size that differs by more than this share is worth an event. */
const NEWS = 0.1;

function close(a: Float64Array, b: Float64Array, band: number): boolean {
  return a.every((one, k) => Math.abs(one - b[k]) <= band * Math.abs(b[k]));
}

function within(band: number, sizes: Float64Array, { weights }: Account): boolean {
  return sizes.every((size, k) => size === 0 ? weights[k] === 0 : Math.abs(weights[k] - size) <= band * Math.abs(size));
}

function write(wishes: Float64Array, sizes: Float64Array, { weights }: Intent): void {
  for (let k = 0; k < sizes.length; k++) weights[k] = wishes[k] === wishes[k] ? sizes[k] : NaN;
}

/** Gross exposure as a reason gives it. */
export function sizeText(sizes: Float64Array): string {
  return sizes.length === 1 ? percent(sizes[0]) : `${number(gross(sizes))} in total`;
}
