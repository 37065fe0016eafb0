import { computeAlone } from "./compute.ts";
import { type Indicator, indicator, single } from "./indicator.ts";
import { inTurn, type Step, sumLength, workColumn } from "./step.ts";

const kernel = single(([high, low, close], { timeperiod1, timeperiod2, timeperiod3 }, [out]) => {
  const [short, middle, long] = Float64Array.of(timeperiod1, timeperiod2, timeperiod3).sort();
  const [pressures, ranges] = [workColumn(close.length), workColumn(close.length)];
  const measure: Step = (from, to) => {
    for (let t = Math.max(from, 1); t < to; t++) {
      const before = close[t - 1];
      const above = low[t] - before; // by so much the bar lies above the close before, if it is positive
      const below = before - high[t];
      const rise = 0.5 * (above + Math.abs(above));
      pressures[t] = close[t] - low[t] + rise; // from the true low up to the close
      ranges[t] = high[t] - low[t] + rise + 0.5 * (below + Math.abs(below));
    }
  };
  let state = { pressure1: 0, pressure2: 0, pressure3: 0, range1: 0, range2: 0, range3: 0, still: 0, renew: long };
  const compare: Step = (from, to) => {
    let { pressure1, pressure2, pressure3, range1, range2, range3, still, renew } = state;
    renew += from;
    let t = Math.max(from, long);
    while (t < to) {
      if (t >= renew) { // sums of the windows that end before t
        renew = t + sumLength;
        [pressure1, range1] = [sum(pressures, t - short, t), sum(ranges, t - short, t)];
        [pressure2, range2] = [sum(pressures, t - middle, t), sum(ranges, t - middle, t)];
        [pressure3, range3] = [sum(pressures, t - long, t), sum(ranges, t - long, t)];
        still = 0;
        while (still < long && ranges[t - 1 - still] === 0) still++;
      }
      for (const end = Math.min(to, renew); t < end; t++) {
        const pressure = pressures[t];
        const range = ranges[t];
        pressure1 += pressure - pressures[t - short];
        pressure2 += pressure - pressures[t - middle];
        pressure3 += pressure - pressures[t - long];
        range1 += range - ranges[t - short];
        range2 += range - ranges[t - middle];
        range3 += range - ranges[t - long];
        still = range === 0 ? still + 1 : 0; // bars without range: a window of them has none, but what rounding has left
        const share1 = still < short ? pressure1 / range1 : 0;
        const share2 = still < middle ? pressure2 / range2 : 0;
        const share3 = still < long ? pressure3 / range3 : 0;
        out[t] = 100 * ((4 * share1 + 2 * share2 + share3) / 7);
      }
    }
    state = { pressure1, pressure2, pressure3, range1, range2, range3, still, renew: renew - to };
  };
  pressures[0] = ranges[0] = 0; // the first bar has no close before it
  return inTurn(measure, compare);
});

function sum(values: Float64Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += values[i];
  return sum;
}

/** Ultimate oscillator, for the table. */
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
