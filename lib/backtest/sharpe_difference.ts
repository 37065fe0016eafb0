import { correlation, mean, std } from "../base/stats.ts";
import { returns } from "./metrics.ts";

/** How two Sharpe ratios over the same bars differ, beside what chance alone would give. */
export interface SharpeDifference {
  readonly difference: number; // per bar, first less second
  readonly error: number; // its standard error
  readonly z: number; // difference / error; beyond ±1.96 chance alone is unlikely. NaN when they move as one
}

/**
 * Jobson and Korkie's test of two Sharpe ratios (1981) with Memmel's correction (2003, eq. 6). It takes returns as
 * normal and independent; with heavy tails the true error is larger, so that "within chance" stands and "beyond chance"
 * is to be read with care.
 *
 * @param a equity at each close [T]; `b` at the same bars
 * @throws {RangeError} if lengths differ
 */
export function sharpeDifference(a: Float64Array, b: Float64Array): SharpeDifference {
  if (a.length !== b.length) {
    throw new RangeError(`Cannot compare Sharpe ratios as both must have the same bars: ${a.length} and ${b.length}`);
  }
  const [x, y] = [returns(a), returns(b)];
  const [p, q] = [mean(x) / std(x), mean(y) / std(y)];
  const r = correlation(x, y);
  const variance = (2 * (1 - r) + 0.5 * (p * p + q * q - 2 * p * q * r * r)) / x.length;
  const error = Math.sqrt(Math.max(0, variance));
  return { difference: p - q, error, z: error > 1e-9 ? (p - q) / error : NaN };
}
