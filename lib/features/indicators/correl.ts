import { blockLength } from "./block.ts";
import { computeAlone } from "./compute.ts";
import { type Indicator, indicator, type Kernel } from "./indicator.ts";

/**
 * Sums are of distances from a level near the window, as in `fillDeviation`, and set anew for the same reasons.
 */
const kernel: Kernel = ([a, b], _, { correl }) => {
  if (!correl) return;
  const period = correl.params.timeperiod;
  const out = correl.outputs[0];
  const length = a.length;
  const share = 1 / period;
  const block = blockLength(period);
  let [levelA, levelB] = [a[0], b[0]];
  let [sumA, sumB, squaresA, squaresB, products] = [0, 0, 0, 0, 0];
  const add = (i: number) => {
    const [x, y] = [a[i] - levelA, b[i] - levelB];
    sumA += x;
    squaresA += x * x;
    products += x * y;
    sumB += y;
    squaresB += y * y;
  };
  for (let i = 0; i < Math.min(period - 1, length); i++) add(i);
  let [leftA, leftB] = [0, 0]; // squared distances of the values that have just left
  let renew = period - 2 + block;
  for (let t = period - 1; t < length; t++) {
    add(t);
    let varianceA = squaresA - sumA * sumA * share;
    let varianceB = squaresB - sumB * sumB * share;
    let covariance = products - sumA * sumB * share;
    if (
      varianceA < 1e-6 * squaresA || varianceB < 1e-6 * squaresB || leftA > 1e6 * squaresA || leftB > 1e6 * squaresB ||
      t >= renew
    ) {
      renew = t + block;
      [levelA, levelB] = [0, 0];
      for (let i = t - period + 1; i <= t; i++) {
        levelA += a[i];
        levelB += b[i];
      }
      levelA *= share;
      levelB *= share;
      [sumA, sumB, squaresA, squaresB, products] = [0, 0, 0, 0, 0];
      for (let i = t - period + 1; i <= t; i++) add(i);
      varianceA = Math.max(0, squaresA - sumA * sumA * share);
      varianceB = Math.max(0, squaresB - sumB * sumB * share);
      covariance = products - sumA * sumB * share;
    }
    out[t] = varianceA > 1e-14 * squaresA && varianceB > 1e-14 * squaresB
      ? Math.min(1, Math.max(-1, covariance / Math.sqrt(varianceA * varianceB)))
      : 0;
    const [x, y] = [a[t - period + 1] - levelA, b[t - period + 1] - levelB];
    leftA = x * x;
    leftB = y * y;
    sumA -= x;
    squaresA -= leftA;
    products -= x * y;
    sumB -= y;
    squaresB -= leftB;
  }
};

export const correlIndicators: Record<"correl", Indicator> = {
  correl: indicator({
    name: "correl",
    inputs: ["$high", "$low"],
    params: { timeperiod: 30 },
    outputs: ["correl"],
    warmup: ({ timeperiod }) => timeperiod - 1,
    kernel,
  }),
};

/**
 * Pearson's correlation of two series over the last `timeperiod` bars, −1..1; 0 where either does not vary.
 *
 * @param a any series, finite after a start of NaN [T]
 * @param b the other [T]
 * @returns [T]; NaN before index `timeperiod - 1`
 * @throws {RangeError} if `timeperiod` is not a whole number from 1 to 100,000
 */
export function correl(a: Float64Array, b: Float64Array, timeperiod = 30): Float64Array {
  return computeAlone(correlIndicators.correl, [a, b], { timeperiod })[0];
}
