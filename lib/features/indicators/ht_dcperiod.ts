import { computeAlone } from "./compute.ts";
import { cyclePeriod } from "./cycle_period.ts";
import { type Indicator, indicator, single } from "./indicator.ts";
import { inTurn, type Step, workColumn } from "./step.ts";

/** Ehlers's coefficients of the Hilbert transform over seven bars: the outer and the inner pair. */
const outer = 0.0962;
const inner = 0.5769;

/**
 * The price smoothed: the last four with weights 4, 3, 2, 1. The sums go on for ever, as TA-Lib's do: on a flat price or a
 * straight line the trendless rest is rounding, and its cycle is the same only if the rounding is. What they gather, 5e-9
 * of the price in a million bars, is a level, which the detrending takes away.
 */
function smoothStep(values: Float64Array, out: Float64Array): Step {
  let state = { weighted: 0, sum: 0 };
  return (from, to) => {
    let { weighted, sum } = state;
    for (let t = from; t < to; t++) {
      sum = sum + values[t] - (t > 3 ? values[t - 4] : 0);
      weighted += Math.min(t + 1, 4) * values[t];
      out[t] = t < 12 ? 0 : weighted * 0.1; // the filters begin with zeros
      if (t >= 3) weighted -= sum;
    }
    state = { weighted, sum };
  };
}

/**
 * The smoothed price is freed of its trend and split into a component in phase and one a quarter of a cycle ahead. How
 * fast their angle turns from bar to bar gives the period. Each filter spans seven bars and is stretched to the period
 * found a bar before.
 */
function cycleStep(smooth: Float64Array, out: Float64Array): Step {
  const detrended = new Float64Array(16); // the last values, by t & 15
  const quadrature = new Float64Array(16);
  let state = { inPhase: 0, ahead: 0, real: 0, imaginary: 0, period: 0, smoothPeriod: 0 };
  return (from, to) => {
    let { inPhase, ahead, real, imaginary, period, smoothPeriod } = state;
    for (let t = Math.max(from, 12); t < to; t++) {
      const stretch = 0.075 * period + 0.54;
      const trendless = stretch *
        (outer * smooth[t] - outer * smooth[t - 6] - inner * smooth[t - 4] + inner * smooth[t - 2]);
      detrended[t & 15] = trendless;
      const quarter = stretch * (outer * trendless - outer * detrended[(t - 6) & 15] -
        inner * detrended[(t - 4) & 15] + inner * detrended[(t - 2) & 15]);
      quadrature[t & 15] = quarter;
      const delayed = detrended[(t - 3) & 15]; // the component in phase with the quarter
      const turnedPhase = stretch * (outer * delayed - outer * detrended[(t - 9) & 15] -
        inner * detrended[(t - 7) & 15] + inner * detrended[(t - 5) & 15]);
      const turnedQuarter = stretch * (outer * quarter - outer * quadrature[(t - 6) & 15] -
        inner * quadrature[(t - 4) & 15] + inner * quadrature[(t - 2) & 15]);
      const newAhead = 0.2 * (quarter + turnedPhase) + 0.8 * ahead;
      const newInPhase = 0.2 * (delayed - turnedQuarter) + 0.8 * inPhase;
      real = 0.2 * (newInPhase * inPhase + newAhead * ahead) + 0.8 * real;
      imaginary = 0.2 * (newInPhase * ahead - newAhead * inPhase) + 0.8 * imaginary;
      ahead = newAhead;
      inPhase = newInPhase;
      let found = period;
      if (imaginary !== 0 && real !== 0) found = cyclePeriod(real, imaginary);
      if (found > 1.5 * period) found = 1.5 * period;
      if (found < 0.67 * period) found = 0.67 * period;
      if (found < 6) found = 6;
      if (found > 50) found = 50;
      period = 0.2 * found + 0.8 * period;
      smoothPeriod = 0.33 * period + 0.67 * smoothPeriod;
      out[t] = smoothPeriod;
    }
    state = { inPhase, ahead, real, imaginary, period, smoothPeriod };
  };
}

const kernel = single(([values], _, [out]) => {
  const smooth = workColumn(values.length);
  return inTurn(smoothStep(values, smooth), cycleStep(smooth, out));
});

/** Dominant cycle, for the table. */
export const cycleIndicators: Record<"ht_dcperiod", Indicator> = {
  ht_dcperiod: indicator({
    name: "ht_dcperiod",
    inputs: ["$close"],
    params: {},
    outputs: ["ht_dcperiod"],
    warmup: () => 32,
    kernel,
  }),
};

/**
 * Dominant cycle period by the Hilbert transform, in bars, 6..50. Source: Ehlers 2001, Rocket Science for Traders,
 * ch. 7.
 *
 * @param values any series, finite after a start of NaN [T]
 * @returns [T]; NaN before index 32
 */
export function htDcperiod(values: Float64Array): Float64Array {
  return computeAlone(cycleIndicators.ht_dcperiod, [values], {})[0];
}
