import type { Decide, Memo, Strategy } from "./strategy.ts";

/**
 * A strategy that says, from the market alone, which exposure it wants at each bar. It asks when the wish changes, asks
 * again while the position is more than 5 % of the wish away from it (thin volume, a bar that did not trade), and then
 * lets the position drift: what is held is not traded back to its weight at every bar.
 *
 * @param targets writes the wanted weights [T, K] into `into`; NaN means as before. Must keep the prefix law
 */
export function targetStrategy(targets: NonNullable<Strategy["targets"]>): Strategy {
  const strategy = (market: Parameters<Strategy>[0]) => {
    const wishes = new Float64Array(market.length * market.assets.length);
    targets(market, compute, wishes);
    return follow(wishes, market.assets.length);
  };
  return Object.assign(strategy, { targets });
}

/** A memo that keeps nothing. */
const compute: Memo = (_name, make) => make();

/** Decides as `targetStrategy` says; backtests without risk rules do the same without being asked. */
export function follow(wishes: Float64Array, K: number): Decide {
  const wish = new Float64Array(K).fill(NaN);
  const done = new Uint8Array(K).fill(1);
  return (t, account, intent) => {
    for (let k = 0; k < K; k++) {
      const target = wishes[t * K + k];
      if (target === target && target !== wish[k]) {
        wish[k] = target;
        done[k] = 0;
      }
      if (done[k] !== 0) continue;
      if (isReached(account.weights[k], wish[k])) done[k] = 1;
      else intent.weights[k] = wish[k];
    }
  };
}

/** Whether a held exposure is near enough to the wish to leave it alone; flat means exactly flat. */
export function isReached(held: number, wish: number): boolean {
  return Math.abs(held - wish) <= 0.05 * Math.abs(wish);
}
