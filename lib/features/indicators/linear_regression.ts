import { computeAlone } from "./compute.ts";
import { type Indicator, indicator, type Kernel, type Params } from "./indicator.ts";
import { spareColumn } from "./step.ts";

/**
 * Least squares line through the last `period` values, once for its slope and for where it points. The errors of the
 * sum are summed in the aged one: both are made afresh every 32 windows, when TA-Lib does.
 */
const kernel: Kernel = ([values], [period], { linearreg_slope, tsf }) => {
  const slopes = linearreg_slope?.outputs[0] ?? spareColumn(values.length);
  const forecasts = tsf?.outputs[0] ?? spareColumn(values.length);
  const ages = period * (period - 1) / 2; // Σ age; the newest value has age 0
  const divisor = ages * ages - period * (period * (period - 1) * (2 * period - 1) / 6);
  let state = { sum: 0, aged: 0, renew: period - 1 }; // Σ y and Σ age · y of the window less its newest value
  return (from, to) => {
    let { sum, aged, renew } = state;
    renew += from;
    let t = Math.max(from, period - 1);
    while (t < to) {
      if (t === renew) {
        renew += 32 * period;
        sum = 0;
        aged = 0;
        for (let age = period - 1; age > 0; age--) {
          sum += values[t - age];
          aged += age * values[t - age];
        }
      }
      for (const end = Math.min(to, renew); t < end; t++) {
        sum += values[t];
        const slope = (period * aged - ages * sum) / divisor;
        slopes[t] = slope;
        forecasts[t] = (sum - slope * ages) / period + slope * period;
        const leaving = values[t - period + 1];
        aged = aged + sum - period * leaving; // all become a bar older
        sum -= leaving;
      }
    }
    state = { sum, aged, renew: renew - to };
  };
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

/** Least squares lines, for the table. */
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
