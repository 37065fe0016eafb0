import type { Decide, Memo, Strategy } from "./strategy.ts";

/**
 * A strategy that says, from the market alone, which exposures it wants at each bar. Whenever one of its wishes changes
 * it asks for all of them, so that the weights hold together; it asks again for a position that is still more than 5 %
 * of its wish away (thin volume, a bar that did not trade), and then lets it drift: what is held is not traded back to
 * its weight at every bar.
 *
 * @param targets writes the wanted weights [T, K] into `into`; NaN means as before. Must keep the prefix law
 */
export function targetStrategy(targets: NonNullable<Strategy["targets"]>): Strategy {
  const strategy = (market: Parameters<Strategy>[0]) => {
    const K = market.assets.length;
    const wishes = market.growth?.column(K) ?? new Float64Array(market.length * K);
    const decide = follow(wishes, K);
    if (market.growth) return following(market, decide, () => targets(market, compute, wishes));
    targets(market, compute, wishes);
    return decide;
  };
  return Object.assign(strategy, { targets });
}

/** On a market that grows, wishes are worked out anew once there are more bars: those before stay, by the prefix law. */
function following(market: Parameters<Strategy>[0], decide: Decide, work: () => void): Decide {
  let known = 0;
  return (t, account, intent) => {
    if (known !== market.length) work();
    known = market.length;
    decide(t, account, intent);
  };
}

/** A memo that keeps nothing. */
const compute: Memo = (_name, make) => make();

/** Decides as `targetStrategy` says; backtests without risk rules do the same without asking (`followTargets`). */
export function follow(wishes: Float64Array, K: number): Decide {
  const wish = new Float64Array(K).fill(NaN);
  const done = new Uint8Array(K).fill(1);
  return (t, account, intent) => {
    const changed = readWishes(wishes, t, wish, done);
    for (let k = 0; k < K; k++) {
      if (done[k] !== 0) continue;
      if (isReached(account.weights[k], wish[k], changed)) done[k] = 1;
      else intent.weights[k] = wish[k];
    }
  };
}

/** Takes the wishes of bar `t` over. If one is new, none counts as done any more. */
export function readWishes(wishes: Float64Array, t: number, wish: Float64Array, done: Uint8Array): boolean {
  const K = wish.length;
  let changed = false;
  for (let k = 0; k < K; k++) {
    const target = wishes[t * K + k];
    if (target !== target || target === wish[k]) continue;
    wish[k] = target;
    changed = true;
  }
  if (changed) { for (let k = 0; k < K; k++) if (wish[k] === wish[k]) done[k] = 0; }
  return changed;
}

/**
 * Whether a held exposure can be left as it is: exactly the wish when wishes have changed, near it from then on. That
 * nothing is wanted any more is always said once, to those who watch over it and to orders that are still on their way.
 */
export function isReached(held: number, wish: number, changed: boolean): boolean {
  return changed ? held === wish && wish !== 0 : Math.abs(held - wish) <= 0.05 * Math.abs(wish);
}
