import type { Account, Intent } from "../sim/intent.ts";

/** Exposure that asset `k` would have after the next open: what is wanted, or what is held where nothing is. */
export function planned({ weights }: Intent, account: Account, k: number): number {
  return weights[k] === weights[k] ? weights[k] : account.weights[k];
}

/** Wants no position and quotes nothing. */
export function goFlat(intent: Intent): void {
  intent.weights.fill(0);
  withdraw(intent);
}

/** Takes all quotes back. */
export function withdraw(intent: Intent): void {
  intent.bid.fill(NaN);
  intent.ask.fill(NaN);
}

/** Remembers what was last wanted of each asset [K], NaN where nothing yet: a strategy says it once. */
export function remember(wishes: Float64Array, { weights }: Intent): void {
  for (let k = 0; k < wishes.length; k++) if (weights[k] === weights[k]) wishes[k] = weights[k];
}

/** Wants again what was last wanted, of assets about which nothing is said now. */
export function ask(wishes: Float64Array, { weights }: Intent): void {
  for (let k = 0; k < wishes.length; k++) if (weights[k] !== weights[k]) weights[k] = wishes[k];
}

/** Smallest change of a sum of exposures that is one, and not rounding. */
const ROUNDING = 1e-9;
/** A cut is left at this share of a limit or above, so that prices moving do not make it trade at every bar. */
const CLOSE_TO = 0.95;

/**
 * Cuts all exposures in one proportion until `measure` of them is `limit`; leaves what is held as it is where that is
 * just under the limit (one asset; of several, not even a smaller one need keep earlier limits). Does nothing where the limit is kept.
 *
 * @param measure of exposures [K], twice as large for exposures twice as large
 * @returns what it was before, or undefined where nothing was done
 */
export function cutTo(
  limit: number,
  intent: Intent,
  account: Account,
  measure: (weights: Float64Array) => number,
  plan: Float64Array, // scratch [K]
): number | undefined {
  const K = plan.length;
  for (let k = 0; k < K; k++) plan[k] = planned(intent, account, k);
  const found = measure(plan);
  if (!(found > limit * (1 + ROUNDING))) return undefined;
  withdraw(intent);
  const smaller = K === 1 && account.weights[0] / plan[0] >= 0 && account.weights[0] / plan[0] <= 1;
  const held = smaller ? measure(account.weights) : NaN;
  const leave = held >= CLOSE_TO * limit && held <= limit;
  for (let k = 0; k < K; k++) intent.weights[k] = leave ? NaN : plan[k] * limit / found;
  return found;
}

/** Gross exposure, Σ|w|. */
export function gross(weights: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < weights.length; k++) sum += Math.abs(weights[k]);
  return sum;
}

/** Shrinks quotes until all of them filled would add no more than `room`, a share of equity. */
export function limitQuotes({ bid, ask, size }: Intent, { equity }: Account, room: number): void {
  let added = 0;
  for (let k = 0; k < size.length; k++) {
    const price = Math.max(bid[k] === bid[k] ? bid[k] : 0, ask[k] === ask[k] ? ask[k] : 0);
    if (price > 0 && size[k] > 0) added += size[k] * price / equity;
  }
  if (!(added > Math.max(0, room) * (1 + ROUNDING))) return;
  for (let k = 0; k < size.length; k++) size[k] *= Math.max(0, room) / added;
}
