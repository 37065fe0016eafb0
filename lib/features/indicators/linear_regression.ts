import { blockLength, spareColumn } from "./block.ts";
import { computeAlone } from "./compute.ts";
import { type Indicator, indicator, type Kernel, type Params } from "./indicator.ts";

/** Least squares line through the last `period` values, once for its slope and for where it points. */
const kernel: Kernel = ([values], [period], { linearreg_slope, tsf }) => {
  const length = values.length;
  const [slopes, forecasts] = [linearreg_slope, tsf].map((job) => job?.outputs[0] ?? spareColumn(length));
  const ages = period * (period - 1) / 2; // Σ age; the newest value has age 0
  const divisor = ages * ages - period * (period * (period - 1) * (2 * period - 1) / 6);
  const block = blockLength(period);
  for (let start = period - 1; start < length; start += block) {
    let [sum, aged] = [0, 0]; // Σ y, Σ age · y
    for (let age = period - 1; age >= 0; age--) {
      sum += values[start - age];
      aged += age * values[start - age];
    }
    const end = Math.min(length, start + block);
    for (let t = start; t < end; t++) {
      if (t > start) { // all become a bar older, the oldest leaves
        const leaving = values[t - period];
        aged = aged + sum - period * leaving;
        sum = sum - leaving + values[t];
      }
      const slope = (period * aged - ages * sum) / divisor;
      slopes[t] = slope;
      forecasts[t] = (sum - slope * ages) / period + slope * period;
    }
  }
};

const shares = ({ timeperiod }: Params) => [timeperiod];

function entry(name: string): Indicator {
  return indicator({
    name,
    inputs: ["$close"],
    params: { timeperiod: 14 },
    limits: { timeperiod: [2, 100_000] },
    outputs: [name],
    warmup: ({ timeperiod }) => timeperiod - 1,
    kernel,
    shares,
  });
}

export const regressionIndicators: Record<"linearreg_slope" | "tsf", Indicator> = {
  linearreg_slope: entry("linearreg_slope"),
  tsf: entry("tsf"),
};

/**
 * Slope of the least squares line through the last `timeperiod` values, per bar.
 *
 * @param values any series, finite after a start of NaN [T]
 * @returns [T]; NaN before index `timeperiod - 1`
 * @throws {RangeError} if `timeperiod` is not a whole number from 2 to 100,000
 */
export function linearregSlope(values: Float64Array, timeperiod = 14): Float64Array {
  return computeAlone(regressionIndicators.linearreg_slope, [values], { timeperiod })[0];
}

/** Time series forecast: where the line of `linearregSlope` will be at the next bar. Otherwise the same. */
export function tsf(values: Float64Array, timeperiod = 14): Float64Array {
  return computeAlone(regressionIndicators.tsf, [values], { timeperiod })[0];
}
