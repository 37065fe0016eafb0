import { spareColumn } from "./block.ts";
import { computeAlone } from "./compute.ts";
import { weight } from "./ema.ts";
import { type Indicator, indicator, type Kernel } from "./indicator.ts";

/** Chaikin's accumulation line, once for itself and for the oscillator of its averages. */
const accumulation: Kernel = ([high, low, close, volume], _, { ad, adosc }) => {
  const length = close.length;
  const [lines, oscillations] = [ad, adosc].map((job) => job?.outputs[0] ?? spareColumn(length));
  const { fastperiod, slowperiod } = adosc?.params ?? { fastperiod: 1, slowperiod: 1 };
  const fastAlpha = weight(fastperiod);
  const slowAlpha = weight(slowperiod);
  let [line, fast, slow] = [0, 0, 0];
  for (let t = 0; t < length; t++) {
    const range = high[t] - low[t];
    if (range > 0) line += (close[t] - low[t] - (high[t] - close[t])) / range * volume[t];
    lines[t] = line;
    if (t === 0) fast = slow = line;
    fast = fastAlpha * line + (1 - fastAlpha) * fast;
    slow = slowAlpha * line + (1 - slowAlpha) * slow;
    oscillations[t] = fast - slow;
  }
};

export const volumeIndicators: Record<"ad" | "adosc" | "obv", Indicator> = {
  ad: indicator({
    name: "ad",
    inputs: ["$high", "$low", "$close", "$volume"],
    params: {},
    outputs: ["ad"],
    warmup: () => 0,
    kernel: accumulation,
  }),
  adosc: indicator({
    name: "adosc",
    inputs: ["$high", "$low", "$close", "$volume"],
    params: { fastperiod: 3, slowperiod: 10 },
    limits: { fastperiod: [2, 100_000], slowperiod: [2, 100_000] },
    outputs: ["adosc"],
    warmup: ({ fastperiod, slowperiod }) => Math.max(fastperiod, slowperiod) - 1,
    kernel: accumulation,
  }),
  obv: indicator({
    name: "obv",
    inputs: ["$close", "$volume"],
    params: {},
    outputs: ["obv"],
    warmup: () => 0,
    kernel: ([close, volume], _, { obv }) => {
      if (!obv || close.length === 0) return;
      const out = obv.outputs[0];
      let balance = out[0] = volume[0];
      for (let t = 1; t < close.length; t++) {
        balance += volume[t] * (+(close[t] > close[t - 1]) - +(close[t] < close[t - 1]));
        out[t] = balance;
      }
    },
  }),
};

/**
 * Accumulation/distribution line: running sum of volumes, each weighted by where the bar closed, −1 at its low to 1 at
 * its high; bars without range add nothing. Base units. It starts at the first bar given: only its changes mean
 * something. Source: Chaikin.
 *
 * @param high quote currency [T]; `low` and `close` alike
 * @param volume base units [T]
 * @returns [T], from the first bar on
 */
export function ad(high: Float64Array, low: Float64Array, close: Float64Array, volume: Float64Array): Float64Array {
  return computeAlone(volumeIndicators.ad, [high, low, close, volume], {})[0];
}

/**
 * Chaikin's oscillator: a fast exponential average of the accumulation line less a slow one, both begun at its first
 * value. Base units. The periods are not exchanged if the slow one is the shorter.
 *
 * @returns [T]; NaN before the index of the longer period less 1
 * @throws {RangeError} if a period is not a whole number from 2 to 100,000
 */
export function adosc(
  high: Float64Array,
  low: Float64Array,
  close: Float64Array,
  volume: Float64Array,
  fastperiod = 3,
  slowperiod = 10,
): Float64Array {
  return computeAlone(volumeIndicators.adosc, [high, low, close, volume], { fastperiod, slowperiod })[0];
}

/**
 * On-balance volume: running sum of the volumes of bars that closed higher less those that closed lower, begun with the
 * first bar's. Base units. Source: Granville 1963.
 *
 * @returns [T], from the first bar on
 */
export function obv(close: Float64Array, volume: Float64Array): Float64Array {
  return computeAlone(volumeIndicators.obv, [close, volume], {})[0];
}
