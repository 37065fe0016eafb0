import { blockLength } from "./block.ts";
import { computeAlone } from "./compute.ts";
import { type Indicator, indicator, type Kernel } from "./indicator.ts";

const kernel: Kernel = ([high, low, close], _, { ultosc }) => {
  if (!ultosc) return;
  const out = ultosc.outputs[0];
  const length = close.length;
  const [short, middle, long] = Object.values(ultosc.params).sort((a, b) => a - b);
  const block = blockLength(long);
  const mask = 2 ** Math.ceil(Math.log2(long + 1)) - 1;
  const [pressures, ranges] = [new Float64Array(mask + 1), new Float64Array(mask + 1)]; // of the last bars, by t & mask
  let [pressure1, pressure2, pressure3, range1, range2, range3] = [0, 0, 0, 0, 0, 0];
  let renew = long;
  for (let t = 1; t < length; t++) {
    const before = close[t - 1];
    const fall = 0.5 * (low[t] - before + Math.abs(low[t] - before)); // how far the bar lies above the close before
    const rise = 0.5 * (before - high[t] + Math.abs(before - high[t]));
    const pressure = close[t] - low[t] + fall; // from the true low up to the close
    const range = high[t] - low[t] + fall + rise;
    const [old1, old2, old3] = [(t - short) & mask, (t - middle) & mask, (t - long) & mask];
    pressure1 += pressure - pressures[old1];
    pressure2 += pressure - pressures[old2];
    pressure3 += pressure - pressures[old3];
    range1 += range - ranges[old1];
    range2 += range - ranges[old2];
    range3 += range - ranges[old3];
    pressures[t & mask] = pressure;
    ranges[t & mask] = range;
    if (t === renew) {
      renew += block;
      [pressure1, pressure2, pressure3, range1, range2, range3] = [0, 0, 0, 0, 0, 0];
      for (let i = long - 1; i >= 0; i--) {
        const at = (t - i) & mask;
        pressure3 += pressures[at];
        range3 += ranges[at];
        if (i >= middle) continue;
        pressure2 += pressures[at];
        range2 += ranges[at];
        if (i >= short) continue;
        pressure1 += pressures[at];
        range1 += ranges[at];
      }
    }
    const share1 = range1 > 0 ? pressure1 / range1 : 0;
    const share2 = range2 > 0 ? pressure2 / range2 : 0;
    const share3 = range3 > 0 ? pressure3 / range3 : 0;
    out[t] = (100 / 7) * (4 * share1 + 2 * share2 + share3);
  }
};

export const ultoscIndicators: Record<"ultosc", Indicator> = {
  ultosc: indicator({
    name: "ultosc",
    inputs: ["$high", "$low", "$close"],
    params: { timeperiod1: 7, timeperiod2: 14, timeperiod3: 28 },
    outputs: ["ultosc"],
    warmup: ({ timeperiod1, timeperiod2, timeperiod3 }) => Math.max(timeperiod1, timeperiod2, timeperiod3),
    kernel,
  }),
};

/**
 * Ultimate oscillator, 0..100: how far up their true ranges the bars of three windows closed, the shortest window
 * counting four times and the longest once. The order of the periods does not matter. Source: Williams 1985.
 *
 * @param high quote currency [T], as the others
 * @returns [T]; NaN before the index of the longest period
 * @throws {RangeError} if a period is not a whole number from 1 to 100,000
 */
export function ultosc(
  high: Float64Array,
  low: Float64Array,
  close: Float64Array,
  timeperiod1 = 7,
  timeperiod2 = 14,
  timeperiod3 = 28,
): Float64Array {
  return computeAlone(ultoscIndicators.ultosc, [high, low, close], { timeperiod1, timeperiod2, timeperiod3 })[0];
}
