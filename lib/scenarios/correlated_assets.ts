import type { Setting } from "../base/setting.ts";
import { cholesky, nearestTo } from "./cholesky.ts";
import { drawStart, placing, type Scenario } from "./scenario.ts";
import { closeReturns, reshape, toShape } from "./shape.ts";

/** What a joint fall can be tuned by. */
export const correlatedAssetsSettings = {
  correlation: { default: 0.95, min: -1, max: 1, help: "correlation of each pair meanwhile" },
  depth: { default: 0.25, min: 0, max: 0.95, help: "fall of all, beside what the bars did anyway, share of price" },
  bars: { default: 72, min: 8, max: 100_000, whole: true, help: "how long they move together" },
  fall_bars: { default: 12, min: 1, max: 10_000, whole: true, help: "bars of the fall, from the first on" },
  spread: { default: 4, min: 1, max: 1000, help: "spread meanwhile, times what it was" },
  ...placing,
} satisfies Readonly<Record<string, Setting>>;

/**
 * Everything falls together and spreading over assets stops helping. Meanwhile the order of each asset's moves is changed
 * so that they correlate as wanted; which moves an asset makes, its marginal distribution, stays to the last bit.
 *
 * @throws {RangeError} when run, if there is one asset only, or no set of assets can correlate like that: it says what
 * the nearest possible is
 */
export function correlatedAssets(
  { correlation = 0.95, depth = 0.25, bars = 72, fall_bars: fallBars = 12, spread = 4, earliest = 0.2, latest = 0.6 } =
    {},
): Scenario {
  return (market, random) => {
    const K = market.assets.length;
    if (K < 2) {
      throw new RangeError(
        `Cannot correlate assets as there must be at least two: current value is ${K}; name more with --input A,B`,
      );
    }
    const target = Array.from(
      { length: K },
      (_, i) => Float64Array.from({ length: K }, (_, j) => (i === j ? 1 : correlation)),
    );
    const start = drawStart(market.length, earliest, latest, random);
    const end = Math.min(market.length, start + bars);
    const returns = market.assets.map((candles) => closeReturns(toShape(candles, 0)).subarray(start, end));
    const joint = correlate(returns, target);
    const weights = Float64Array.from({ length: Math.min(fallBars, end - start) }, () => -Math.log(1 - random()));
    const all = weights.reduce((sum, weight) => sum + weight, 0);
    return reshape(market, start, (shape, k) => {
      for (let t = start; t < end; t++) {
        const i = t - start;
        const fall = i < weights.length ? Math.log1p(-depth) * weights[i] / all : 0;
        shape.body[t] = joint[k][i] - shape.gap[t] + fall;
        shape.spread[t] *= spread;
      }
    });
  };
}

/**
 * Reorders each series so that they correlate as `target` says, nearly: residuals are whitened by the Cholesky factor of
 * their own correlation, coloured by the target's, and each series' own values are put in the order that comes out (Iman
 * and Conover 1982, "A distribution-free approach to inducing rank correlation"). Marginals are kept exactly.
 *
 * @param returns K series of n
 * @throws {RangeError} if the target is no correlation matrix, naming the nearest on the way to none
 */
export function correlate(returns: readonly Float64Array[], target: readonly ArrayLike<number>[]): Float64Array[] {
  const [K, n] = [returns.length, returns[0].length];
  const wanted = cholesky(target);
  if (wanted === undefined) {
    throw new RangeError(
      `Cannot correlate ${K} assets like that as the matrix must be positive definite: ${nearestTo(target)}`,
    );
  }
  if (n < 3) return returns.map((series) => series.slice());
  const scores = returns.map(normalised);
  // Toward no correlation as far as needed: assets that always move as one have a singular matrix.
  let shrunk = 0;
  const sample = () =>
    scores.map((a, i) => Float64Array.from(scores, (b, j) => (i === j ? 1 : (1 - shrunk) * dot(a, b) / n)));
  let own = cholesky(sample());
  while (own === undefined) {
    shrunk = shrunk === 0 ? 1e-6 : Math.min(1, shrunk * 10);
    own = cholesky(sample());
  }
  const coloured = scores.map(() => new Float64Array(n));
  const white = new Float64Array(K);
  for (let t = 0; t < n; t++) {
    for (let i = 0; i < K; i++) {
      let value = scores[i][t];
      for (let j = 0; j < i; j++) value -= own[i][j] * white[j];
      white[i] = value / own[i][i];
    }
    for (let i = 0; i < K; i++) for (let j = 0; j <= i; j++) coloured[i][t] += wanted[i][j] * white[j];
  }
  return coloured.map((order, k) => inOrderOf(returns[k], order));
}

/** The values of `series`, in the order of `order`: its smallest where that is smallest. */
function inOrderOf(series: Float64Array, order: Float64Array): Float64Array {
  const sorted = series.slice().sort();
  const places = Array.from(order.keys()).sort((a, b) => order[a] - order[b] || a - b);
  const out = new Float64Array(series.length);
  for (const [rank, place] of places.entries()) out[place] = sorted[rank];
  return out;
}

/** Mean 0, variance 1; a flat series takes the order of time. */
function normalised(series: Float64Array): Float64Array {
  const n = series.length;
  const centre = series.reduce((sum, x) => sum + x, 0) / n;
  const variance = series.reduce((sum, x) => sum + (x - centre) ** 2, 0) / n;
  return variance > 0
    ? series.map((x) => (x - centre) / Math.sqrt(variance))
    : series.map((_, t) => (t - (n - 1) / 2) * Math.sqrt(12 / (n * n - 1)));
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
