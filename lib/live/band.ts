import { below, rng } from "../base/random.ts";
import { quantileSorted } from "../base/stats.ts";

/** Where equity is to be expected so many bars after it was 1. */
export type EquityBand = (bars: number) => { readonly low: number; readonly high: number };

/** How a band is drawn. */
export interface BandOptions {
  /** Probability of being inside, at one bar looked at. */
  readonly level?: number;
  /** Paths that are drawn. */
  readonly paths?: number;
  /** Mean length of the stretches that paths are made of, bars: what hangs together stays together. */
  readonly block?: number;
  readonly seed?: number;
}

/** Horizon that paths are drawn to, bars; beyond it the band widens on. */
const HORIZON = 4096;

/**
 * What a backtest's returns let expect: paths of stretches of them, drawn by chance (the stationary bootstrap of Politis
 * and Romano 1994), and the quantiles of where these are after 1, 2, 4, … bars; in between by the root of time. What the
 * strategy earns a bar is not known but for so many returns: each path has a mean of its own, that of a history drawn the
 * same way. A short backtest promises little.
 *
 * @param returns of a backtest, log, bar by bar; at least 2, all finite
 */
export function equityBand(
  returns: Float64Array,
  { level = 0.99, paths = 400, block = 24, seed = 1 }: BandOptions = {},
): EquityBand {
  if (!(returns.length >= 2 && returns.every(Number.isFinite))) {
    throw new RangeError(`Cannot draw a band as there must be 2 finite returns or more: there are ${returns.length}`);
  }
  const random = rng(seed);
  const times = Array.from({ length: Math.log2(HORIZON) + 1 }, (_, i) => 2 ** i);
  const ends = times.map(() => new Float64Array(paths));
  const n = returns.length;
  const mean = returns.reduce((sum, r) => sum + r, 0) / n;
  const after = (at: number) => random() < 1 / block ? below(n, random) : (at + 1) % n;
  for (let path = 0; path < paths; path++) {
    let drawn = 0;
    for (let bar = 0, at = below(n, random); bar < n; bar++, at = after(at)) drawn += returns[at];
    const moved = drawn / n - mean; // of what is earned a bar
    let [sum, next] = [0, 0];
    for (let bar = 1, at = below(n, random); bar <= HORIZON; bar++, at = after(at)) {
      sum += returns[at] + moved;
      if (bar === times[next]) ends[next++][path] = sum;
    }
  }
  const tail = (1 - level) / 2;
  const [lows, highs] = [tail, 1 - tail].map((q) => [0, ...ends.map((sums) => quantileSorted(sums.sort(), q))]);
  const knots = [0, ...times];
  const at = (logs: readonly number[], bars: number) => {
    if (bars >= HORIZON) return logs[logs.length - 1] * bars / HORIZON;
    const i = knots.findLastIndex((knot) => knot <= bars);
    const [from, to] = [Math.sqrt(knots[i]), Math.sqrt(knots[i + 1])];
    return logs[i] + (logs[i + 1] - logs[i]) * (Math.sqrt(bars) - from) / (to - from);
  };
  return (bars) => ({ low: Math.exp(at(lows, bars)), high: Math.exp(at(highs, bars)) });
}
