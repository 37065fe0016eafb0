import { mean, quantileSorted, std } from "../base/stats.ts";
import type { FeatureMatrix } from "./matrix.ts";

/** How a scaler finds centre and spread; see `fitScaler`. */
export type ScalerKind = "standard" | "robust" | "minmax" | "none";

/** How a matrix is brought to a common size: `(x − centre) / spread`. Plain JSON, to travel inside a model's file. */
export interface Scaler {
  readonly kind: ScalerKind;
  readonly names: readonly string[]; // [F]
  readonly centre: readonly number[]; // [F]
  readonly spread: readonly number[]; // [F] never 0
  /** Features that did not vary where the scaler was fitted: they are only centred. */
  readonly constant: readonly string[];
  /** Largest size after scaling, so that one bar unlike all of training cannot drown the rest; null for none. */
  readonly clip: number | null;
  /** First and last bar it was fitted on, ms UTC: what comes later was not seen. */
  readonly fitted: { readonly from: number; readonly to: number; readonly bars: number };
}

/**
 * Fits a scaler on rows `from` (inclusive) to `to` (exclusive): the training rows, and no others. Rows before the
 * matrix's warm-up are left out.
 *
 * - `standard`: mean and standard deviation (population).
 * - `robust`: median and interquartile range; the standard deviation for a feature that varies while its quartiles are
 *   equal (a rare signal), whose range would be 0.
 * - `minmax`: 0 at the smallest, 1 at the largest value of the training rows.
 * - `none`: leaves everything as it is.
 *
 * @param options.clip cuts scaled values off at ±clip; off unless given
 * @throws {RangeError} if fewer than two rows are left, or one holds a value that is not finite
 */
export function fitScaler(
  matrix: FeatureMatrix,
  from: number,
  to: number,
  options: { readonly kind?: ScalerKind; readonly clip?: number } = {},
): Scaler {
  const { kind = "standard", clip } = options;
  const { names, time, values, warmup } = matrix;
  if (!Object.hasOwn(fits, kind)) {
    throw new RangeError(`Cannot scale as the kind must be one of ${Object.keys(fits).join(", ")}: it is "${kind}"`);
  }
  if (clip !== undefined && !(clip > 0)) {
    throw new RangeError(`Cannot scale as clip must be more than 0: current value is ${clip}`);
  }
  if (!Number.isInteger(from) || !Number.isInteger(to) || from < 0 || to > time.length) {
    throw new RangeError(`Cannot fit a scaler on rows ${from} to ${to} as the matrix has rows 0 to ${time.length}`);
  }
  const first = Math.max(from, warmup);
  const bars = to - first;
  if (bars < 2) {
    throw new RangeError(
      `Cannot fit a scaler on rows ${from} to ${to} as two rows after the warm-up (${warmup}) are the least`,
    );
  }
  const [centre, spread, constant]: [number[], number[], string[]] = [[], [], []];
  for (let f = 0; f < names.length; f++) {
    const column = Float64Array.from({ length: bars }, (_, i) => values[(first + i) * names.length + f]).sort();
    // Sorted, the ends tell: NaN sorts last and -Infinity first.
    if (!Number.isFinite(column[0]) || !Number.isFinite(column[bars - 1])) {
      throw new RangeError(`Cannot fit a scaler as "${names[f]}" must be finite in rows ${first} to ${to}`);
    }
    const flat = column[0] === column[bars - 1];
    const [middle, size] = kind === "none" ? [0, 1] : flat ? [column[0], 1] : fits[kind](column);
    centre.push(middle);
    spread.push(size);
    if (flat) constant.push(names[f]);
  }
  const fitted = { from: time[first], to: time[to - 1], bars };
  return { kind, names: [...names], centre, spread, constant, clip: clip ?? null, fitted };
}

/** Centre and spread of values in ascending order that are not all equal. */
const fits: Readonly<Record<ScalerKind, (sorted: Float64Array) => [number, number]>> = {
  standard: (sorted) => [mean(sorted), std(sorted, 0)],
  robust(sorted) {
    const range = quantileSorted(sorted, 0.75) - quantileSorted(sorted, 0.25);
    return [quantileSorted(sorted, 0.5), range > 0 ? range : std(sorted, 0)];
  },
  minmax: (sorted) => [sorted[0], sorted[sorted.length - 1] - sorted[0]],
  none: () => [0, 1],
};

/**
 * Scales every row, those the scaler has not seen too. NaN stays NaN.
 *
 * @throws {RangeError} if the matrix's features are not the scaler's, in the scaler's order
 */
export function scale(matrix: FeatureMatrix, scaler: Scaler): FeatureMatrix {
  const { names, time, values, warmup } = matrix;
  checkNames(names, scaler.names);
  const scaled = new Float32Array(values.length);
  const { centre, spread } = scaler;
  const limit = scaler.clip ?? Infinity;
  const width = names.length;
  for (let row = 0; row < values.length; row += width) {
    for (let f = 0; f < width; f++) {
      const x = (values[row + f] - centre[f]) / spread[f];
      scaled[row + f] = x > limit ? limit : x < -limit ? -limit : x;
    }
  }
  return { names, time, values: scaled, warmup };
}

function checkNames(names: readonly string[], wanted: readonly string[]): void {
  const missing = wanted.filter((name) => !names.includes(name));
  const unknown = names.filter((name) => !wanted.includes(name));
  const list = (some: readonly string[]) => some.map((name) => `"${name}"`).join(", ");
  if (missing.length > 0 || unknown.length > 0) {
    throw new RangeError(
      "Cannot scale the matrix as its features must be the scaler's: " +
        [missing.length > 0 && `it lacks ${list(missing)}`, unknown.length > 0 && `it has ${list(unknown)} besides`]
          .filter(Boolean).join(" and "),
    );
  }
  const at = wanted.findIndex((name, f) => names[f] !== name);
  if (at >= 0 || names.length !== wanted.length) {
    throw new RangeError(
      `Cannot scale the matrix as its features must be in the scaler's order: ${list([wanted[at]])} is number ${
        at + 1
      } there, ${list([names[at]])} here`,
    );
  }
}

/**
 * A scaler read from JSON, checked.
 *
 * @throws {TypeError} if it is not one
 */
export function parseScaler(value: unknown): Scaler {
  const scaler = value as Scaler;
  const numbers = (list: unknown) => Array.isArray(list) && list.every((x) => Number.isFinite(x));
  const texts = (list: unknown) => Array.isArray(list) && list.every((x) => typeof x === "string");
  const sound = typeof value === "object" && value !== null && Object.hasOwn(fits, scaler.kind) &&
    texts(scaler.names) && texts(scaler.constant) && numbers(scaler.centre) && numbers(scaler.spread) &&
    [scaler.centre, scaler.spread].every((list) => list.length === scaler.names.length) &&
    scaler.spread.every((size) => size > 0) && (scaler.clip === null || scaler.clip > 0) &&
    Number.isFinite(scaler.fitted?.from) && Number.isFinite(scaler.fitted?.to);
  if (sound) return scaler;
  throw new TypeError(
    "Cannot read a scaler as its kind, names, centre, spread, clip and fitted span must all be there",
  );
}
