import { density, normalQuantile } from "../base/normal.ts";
import { mean, quantileSorted, std } from "../base/stats.ts";

/** How much a bar may lose, as positive shares of equity: 0.03 is a loss of 3 %. */
export interface Tail {
  readonly valueAtRisk: number; // loss that is exceeded with probability 1 − level
  readonly expectedShortfall: number; // mean loss where it is exceeded; also called CVaR
  /** Whether the method's own conditions hold: false where Cornish–Fisher's quantiles are not in order. */
  readonly valid: boolean;
}

/** What the methods take besides returns. */
export interface TailOptions {
  /** Probability that the loss stays under the value at risk: 0.95, 0.99. */
  readonly level?: number;
  /** Weight of the last estimate in an exponential average of squares: RiskMetrics' 0.94 for days, 0.97 for months. */
  readonly decay?: number;
}

/** From the returns themselves: their quantile (numpy's interpolation) and the mean of those at or under it. */
export function historicalTail(returns: Float64Array, { level = 0.95 }: TailOptions = {}): Tail {
  check(returns, level, 1);
  return tailOfSorted(returns.slice().sort(), level);
}

/** As if returns were normal, with their mean and standard deviation (n − 1). */
export function normalTail(returns: Float64Array, { level = 0.95 }: TailOptions = {}): Tail {
  check(returns, level, 2);
  const z = normalQuantile(1 - level);
  return scaled(z, density(z) / (1 - level), mean(returns), std(returns));
}

/**
 * Normal, corrected for skewness and kurtosis (Cornish and Fisher 1937, to the third order; the shortfall is the mean of
 * the corrected quantiles, Maillard 2012). Not `valid` where skewness and kurtosis are outside the domain in which
 * corrected quantiles rise with the level: the number is then no quantile of anything.
 */
export function cornishFisherTail(returns: Float64Array, { level = 0.95 }: TailOptions = {}): Tail {
  check(returns, level, 4);
  const centre = mean(returns);
  let [m2, m3, m4] = [0, 0, 0];
  for (const r of returns) {
    const d = r - centre;
    m2 += d * d;
    m3 += d ** 3;
    m4 += d ** 4;
  }
  [m2, m3, m4] = [m2 / returns.length, m3 / returns.length, m4 / returns.length];
  const S = m2 > 0 ? m3 / m2 ** 1.5 : 0;
  const K = m2 > 0 ? m4 / m2 ** 2 - 3 : 0;
  const z = normalQuantile(1 - level);
  const q = z + (z * z - 1) * S / 6 + (z ** 3 - 3 * z) * K / 24 - (2 * z ** 3 - 5 * z) * S * S / 36;
  const beyond = density(z) / (1 - level) * (1 + z * S / 6 + (z * z - 1) * K / 24 + (1 - 2 * z * z) * S * S / 36);
  const tail = scaled(q, beyond, centre, std(returns));
  const [a, b, c] = [K / 8 - S * S / 6, S / 3, 1 - K / 8 + 5 * S * S / 36]; // slope of q(z) = az² + bz + c
  return { ...tail, valid: a >= 0 && c > 0 && b * b <= 4 * a * c };
}

/** Normal around zero, with the exponentially weighted volatility of RiskMetrics (1996): recent bars count more. */
export function ewmaTail(returns: Float64Array, { level = 0.95, decay = 0.94 }: TailOptions = {}): Tail {
  check(returns, level, 1);
  checkDecay(decay);
  const z = normalQuantile(1 - level);
  return scaled(z, density(z) / (1 - level), 0, Math.sqrt(ewmaVariance(returns, decay)[returns.length]));
}

/** Returns at the start of a window that only tell how volatile it is. */
const SETTLING = 20;

/**
 * Filtered historical simulation (Barone-Adesi, Giannopoulos and Vosper 1999): each return is divided by the volatility
 * that was forecast for its bar (exponentially weighted, from earlier returns alone); the quantile of these is scaled by
 * the volatility forecast for the next bar. Keeps the shape of the tail and follows volatility. The first 20 returns
 * only set the volatility.
 */
export function filteredTail(returns: Float64Array, { level = 0.95, decay = 0.94 }: TailOptions = {}): Tail {
  check(returns, level, SETTLING + 1);
  checkDecay(decay);
  const variance = ewmaVariance(returns, decay);
  const shocks = new Float64Array(returns.length - SETTLING);
  let n = 0;
  for (let t = SETTLING; t < returns.length; t++) {
    if (variance[t] > 0) shocks[n++] = returns[t] / Math.sqrt(variance[t]);
  }
  if (n === 0) return { valueAtRisk: 0, expectedShortfall: 0, valid: false };
  const next = Math.sqrt(variance[returns.length]);
  const { valueAtRisk, expectedShortfall, valid } = tailOfSorted(shocks.subarray(0, n).sort(), level);
  return { valueAtRisk: next * valueAtRisk, expectedShortfall: next * expectedShortfall, valid };
}

/** The methods by the names that settings use. */
export const tailMethods = {
  historical: historicalTail,
  normal: normalTail,
  cornish_fisher: cornishFisherTail,
  ewma: ewmaTail,
  filtered_historical: filteredTail,
} as const satisfies Record<string, (returns: Float64Array, options?: TailOptions) => Tail>;

export type TailMethod = keyof typeof tailMethods;

/** Forecasts of every bar's tail. */
export interface TailForecasts {
  readonly valueAtRisk: Float64Array; // [T] of the return of bar t, by earlier returns; NaN before the window is full
  readonly expectedShortfall: Float64Array; // [T]
  readonly invalid: number; // forecasts whose method's conditions did not hold
}

/**
 * What a method said of each return beforehand, from the `window` returns before it.
 *
 * @param returns [T], without NaN
 * @throws {RangeError} if the window is too short for the method or not shorter than the series, or the level is not
 * between a half and one
 */
export function tailForecasts(
  returns: Float64Array,
  method: TailMethod,
  { window = 250, ...options }: TailOptions & { readonly window?: number } = {},
): TailForecasts {
  if (!(Number.isInteger(window) && window > SETTLING && window < returns.length)) {
    throw new RangeError(
      `Cannot forecast tails as the window must be a whole number of bars, more than ${SETTLING} and fewer than there ` +
        `are (${returns.length}): current value is ${window}`,
    );
  }
  const valueAtRisk = new Float64Array(returns.length).fill(NaN);
  const expectedShortfall = new Float64Array(returns.length).fill(NaN);
  let invalid = 0;
  for (let t = window; t < returns.length; t++) {
    const tail = tailMethods[method](returns.subarray(t - window, t), options);
    valueAtRisk[t] = tail.valueAtRisk;
    expectedShortfall[t] = tail.expectedShortfall;
    if (!tail.valid) invalid++;
  }
  return { valueAtRisk, expectedShortfall, invalid };
}

/**
 * Exponentially weighted mean of squares, with weights that add up to 1 from the first bar on (pandas' `adjust=True`).
 *
 * @returns [T + 1]; index t is the forecast for bar t from the bars before it, NaN at 0
 */
export function ewmaVariance(returns: Float64Array, decay = 0.94): Float64Array {
  const out = new Float64Array(returns.length + 1);
  let [squares, weights] = [0, 0];
  out[0] = NaN;
  for (let t = 0; t < returns.length; t++) {
    squares = decay * squares + returns[t] * returns[t];
    weights = decay * weights + 1;
    out[t + 1] = squares / weights;
  }
  return out;
}

/** The historical tail of returns in ascending order. */
export function tailOfSorted(sorted: Float64Array, level: number): Tail {
  const threshold = quantileSorted(sorted, 1 - level);
  let [sum, n] = [0, 0];
  while (n < sorted.length && sorted[n] <= threshold) sum += sorted[n++];
  return { valueAtRisk: -threshold, expectedShortfall: -sum / n, valid: true };
}

/** Tail at `z` standard deviations, with a mean of −`beyond` of them below it. */
function scaled(z: number, beyond: number, centre: number, deviation: number): Tail {
  return {
    valueAtRisk: -(centre + z * deviation),
    expectedShortfall: -(centre - beyond * deviation),
    valid: true,
  };
}

function check(returns: Float64Array, level: number, least: number): void {
  if (!(level >= 0.5 && level < 1)) {
    throw new RangeError(
      `Cannot measure a tail as the level must be a probability from 0.5 to below 1: current value is ${level}`,
    );
  }
  if (returns.length < least) {
    throw new RangeError(
      `Cannot measure a tail as there must be at least ${least} returns: current value is ${returns.length}`,
    );
  }
  const bad = returns.findIndex((r) => !Number.isFinite(r));
  if (bad === -1) return;
  throw new RangeError(`Cannot measure a tail as returns must be numbers: the one at ${bad} is ${returns[bad]}`);
}

/** @throws {RangeError} if it is not between 0 and 1 */
export function checkDecay(decay: number): void {
  if (decay > 0 && decay < 1) return;
  throw new RangeError(`Cannot weigh returns as the decay must be between 0 and 1: current value is ${decay}`);
}
