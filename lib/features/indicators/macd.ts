import { computeAlone } from "./compute.ts";
import { weight } from "./ema.ts";
import { type Indicator, indicator, single } from "./indicator.ts";

/**
 * Both averages begin at the slow one's first bar, each with the mean of its own last values: TA-Lib's MACD, and not
 * the difference of two `ema` series, which begin at different bars. The signal begins with the mean of the first
 * `signalperiod` differences.
 */
const kernel = single(([values], { fastperiod, slowperiod, signalperiod }, [macd, signal, hist]) => {
  const [fewer, more] = [Math.min(fastperiod, slowperiod), Math.max(fastperiod, slowperiod)];
  const [fastAlpha, slowAlpha, signalAlpha] = [fewer, more, signalperiod].map(weight);
  const first = more + signalperiod - 2;
  let state = { fast: 0, slow: 0, smooth: 0 };
  return (from, to) => {
    let { fast, slow, smooth } = state;
    let t = from;
    for (; t < Math.min(to, more); t++) {
      slow += values[t];
      if (t >= more - fewer) fast += values[t];
      if (t < more - 1) continue;
      slow /= more;
      fast /= fewer;
      smooth = fast - slow;
      if (signalperiod === 1) [macd[t], signal[t], hist[t]] = [smooth, smooth, 0];
    }
    for (; t < Math.min(to, first + 1); t++) {
      fast = (values[t] - fast) * fastAlpha + fast;
      slow = (values[t] - slow) * slowAlpha + slow;
      smooth += fast - slow;
      if (t < first) continue;
      smooth /= signalperiod;
      [macd[t], signal[t], hist[t]] = [fast - slow, smooth, fast - slow - smooth];
    }
    for (; t < to; t++) {
      const value = values[t];
      fast = (value - fast) * fastAlpha + fast;
      slow = (value - slow) * slowAlpha + slow;
      const difference = fast - slow;
      smooth = signalperiod === 1 ? difference : (difference - smooth) * signalAlpha + smooth;
      macd[t] = difference;
      signal[t] = smooth;
      hist[t] = difference - smooth;
    }
    state = { fast, slow, smooth };
  };
});

/** MACD, for the table. */
export const macdIndicators: Record<"macd", Indicator> = {
  macd: indicator({
    name: "macd",
    inputs: ["$close"],
    params: { fastperiod: 12, slowperiod: 26, signalperiod: 9 },
    limits: { fastperiod: [2, 100_000], slowperiod: [2, 100_000] },
    outputs: ["macd", "signal", "hist"],
    warmup: ({ fastperiod, slowperiod, signalperiod }) => Math.max(fastperiod, slowperiod) + signalperiod - 2,
    kernel,
  }),
};

/** MACD and its signal, quote currency where the input is. [T] each */
export interface Macd {
  readonly macd: Float64Array;
  readonly signal: Float64Array;
  readonly hist: Float64Array; // macd − signal
}

/**
 * Moving average convergence and divergence: a fast less a slow exponential average, a signal line that smooths it, and
 * the difference of the two. The periods are exchanged if the slow one is the shorter. Source: Appel 1979.
 *
 * @param values any series, finite after a start of NaN [T]
 * @returns [T] each; NaN before index `slowperiod + signalperiod - 2`
 * @throws {RangeError} if a period is not a whole number from 2 (the signal's: 1) to 100,000
 */
export function macd(values: Float64Array, fastperiod = 12, slowperiod = 26, signalperiod = 9): Macd {
  const params = { fastperiod, slowperiod, signalperiod };
  const [macd, signal, hist] = computeAlone(macdIndicators.macd, [values], params);
  return { macd, signal, hist };
}
