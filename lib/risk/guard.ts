import type { Market } from "../market/market.ts";
import { volumeLimitOf } from "../sim/tape.ts";
import { planned } from "./plan.ts";
import type { Check } from "./rule.ts";
import { number } from "./say.ts";

/** A position that is held, or will be entered at the next open (then at its decision's close). */
export interface Position {
  readonly k: number; // asset
  readonly side: 1 | -1;
  readonly entry: number; // open of the bar it was entered in, quote currency
  readonly best: number; // highest price since then, lowest of a short
  readonly before: number; // price that guarded it last; NaN for none
}

/** What a guard says of itself, and how long it stays out. */
export interface GuardOptions {
  readonly name: string; // "stop-loss"
  readonly kind: "stop" | "take";
  /** Bars after which what is wanted may be entered again; 0: only once the strategy has wanted something else. */
  readonly wait: number;
}

/**
 * Watches over positions with a price each: at `stop` they are closed at a loss, at `take` at a gain, within the bar that
 * reaches it and trades (`fillStops`), and stay closed until the strategy's wish ends or changes side, or `wait` bars are
 * over. The position of an asset is one from entry to exit, however it was sized in between.
 *
 * @param level price for bar t + 1, from bars up to `t`; NaN none
 */
export function guard(
  { assets, costs }: Market,
  { name, kind, wait }: GuardOptions,
  level: (t: number, position: Position) => number,
): Check {
  const K = assets.length;
  const column = () => new Float64Array(K);
  const nothing = () => column().fill(NaN);
  const [side, entry, best, guarded, out, since] = [column(), column(), column(), column(), column(), column()];
  const [price, other, wishes] = [nothing(), nothing(), nothing()];
  return (t, account, intent) => {
    const reasons: string[] = [];
    for (let k = 0; k < K; k++) {
      const { symbol, $open, $high, $low, $close, $volume, filled } = assets[k];
      const reached = volumeLimitOf(costs, $volume[t], filled[t]) > 0 &&
        reaches(kind, guarded[k], price[k], $high[t], $low[t]);
      const stoppedFirst = kind === "take" && reaches("stop", guarded[k], other[k], $high[t], $low[t]);
      if (reached && !stoppedFirst && out[k] === 0) {
        [out[k], since[k]] = [guarded[k], t];
        const gap = kind === "stop" && guarded[k] * ($open[t] - price[k]) < 0;
        reasons.push(
          `${symbol} reached the ${name} at ${number(price[k])}${
            gap ? `, and opened beyond it at ${number($open[t])}` : ""
          }`,
        );
      }

      const held = Math.sign(account.weights[k]);
      if (held !== 0 && held !== side[k]) [entry[k], best[k]] = [$open[t], held > 0 ? $high[t] : $low[t]];
      else if (held !== 0) best[k] = held > 0 ? Math.max(best[k], $high[t]) : Math.min(best[k], $low[t]);
      const turned = held !== side[k];
      side[k] = held;

      if (intent.weights[k] === intent.weights[k]) wishes[k] = intent.weights[k];
      if (out[k] !== 0) {
        const over = wait > 0 && t - since[k] >= wait;
        const same = wishes[k] !== wishes[k] || Math.sign(wishes[k]) === out[k];
        if (same && !over) {
          intent.weights[k] = 0;
          intent.bid[k] = intent.ask[k] = price[k] = NaN;
          continue;
        }
        if (same) intent.weights[k] = wishes[k];
        out[k] = 0;
      }
      const plan = Math.sign(planned(intent, account, k)) as 1 | -1 | 0;
      const before = turned || plan !== guarded[k] ? NaN : price[k];
      guarded[k] = plan;
      price[k] = other[k] = NaN;
      if (plan === 0) continue;
      const known = plan === held;
      const position = {
        k,
        side: plan,
        entry: known ? entry[k] : $close[t],
        best: known ? best[k] : $close[t],
        before,
      };
      const wanted = level(t, position);
      if (!(wanted > 0)) continue;
      price[k] = wanted;
      other[k] = intent.stop[k];
      const prices = kind === "stop" ? intent.stop : intent.take;
      // The nearer one holds: the higher stop of a long position, its lower target.
      const nearer = kind === "stop" ? plan * (wanted - prices[k]) > 0 : plan * (wanted - prices[k]) < 0;
      if (prices[k] !== prices[k] || nearer) prices[k] = wanted;
    }
    return reasons.length > 0 ? reasons.join("; ") : undefined;
  };
}

/** Whether a bar reaches the price of a guard: a stop when it is touched, a target when the bar goes through it. */
function reaches(kind: "stop" | "take", side: number, price: number, high: number, low: number): boolean {
  if (kind === "stop") return side > 0 ? low <= price : side < 0 && high >= price;
  return side > 0 ? high > price : side < 0 && low < price;
}
