import { mark, rebalance } from "../sim/fill.ts";
import type { Ledger } from "../sim/ledger.ts";
import type { Tape } from "../sim/tape.ts";
import { isReached, readWishes } from "../strategies/follow.ts";

/** Where a run's history is written, from its first bar on; a sweep keeps the equity alone. */
export interface History {
  readonly equity: Float64Array; // [T]
  readonly weights: Float64Array | null; // [T, K]
  readonly wanted: Float64Array | null; // [T, K] NaN before
}

/**
 * Runs a strategy that has `targets` through the same books, without asking it bar by bar: the result is that of `follow`
 * to the last bit. Bars on which nothing is wanted and no order is on its way are only marked, which is most of them.
 *
 * @param wishes exposure wanted [T, K], over the whole market
 */
export function followTargets(
  ledger: Ledger,
  tape: Tape,
  wishes: Float64Array,
  { from, to, lag }: { readonly from: number; readonly to: number; readonly lag: number },
  { equity, weights, wanted }: History,
): void {
  const { assets: K, units } = ledger;
  const wish = new Float64Array(K).fill(NaN);
  const done = new Uint8Array(K).fill(1);
  const orders = new Float64Array((lag + 1) * K).fill(NaN); // the last lag + 1 decisions
  let lastOrder = from - lag - 2;
  for (let t = from; t < to;) {
    const slot = ((t - from) % (lag + 1)) * K;
    if (t <= lastOrder + 1 + lag) rebalance(ledger, 0, orders, slot, tape, t); // else none is on its way
    const value = mark(ledger, 0, tape, t);
    equity[t - from] = value;
    const changed = readWishes(wishes, t, wish, done);
    for (let k = 0; k < K; k++) {
      const i = t * K + k;
      const held = value > 0 ? units[k] * tape.close[i] / value : 0;
      if (weights !== null) weights[i - from * K] = held;
      orders[slot + k] = NaN;
      if (done[k] !== 0) continue;
      if (isReached(held, wish[k], changed)) done[k] = 1;
      else {
        orders[slot + k] = wish[k];
        if (wanted !== null) wanted[i - from * K] = wish[k];
        lastOrder = t;
      }
    }
    t++;
    if (t <= lastOrder + 1 + lag) continue; // an order is still on its way
    const next = nextWish(wishes, wish, t, to);
    hold(ledger, tape, t, next, from, equity, weights);
    t = next;
  }
}

/** First bar from `t` on at which something else is wanted than `wish`. */
function nextWish(wishes: Float64Array, wish: Float64Array, t: number, to: number): number {
  const K = wish.length;
  if (K === 1) {
    const same = wish[0];
    for (; t < to; t++) {
      const target = wishes[t];
      if (target !== same && target === target) return t;
    }
    return to;
  }
  for (; t < to; t++) {
    for (let k = 0; k < K; k++) {
      const target = wishes[t * K + k];
      if (target !== wish[k] && target === target) return t;
    }
  }
  return to;
}

/** Marks bars `t` to `end`, on which nothing trades. */
function hold(
  ledger: Ledger,
  tape: Tape,
  t: number,
  end: number,
  from: number,
  equity: Float64Array,
  weights: Float64Array | null,
): void {
  const { assets: K, units } = ledger;
  const { close } = tape;
  const cash = ledger.cash[0];
  let safe = cash >= 0; // neither borrowed nor short: `mark` would find nothing to liquidate
  let flat = true;
  for (let k = 0; k < K; k++) {
    if (units[k] < 0) safe = false;
    if (units[k] !== 0) flat = false;
  }
  if (flat) {
    equity.fill(cash, t - from, end - from);
    if (weights !== null) weights.fill(0, (t - from) * K, (end - from) * K);
  } else if (safe && K === 1) {
    const position = units[0];
    for (let i = t; i < end; i++) equity[i - from] = cash + position * close[i];
    if (weights === null) return;
    if (cash === 0) weights.fill(1, t - from, end - from); // all in: exactly 1
    else for (let i = t; i < end; i++) weights[i - from] = position * close[i] / equity[i - from];
  } else {
    for (; t < end; t++) {
      const value = mark(ledger, 0, tape, t);
      equity[t - from] = value;
      if (weights === null) continue;
      for (let k = 0; k < K; k++) {
        weights[(t - from) * K + k] = value > 0 ? units[k] * close[t * K + k] / value : 0;
      }
    }
  }
}
