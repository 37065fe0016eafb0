import { blockLength, spareColumn } from "./block.ts";
import { computeAlone } from "./compute.ts";
import { type Indicator, indicator, type Kernel, type Params } from "./indicator.ts";

/**
 * Least squares line through the last `period` values, once for its slope and for where it points. Sums are of
 * distances from a value near by, so that high prices do not cost digits.
 */
const kernel: Kernel = ([values], [period], { linearreg_slope, tsf }) => {
  const length = values.length;
  const [slopes, forecasts] = [linearreg_slope, tsf].map((job) => job?.outputs[0] ?? spareColumn(length));
  const agesSum = period * (period - 1) / 2;
  const divisor = agesSum * agesSum - period * (period * (period - 1) * (2 * period - 1) / 6);
  const block = blockLength(period);
  for (let start = period - 1; start < length; start += block) {
    const level = values[start];
    let [sum, aged] = [0, 0]; // of y and of age · y, over the window less its newest value, a bar ago
    for (let age = period - 1; age > 0; age--) {
      const y = values[start - age] - level;
      sum += y;
      aged += (age - 1) * y;
    }
    const end = Math.min(length, start + block);
    for (let t = start; t < end; t++) {
      aged += sum; // all are a bar older, and the newest has age 0
      sum += values[t] - level;
      const slope = (period * aged - agesSum * sum) / divisor;
      slopes[t] = slope;
      forecasts[t] = level + sum / period + slope * (period + 1) / 2;
      const leaving = values[t - period + 1] - level;
      sum -= leaving;
      aged -= (period - 1) * leaving;
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
