import { computeAlone } from "./compute.ts";
import { type Indicator, indicator, single } from "./indicator.ts";

/**
 * The sums are of distances from levels near the window, which are set anew for the same reasons as in `deviationStep`.
 */
const kernel = single(([a, b], { timeperiod: period }, [out]) => {
  const share = 1 / period;
  const sums = { sumA: 0, sumB: 0, squaresA: 0, squaresB: 0, products: 0 };
  // `leftA`, `leftB`: squared distances of the values that have just left
  let state = { levelA: 0, levelB: 0, ...sums, leftA: 0, leftB: 0, renew: 33 * period - 2 };
  return (from, to) => {
    let { levelA, levelB, sumA, sumB, squaresA, squaresB, products, leftA, leftB, renew } = state;
    renew += from;
    if (from === 0) [levelA, levelB] = [a[0], b[0]];
    let t = from;
    for (const end = Math.min(to, period - 1); t < end; t++) {
      const x = a[t] - levelA;
      const y = b[t] - levelB;
      sumA += x;
      sumB += y;
      squaresA += x * x;
      squaresB += y * y;
      products += x * y;
    }
    while (t < to) {
      for (; t < to; t++) {
        const x = a[t] - levelA;
        const y = b[t] - levelB;
        sumA += x;
        sumB += y;
        squaresA += x * x;
        squaresB += y * y;
        products += x * y;
        const varianceA = squaresA - sumA * sumA * share;
        const varianceB = squaresB - sumB * sumB * share;
        const stale = varianceA < 1e-6 * squaresA || varianceB < 1e-6 * squaresB || leftA > 1e6 * squaresA ||
          leftB > 1e6 * squaresB || t >= renew;
        if (stale) break;
        const both = varianceA * varianceB;
        const correlation = both > 0 ? (products - sumA * sumB * share) / Math.sqrt(both) : 0;
        out[t] = correlation > 1 ? 1 : correlation < -1 ? -1 : correlation;
        const oldX = a[t - period + 1] - levelA;
        const oldY = b[t - period + 1] - levelB;
        leftA = oldX * oldX;
        leftB = oldY * oldY;
        sumA -= oldX;
        sumB -= oldY;
        squaresA -= leftA;
        squaresB -= leftB;
        products -= oldX * oldY;
      }
      if (t === to) break;
      renew = t + 32 * period;
      levelA = 0;
      levelB = 0;
      for (let i = t - period + 1; i <= t; i++) {
        levelA += a[i];
        levelB += b[i];
      }
      levelA *= share;
      levelB *= share;
      [sumA, sumB, squaresA, squaresB, products] = [0, 0, 0, 0, 0];
      for (let i = t - period + 1; i <= t; i++) {
        const x = a[i] - levelA;
        const y = b[i] - levelB;
        sumA += x;
        sumB += y;
        squaresA += x * x;
        squaresB += y * y;
        products += x * y;
      }
      const varianceA = squaresA - sumA * sumA * share;
      const varianceB = squaresB - sumB * sumB * share;
      const varied = varianceA > 1e-14 * squaresA && varianceB > 1e-14 * squaresB;
      const correlation = varied ? (products - sumA * sumB * share) / Math.sqrt(varianceA * varianceB) : 0;
      out[t] = Math.min(1, Math.max(-1, correlation));
      const oldX = a[t - period + 1] - levelA;
      const oldY = b[t - period + 1] - levelB;
      leftA = oldX * oldX;
      leftB = oldY * oldY;
      sumA -= oldX;
      sumB -= oldY;
      squaresA -= leftA;
      squaresB -= leftB;
      products -= oldX * oldY;
      t++;
    }
    state = { levelA, levelB, sumA, sumB, squaresA, squaresB, products, leftA, leftB, renew: renew - to };
  };
});

/** Correlation, for the table. */
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
