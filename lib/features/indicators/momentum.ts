import { computeAlone } from "./compute.ts";
import { type Indicator, indicator, single } from "./indicator.ts";

/** Changes and bodies of single bars, for the table. */
export const momentumIndicators: Record<"mom" | "roc" | "bop", Indicator> = {
  mom: indicator({
    name: "mom",
    inputs: ["$close"],
    params: { timeperiod: 10 },
    outputs: ["mom"],
    warmup: ({ timeperiod }) => timeperiod,
    kernel: single(([values], { timeperiod: period }, [out]) => (from, to) => {
      for (let t = Math.max(from, period); t < to; t++) out[t] = values[t] - values[t - period];
    }),
  }),
  roc: indicator({
    name: "roc",
    inputs: ["$close"],
    params: { timeperiod: 10 },
    outputs: ["roc"],
    warmup: ({ timeperiod }) => timeperiod,
    kernel: single(([values], { timeperiod: period }, [out]) => (from, to) => {
      for (let t = Math.max(from, period); t < to; t++) {
        const before = values[t - period];
        out[t] = before !== 0 ? (values[t] / before - 1) * 100 : 0;
      }
    }),
  }),
  bop: indicator({
    name: "bop",
    inputs: ["$open", "$high", "$low", "$close"],
    params: {},
    outputs: ["bop"],
    warmup: () => 0,
    kernel: single(([open, high, low, close], _, [out]) => (from, to) => {
      for (let t = from; t < to; t++) {
        const range = high[t] - low[t];
        out[t] = range > 0 ? (close[t] - open[t]) / range : 0;
      }
    }),
  }),
};

/**
 * Momentum: the value less the one `timeperiod` bars ago.
 *
 * @param values any series, finite after a start of NaN [T]
 * @returns [T]; NaN before index `timeperiod`
 * @throws {RangeError} if `timeperiod` is not a whole number from 1 to 100,000
 */
export function mom(values: Float64Array, timeperiod = 10): Float64Array {
  return computeAlone(momentumIndicators.mom, [values], { timeperiod })[0];
}

/**
 * Rate of change over `timeperiod` bars, percent; 0 where the value was 0.
 *
 * @returns [T]; NaN before index `timeperiod`
 * @throws {RangeError} if `timeperiod` is not a whole number from 1 to 100,000
 */
export function roc(values: Float64Array, timeperiod = 10): Float64Array {
  return computeAlone(momentumIndicators.roc, [values], { timeperiod })[0];
}

/**
 * Balance of power, −1..1: the bar's body as a share of its range; 0 for a bar without range.
 *
 * @param open quote currency [T], as the others
 * @returns [T], from the first bar on
 */
export function bop(open: Float64Array, high: Float64Array, low: Float64Array, close: Float64Array): Float64Array {
  return computeAlone(momentumIndicators.bop, [open, high, low, close], {})[0];
}
