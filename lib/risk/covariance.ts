import { mean } from "../base/stats.ts";

/** A covariance matrix that was pulled towards a simpler one. */
export interface Covariance {
  readonly values: Float64Array; // [K, K] row-major
  readonly shrinkage: number; // 0 the sample's own, 1 only equal variances
}

/**
 * Covariance of K series, pulled towards equal variances without correlation by as much as the sample's own noise
 * suggests (Ledoit and Wolf 2004, "A well-conditioned estimator for large-dimensional covariance matrices", lemma 3.2).
 * Never singular unless nothing varies. Divides by n.
 *
 * @param series [K] of equal length
 * @throws {RangeError} if there are fewer than two observations, or lengths differ
 */
export function ledoitWolf(series: readonly Float64Array[]): Covariance {
  const K = series.length;
  const n = checkSeries(series);
  const centred = series.map((one) => {
    const centre = mean(one);
    return one.map((value) => value - centre);
  });
  const sample = new Float64Array(K * K);
  let [beta, delta] = [0, 0]; // noise of the sample, distance from the target; sums over pairs
  for (let i = 0; i < K; i++) {
    for (let j = 0; j <= i; j++) {
      let [sum, squares] = [0, 0];
      for (let t = 0; t < n; t++) {
        const product = centred[i][t] * centred[j][t];
        sum += product;
        squares += product * product;
      }
      sample[i * K + j] = sample[j * K + i] = sum / n;
      const twice = i === j ? 1 : 2;
      beta += twice * (squares / n - (sum / n) ** 2) / n;
      delta += twice * (sum / n) ** 2;
    }
  }
  let level = 0;
  for (let i = 0; i < K; i++) level += sample[i * K + i] / K;
  delta -= K * level * level;
  const shrinkage = delta > 0 ? Math.min(1, Math.max(0, beta / delta)) : 0;
  for (let i = 0; i < K * K; i++) sample[i] *= 1 - shrinkage;
  for (let i = 0; i < K; i++) sample[i * K + i] += shrinkage * level;
  return { values: sample, shrinkage };
}

/**
 * Long-only weights [K] with the least variance, adding up to 1, by coordinate descent on w'Σw/2 − Σw over w ≥ 0.
 *
 * @throws {RangeError} if the covariance is singular or not a covariance
 */
export function minimumVariance(covariance: Float64Array): Float64Array {
  const K = checkCovariance(covariance);
  const y = Float64Array.from({ length: K }, (_, k) => 1 / covariance[k * K + k]);
  descend(y, covariance, (variance, others) => Math.max(0, (1 - others) / variance));
  return normalised(y);
}

/**
 * Long-only weights [K], adding up to 1, of which each contributes the same risk: wₖ(Σw)ₖ equal for all (Maillard,
 * Roncalli and Teïletche 2010), by cyclical coordinate descent (Griveau-Billion, Richard and Roncalli 2013).
 *
 * @throws {RangeError} if the covariance is singular or not a covariance
 */
export function riskParity(covariance: Float64Array): Float64Array {
  const K = checkCovariance(covariance);
  const y = Float64Array.from({ length: K }, (_, k) => 1 / Math.sqrt(K * covariance[k * K + k]));
  descend(
    y,
    covariance,
    (variance, others) => (Math.sqrt(others * others + 4 * variance / K) - others) / (2 * variance),
  );
  return normalised(y);
}

/** Share of a portfolio's variance that each position brings: wₖ(Σw)ₖ / w'Σw [K], adding up to 1; NaN without risk. */
export function riskContributions(weights: ArrayLike<number>, covariance: Float64Array): Float64Array {
  const K = weights.length;
  const parts = Float64Array.from({ length: K }, (_, k) => weights[k] * product(covariance, weights, k));
  const total = parts.reduce((sum, part) => sum + part, 0);
  return parts.map((part) => total > 0 ? part / total : NaN);
}

/** Variance of a portfolio, w'Σw. */
export function portfolioVariance(weights: ArrayLike<number>, covariance: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < weights.length; k++) sum += weights[k] * product(covariance, weights, k);
  return sum;
}

/** Moves each coordinate to its best value, given the others, until none moves. */
function descend(y: Float64Array, covariance: Float64Array, best: (variance: number, others: number) => number): void {
  const K = y.length;
  for (let round = 0; round < 10_000; round++) {
    let [moved, size] = [0, 0];
    for (let k = 0; k < K; k++) {
      const variance = covariance[k * K + k];
      const next = best(variance, product(covariance, y, k) - variance * y[k]);
      moved = Math.max(moved, Math.abs(next - y[k]));
      size = Math.max(size, Math.abs(next));
      y[k] = next;
    }
    if (moved <= 1e-13 * size) return;
  }
}

function product(covariance: Float64Array, weights: ArrayLike<number>, k: number): number {
  const K = weights.length;
  let sum = 0;
  for (let j = 0; j < K; j++) sum += covariance[k * K + j] * weights[j];
  return sum;
}

function normalised(y: Float64Array): Float64Array {
  const total = y.reduce((sum, value) => sum + value, 0);
  return y.map((value) => value / total);
}

function checkSeries(series: readonly Float64Array[]): number {
  const n = series[0]?.length ?? 0;
  if (n >= 2 && series.every((one) => one.length === n)) return n;
  throw new RangeError(
    `Cannot estimate a covariance as there must be at least 2 returns of each asset: there are ${
      series.map((one) => one.length).join(", ") || "no assets"
    }`,
  );
}

/** @returns K, where a Cholesky factor exists and is not lost in rounding */
function checkCovariance(covariance: Float64Array): number {
  const K = Math.sqrt(covariance.length);
  if (!Number.isInteger(K) || K === 0) {
    throw new RangeError(`Cannot weigh assets as a covariance must be square: it has ${covariance.length} values`);
  }
  const factor = covariance.slice();
  for (let j = 0; j < K; j++) {
    for (let i = j; i < K; i++) {
      let sum = factor[i * K + j];
      for (let m = 0; m < j; m++) sum -= factor[i * K + m] * factor[j * K + m];
      if (i > j) factor[i * K + j] = sum / factor[j * K + j];
      else if (sum > 1e-12 * covariance[j * K + j]) factor[j * K + j] = Math.sqrt(sum);
      else {
        throw new RangeError(
          `Cannot weigh assets as their covariance is singular: asset ${j} ${
            covariance[j * K + j] > 0 ? "moves as a mix of those before it" : "does not vary"
          }; shrink it first (ledoitWolf)`,
        );
      }
    }
  }
  return K;
}
