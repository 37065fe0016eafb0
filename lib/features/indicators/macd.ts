import { computeAlone } from "./compute.ts";
import { weight } from "./ema.ts";
import { type Indicator, indicator, type Kernel } from "./indicator.ts";

/**
 * Both averages begin at the slow one's first bar, each with the mean of its own last values: TA-Lib's MACD, and not
 * the difference of two `ema` series, which begin at different bars.
 */
const kernel: Kernel = ([values], _, { macd: job }) => {
  if (!job) return;
  const { signalperiod } = job.params;
  const [fastperiod, slowperiod] = [job.params.fastperiod, job.params.slowperiod].sort((a, b) => a - b);
  const [macd, signal, hist] = job.outputs;
  const start = slowperiod - 1;
  const first = start + signalperiod - 1;
  const fastAlpha = weight(fastperiod);
  const slowAlpha = weight(slowperiod);
  const signalAlpha = weight(signalperiod);
  let [fast, slow, smooth] = [0, 0, 0];
  for (let t = 0; t < Math.min(slowperiod, values.length); t++) {
    slow += values[t];
    if (t >= slowperiod - fastperiod) fast += values[t];
  }
  slow /= slowperiod;
  fast /= fastperiod;
  smooth = fast - slow; // the signal begins with the mean of its first `signalperiod` differences
  for (let t = start + 1; t <= Math.min(first, values.length - 1); t++) {
    fast = (values[t] - fast) * fastAlpha + fast;
    slow = (values[t] - slow) * slowAlpha + slow;
    smooth += fast - slow;
  }
  smooth /= signalperiod;
  if (first < values.length) [macd[first], signal[first], hist[first]] = [fast - slow, smooth, fast - slow - smooth];
  for (let t = first + 1; t < values.length; t++) {
    const value = values[t];
    fast = (value - fast) * fastAlpha + fast;
    slow = (value - slow) * slowAlpha + slow;
    const difference = fast - slow;
    smooth = (difference - smooth) * signalAlpha + smooth;
    macd[t] = difference;
    signal[t] = smooth;
    hist[t] = difference - smooth;
  }
};

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
