import { rng, shuffle } from "../base/random.ts";
import { assetsOf, type Bars } from "./leak_views.ts";

/**
 * First bars of blocks of `size` bars, those that are worth a look first: where a feature is at its largest or smallest
 * or jumps, and where the market jumps, has a gap, does not trade, or was filled in. The rest in a seeded random order.
 */
export function blocksByInterest(
  bars: Bars,
  { names, values }: { readonly names: readonly string[]; readonly values: ArrayLike<number> },
  size: number,
): number[] {
  const blocks = Math.ceil((bars.length - 1) / size);
  if (blocks <= 0) return [];
  const order = shuffle(Uint32Array.from({ length: blocks }, (_, b) => b), rng(blocks));
  const interest = new Float64Array(blocks);
  const note = (t: number, weight = 1) => {
    if (t >= 0 && t < bars.length - 1) interest[Math.floor(t / size)] += weight;
  };
  for (let f = 0; f < names.length; f++) {
    const [top, bottom, rise, fall] = [largest(3), largest(3), largest(3), largest(3)];
    for (let t = 0, i = f, before = NaN; t < bars.length; t++, i += names.length) {
      top.offer(values[i], t);
      bottom.offer(-values[i], t);
      rise.offer(values[i] - before, t);
      fall.offer(before - values[i], t);
      before = values[i];
    }
    for (const rows of [top, bottom, rise, fall]) for (const t of rows.at) note(t);
  }
  for (const candles of assetsOf(bars)) {
    const moves = largest(24);
    const volumes = largest(8);
    let odd = 0;
    for (let t = 1; t < candles.length; t++) {
      moves.offer(Math.abs(Math.log(candles.$close[t] / candles.$close[t - 1])), t);
      volumes.offer(candles.$volume[t], t);
      const strange = candles.filled[t] === 1 || !(candles.$volume[t] > 0) ||
        candles.time[t] - candles.time[t - 1] > candles.step ||
        Object.values(candles.extra).some((column) => Number.isNaN(column[t]));
      if (strange && odd++ < 1000) note(t, 0.5);
    }
    // A peek at bar t shows when the bar before it is the last.
    for (const t of [...moves.at, ...volumes.at]) note(t - 1);
  }
  return [...order].sort((a, b) => interest[b] - interest[a]).map((b) => b * size);
}

/** Keeps the places of the `count` largest values offered; NaN is no value. */
function largest(count: number) {
  const at: number[] = [];
  const values: number[] = [];
  return {
    at,
    offer(value: number, t: number): void {
      if (!Number.isFinite(value) || (values.length === count && value <= values[count - 1])) return;
      let i = values.length;
      while (i > 0 && values[i - 1] < value) i--;
      values.splice(i, 0, value);
      at.splice(i, 0, t);
      if (values.length > count) {
        values.pop();
        at.pop();
      }
    },
  };
}
