import { computeAlone } from "./compute.ts";
import { weight } from "./ema.ts";
import { type Indicator, indicator, type Kernel, type Params, single } from "./indicator.ts";
import { inTurn, type Step, workColumn } from "./step.ts";

/** Chaikin's accumulation line, once for itself and for the oscillator of its averages. */
const accumulation: Kernel = ([high, low, close, volume], _, { ad, adosc }) => {
  const lines = ad?.outputs[0] ?? workColumn(close.length);
  const line = lineStep(high, low, close, volume, lines);
  return adosc ? inTurn(line, oscillationStep(lines, adosc.params, adosc.outputs[0])) : line;
};

function lineStep(
  high: Float64Array,
  low: Float64Array,
  close: Float64Array,
  volume: Float64Array,
  out: Float64Array,
): Step {
  return (from, to) => {
    let line = from === 0 ? 0 : out[from - 1];
    for (let t = from; t < to; t++) {
      const range = high[t] - low[t];
      if (range > 0) line += (close[t] - low[t] - (high[t] - close[t])) / range * volume[t];
      out[t] = line;
    }
  };
}

function oscillationStep(lines: Float64Array, { fastperiod, slowperiod }: Params, out: Float64Array): Step {
  const fastAlpha = weight(fastperiod);
  const slowAlpha = weight(slowperiod);
  let state = { fast: 0, slow: 0 };
  return (from, to) => {
    let { fast, slow } = from === 0 ? { fast: lines[0], slow: lines[0] } : state;
    for (let t = from; t < to; t++) {
      fast = fastAlpha * lines[t] + (1 - fastAlpha) * fast;
      slow = slowAlpha * lines[t] + (1 - slowAlpha) * slow;
      out[t] = fast - slow;
    }
    state = { fast, slow };
  };
}

/** Running sums of volume, for the table. */
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
    kernel: single(([close, volume], _, [out]) => {
      return (from, to) => {
        if (from === 0) out[0] = volume[0];
        let balance = out[Math.max(from, 1) - 1];
        for (let t = Math.max(from, 1); t < to; t++) {
          balance += volume[t] * (+(close[t] > close[t - 1]) - +(close[t] < close[t - 1]));
          out[t] = balance;
        }
      };
    }),
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
