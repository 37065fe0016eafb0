import { computeAlone } from "./compute.ts";
import { type Indicator, indicator, type Kernel } from "./indicator.ts";
import { averageStep, averageWarmup } from "./moving_average.ts";
import { smaStep } from "./sma.ts";
import { deviationStep } from "./stddev.ts";
import { inTurn, type Step, workColumn } from "./step.ts";

/** Mean and standard deviation of a window, each once, and the bands made of them. */
const kernel: Kernel = ([values], [period], { sma, stddev, bbands }) => {
  const steps: Step[] = [];
  const simple = sma || bbands?.params.matype === 0;
  const mean = sma?.outputs[0] ?? bbands?.outputs[1] ?? values;
  if (simple) steps.push(smaStep(values, period, mean));
  const scaled = stddev && stddev.params.nbdev !== 1;
  const deviation = scaled ? workColumn(values.length) : stddev?.outputs[0] ?? bbands?.outputs[0] ?? values;
  if (stddev || bbands) steps.push(deviationStep(values, period, deviation));
  if (scaled) {
    const { nbdev } = stddev.params;
    const out = stddev.outputs[0];
    steps.push((from, to) => {
      for (let t = from; t < to; t++) out[t] = deviation[t] * nbdev;
    });
  }
  if (bbands) {
    const { nbdevup, nbdevdn, matype } = bbands.params;
    const [upper, middle, lower] = bbands.outputs;
    if (matype !== 0) steps.push(averageStep(values, period, matype, middle));
    const centre = matype === 0 ? mean : middle;
    steps.push((from, to) => {
      for (let t = from; t < to; t++) {
        const level = centre[t];
        const spread = deviation[t];
        middle[t] = level;
        upper[t] = level + nbdevup * spread;
        lower[t] = level - nbdevdn * spread;
      }
    });
  }
  return inTurn(...steps);
};

const shares = ({ timeperiod }: Readonly<Record<string, number>>) => [timeperiod];

/** Averages and bands of a window, for the table. */
export const bandIndicators: Record<"sma" | "stddev" | "bbands", Indicator> = {
  sma: indicator({
    name: "sma",
    inputs: ["$close"],
    params: { timeperiod: 20 },
    outputs: ["sma"],
    warmup: ({ timeperiod }) => timeperiod - 1,
    kernel,
    shares,
  }),
  stddev: indicator({
    name: "stddev",
    inputs: ["$close"],
    params: { timeperiod: 20, nbdev: 1 },
    limits: { timeperiod: [2, 100_000], nbdev: [-Infinity, Infinity] },
    outputs: ["stddev"],
    warmup: ({ timeperiod }) => timeperiod - 1,
    kernel,
    shares,
  }),
  bbands: indicator({
    name: "bbands",
    inputs: ["$close"],
    params: { timeperiod: 20, nbdevup: 2, nbdevdn: 2, matype: 0 },
    limits: { timeperiod: [2, 100_000], nbdevup: [-Infinity, Infinity], nbdevdn: [-Infinity, Infinity] },
    outputs: ["upper", "middle", "lower"],
    warmup: ({ timeperiod, matype }) => Math.max(timeperiod - 1, averageWarmup(timeperiod, matype)),
    kernel,
    shares,
  }),
};

/**
 * Simple moving average: the mean of the last `timeperiod` values.
 *
 * @param values any series, finite after a start of NaN [T]
 * @returns [T]; NaN before index `timeperiod - 1`
 * @throws {RangeError} if `timeperiod` is not a whole number from 1 to 100,000
 */
export function sma(values: Float64Array, timeperiod = 20): Float64Array {
  return computeAlone(bandIndicators.sma, [values], { timeperiod })[0];
}

/**
 * Standard deviation of the last `timeperiod` values about their mean (of the population: divided by n), times `nbdev`.
 * Exactly 0 when they are equal.
 *
 * @returns [T]; NaN before index `timeperiod - 1`
 * @throws {RangeError} if `timeperiod` is not a whole number from 2 to 100,000
 */
export function stddev(values: Float64Array, timeperiod = 20, nbdev = 1): Float64Array {
  return computeAlone(bandIndicators.stddev, [values], { timeperiod, nbdev })[0];
}

/** Bollinger's bands. [T] each */
export interface Bands {
  readonly upper: Float64Array;
  readonly middle: Float64Array;
  readonly lower: Float64Array;
}

/**
 * Bollinger bands: a moving average, and `nbdevup` and `nbdevdn` standard deviations above and below it.
 *
 * @param matype kind of the moving average, by TA-Lib's number (`averageTypes`)
 * @returns [T] each; NaN before index `timeperiod - 1`, later where the average needs more bars
 * @throws {RangeError} if `timeperiod` is not a whole number from 2 to 100,000, or `matype` is not known
 */
export function bbands(values: Float64Array, timeperiod = 20, nbdevup = 2, nbdevdn = 2, matype = 0): Bands {
  const params = { timeperiod, nbdevup, nbdevdn, matype };
  const [upper, middle, lower] = computeAlone(bandIndicators.bbands, [values], params);
  return { upper, middle, lower };
}
