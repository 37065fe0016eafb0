import { spareColumn } from "./block.ts";
import { computeAlone } from "./compute.ts";
import { type Indicator, indicator, type Kernel, type Params } from "./indicator.ts";
import { averageWarmup, fillAverage } from "./moving_average.ts";

/** The fast and the slow average, once for both oscillators. */
const kernel: Kernel = ([values], [fastperiod, slowperiod, matype], { apo, ppo }) => {
  const length = values.length;
  const start = averageWarmup(slowperiod, matype);
  const [difference, percent] = [apo, ppo].map((job) => job?.outputs[0] ?? spareColumn(length));
  const [fast, slow] = [new Float64Array(length), new Float64Array(length)];
  fillAverage(values, fastperiod, matype, fast);
  fillAverage(values, slowperiod, matype, slow);
  for (let t = start; t < length; t++) {
    const gap = fast[t] - slow[t];
    difference[t] = gap;
    percent[t] = slow[t] !== 0 ? gap / slow[t] * 100 : 0;
  }
};

const sorted = ({ fastperiod, slowperiod }: Params) => [fastperiod, slowperiod].sort((a, b) => a - b);

function entry(name: string): Indicator {
  return indicator({
    name,
    inputs: ["$close"],
    params: { fastperiod: 12, slowperiod: 26, matype: 0 },
    limits: { fastperiod: [2, 100_000], slowperiod: [2, 100_000] },
    outputs: [name],
    warmup: (params) => averageWarmup(sorted(params)[1], params.matype),
    kernel,
    shares: (params) => [...sorted(params), params.matype],
  });
}

export const crossingIndicators: Record<"apo" | "ppo", Indicator> = { apo: entry("apo"), ppo: entry("ppo") };

/**
 * Absolute price oscillator: a fast moving average less a slow one. The periods are exchanged if the slow one is the
 * shorter.
 *
 * @param values any series, finite after a start of NaN [T]
 * @param matype kind of the averages, by TA-Lib's number (`averageTypes`); 0 simple, 1 exponential
 * @returns [T]; NaN before the slow average's first value: index `slowperiod - 1` for simple and exponential ones
 * @throws {RangeError} if a period is not a whole number from 2 to 100,000, or `matype` is not known
 */
export function apo(values: Float64Array, fastperiod = 12, slowperiod = 26, matype = 0): Float64Array {
  return computeAlone(crossingIndicators.apo, [values], { fastperiod, slowperiod, matype })[0];
}

/** Percentage price oscillator: `apo` in percent of the slow average; 0 where that is 0. Otherwise as `apo`. */
export function ppo(values: Float64Array, fastperiod = 12, slowperiod = 26, matype = 0): Float64Array {
  return computeAlone(crossingIndicators.ppo, [values], { fastperiod, slowperiod, matype })[0];
}
