import { computeAlone } from "./compute.ts";
import { type Indicator, indicator, type Kernel } from "./indicator.ts";

/** Ehlers's coefficients of the Hilbert transform over seven bars: the outer and the inner pair. */
const outer = 0.0962;
const inner = 0.5769;

/**
 * The price is smoothed, freed of its trend and split into a component in phase and one a quarter of a cycle ahead. How
 * fast their angle turns from bar to bar gives the period. Each filter spans seven bars and is stretched to the period
 * found a bar before.
 */
const kernel: Kernel = ([values], _, { ht_dcperiod }) => {
  if (!ht_dcperiod || values.length < 12) return;
  const out = ht_dcperiod.outputs[0];
  // the last values of each stage, by t & 15
  const [smooth, detrended, quadrature] = [new Float64Array(16), new Float64Array(16), new Float64Array(16)];
  let [inPhase, ahead, real, imaginary, period, smoothPeriod] = [0, 0, 0, 0, 0, 0];
  let weighted = values[0] + 2 * values[1] + 3 * values[2];
  let sum = values[0] + values[1] + values[2];
  let leaving = 0;
  for (let t = 3; t < values.length; t++) {
    sum = sum + values[t] - leaving;
    weighted += 4 * values[t];
    leaving = values[t - 3];
    const price = weighted * 0.1;
    weighted -= sum;
    if (t < 12) continue;
    const stretch = 0.075 * period + 0.54;
    const [now, ago2, ago4, ago6] = [t & 15, (t - 2) & 15, (t - 4) & 15, (t - 6) & 15];
    const [ago3, ago5, ago7, ago9] = [(t - 3) & 15, (t - 5) & 15, (t - 7) & 15, (t - 9) & 15];
    smooth[now] = price;
    const trendless = stretch * hilbert(price, smooth[ago2], smooth[ago4], smooth[ago6]);
    detrended[now] = trendless;
    const quarter = stretch * hilbert(trendless, detrended[ago2], detrended[ago4], detrended[ago6]);
    quadrature[now] = quarter;
    const delayed = detrended[ago3]; // the component in phase with the quarter
    const turnedPhase = stretch * hilbert(delayed, detrended[ago5], detrended[ago7], detrended[ago9]);
    const turnedQuarter = stretch * hilbert(quarter, quadrature[ago2], quadrature[ago4], quadrature[ago6]);
    const newAhead = 0.2 * (quarter + turnedPhase) + 0.8 * ahead;
    const newInPhase = 0.2 * (delayed - turnedQuarter) + 0.8 * inPhase;
    real = 0.2 * (newInPhase * inPhase + newAhead * ahead) + 0.8 * real;
    imaginary = 0.2 * (newInPhase * ahead - newAhead * inPhase) + 0.8 * imaginary;
    ahead = newAhead;
    inPhase = newInPhase;
    let found = period;
    if (imaginary !== 0 && real !== 0) found = 360 / (Math.atan(imaginary / real) * degrees);
    found = Math.min(found, 1.5 * period);
    found = Math.max(found, 0.67 * period);
    found = Math.min(Math.max(found, 6), 50);
    period = 0.2 * found + 0.8 * period;
    smoothPeriod = 0.33 * period + 0.67 * smoothPeriod;
    out[t] = smoothPeriod;
  }
};

const degrees = 180 / Math.PI;

/** The filter over seven bars, of which every other counts. */
function hilbert(now: number, ago2: number, ago4: number, ago6: number): number {
  return outer * now - outer * ago6 - inner * ago4 + inner * ago2;
}

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
