import { type Displayable, displayed } from "../base/display.ts";
import { escapeHtml } from "../base/progress.ts";
import { correlation, mean, quantileSorted, ranks, std } from "../base/stats.ts";
import type { Candles } from "../market/candles.ts";
import type { BarRange } from "../market/split.ts";
import { columnOf, type FeatureMatrix } from "./matrix.ts";

/** How well one feature orders the returns that follow. */
export interface InformationCoefficient {
  readonly feature: string;
  readonly horizon: number; // bars
  /** Spearman's rank correlation of the feature at t with the return from the open of t + 1 to the close of t + h. */
  readonly ic: number; // -1..1; NaN when the feature does not vary
  readonly low: number; // 95 % confidence band
  readonly high: number;
  readonly bars: number; // pairs compared
  /** Independent pairs that these are worth: returns over several bars overlap. */
  readonly effective: number;
}

/**
 * Information coefficients of every feature over several horizons.
 *
 * The return is one that can be had: a decision at the close of t is filled at the open of t + 1. The band is Fisher's
 * transform with Fieller's variance for ranks, 1.06 / (n − 3) (Fieller, Hartley, Pearson 1957), where n is what the
 * overlapping pairs are worth by Bartlett's formula (1946): the sum over lags of the feature's own autocorrelation times
 * that of overlapping returns, 1 − lag / horizon. With many features some leave their band of zero by chance: of 100
 * useless ones, five. Pairs are those for which the longest horizon's return lies inside the range, so that no training
 * row is compared with a return of the test.
 *
 * @param options.range rows to look at, such as the training span; all unless given
 * @throws {RangeError} if a horizon is not a positive whole number, or fewer than 10 pairs are left
 */
export function informationCoefficient(
  matrix: FeatureMatrix,
  candles: Candles,
  horizons: readonly number[] = [1, 4, 12, 24],
  { range }: { readonly range?: BarRange } = {},
): InformationCoefficient[] {
  if (matrix.time.length !== candles.length) {
    throw new RangeError(
      `Cannot compare features with returns as both must have the same bars: ${matrix.time.length} rows, ` +
        `${candles.length} bars`,
    );
  }
  const odd = horizons.find((horizon) => !Number.isSafeInteger(horizon) || horizon < 1);
  if (odd !== undefined) {
    throw new RangeError(`Cannot look ahead by a horizon that is not a positive whole number: current value is ${odd}`);
  }
  const from = Math.max(range?.from ?? 0, matrix.warmup);
  const longest = Math.max(0, ...horizons);
  const to = Math.min(range?.to ?? candles.length, candles.length) - longest; // the same bars for every horizon
  if (to - from < 10) {
    throw new RangeError(
      `Cannot compare features with returns over ${longest} bars as at least 10 pairs are needed: ` +
        `current value is ${Math.max(0, to - from)}`,
    );
  }
  const returns = horizons.map((horizon) =>
    ranks(
      Float64Array.from({ length: to - from }, (_, i) =>
        Math.log(candles.$close[from + i + horizon] / candles.$open[from + i + 1])),
    )
  );
  return matrix.names.flatMap((feature, f) => {
    const x = ranks(columnOf(matrix, f).subarray(from, to));
    const own = autocorrelation(x, longest - 1);
    return horizons.map((horizon, h) => {
      const ic = correlation(x, returns[h]);
      const effective = worth(own, horizon, x.length);
      const half = 1.959964 * Math.sqrt(1.06 / Math.max(1, effective - 3));
      const [low, high] = [Math.tanh(Math.atanh(ic) - half), Math.tanh(Math.atanh(ic) + half)];
      return { feature, horizon, ic, low, high, bars: to - from, effective };
    });
  });
}

/** Autocorrelations at lags 0 to `lags`; NaN when all are equal. */
function autocorrelation(x: Float64Array, lags: number): Float64Array {
  const centre = mean(x);
  const own = new Float64Array(lags + 1);
  for (let lag = 0; lag <= lags; lag++) {
    for (let t = lag; t < x.length; t++) own[lag] += (x[t] - centre) * (x[t - lag] - centre);
  }
  return own.map((sum) => sum / own[0]);
}

/** Independent pairs that n overlapping ones are worth; never more than n, nor less than n / horizon. */
function worth(own: Float64Array, horizon: number, pairs: number): number {
  let inflation = 1;
  for (let lag = 1; lag < horizon; lag++) inflation += 2 * own[lag] * (1 - lag / horizon);
  return Number.isNaN(inflation) ? pairs : pairs / Math.min(horizon, Math.max(1, inflation));
}

/** Correlations of features among themselves, with an order in which those that say the same stand together. */
export interface FeatureCorrelation {
  readonly names: readonly string[]; // [F] as in the matrix
  /** [F, F] row-major, by place in `names`; NaN with a feature that does not vary. */
  readonly values: Float64Array;
  /** [F] places in `names`, neighbours alike. */
  readonly order: readonly number[];
  /** Clusters joined, closest first: `height` is 1 − |correlation| averaged over pairs. */
  readonly merges: readonly { readonly members: readonly number[]; readonly height: number }[];
}

/**
 * Correlation matrix of features and its clustered order: average linkage on 1 − |correlation|, each join turned so
 * that the closest ends meet.
 *
 * @throws {RangeError} if fewer than two rows are left
 */
export function featureCorrelation(
  matrix: FeatureMatrix,
  { method = "spearman", range }: {
    readonly method?: "spearman" | "pearson";
    readonly range?: BarRange;
  } = {},
): FeatureCorrelation {
  const { names } = matrix;
  const from = Math.max(range?.from ?? 0, matrix.warmup);
  const to = range?.to ?? matrix.time.length;
  if (to - from < 2) {
    throw new RangeError(`Cannot correlate features as at least two rows are needed: current value is ${to - from}`);
  }
  const columns = names.map((_, f) => {
    const column = columnOf(matrix, f).subarray(from, to);
    return standardized(method === "spearman" ? ranks(column) : Float64Array.from(column));
  });
  const width = names.length;
  const values = new Float64Array(width * width);
  for (let i = 0; i < width; i++) {
    for (let j = 0; j <= i; j++) {
      values[i * width + j] = values[j * width + i] = i === j && !Number.isNaN(columns[i][0])
        ? 1
        : dot(columns[i], columns[j]);
    }
  }
  const { order, merges } = clustered(values, width);
  return { names, values, order, merges };
}

/** Mean 0 and length 1; NaN when all are equal. */
function standardized(x: Float64Array): Float64Array {
  const [centre, size] = [mean(x), std(x, 0) * Math.sqrt(x.length)];
  const flat = x.every((value) => value === x[0]);
  return x.map((value) => (flat ? NaN : (value - centre) / size));
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return Math.max(-1, Math.min(1, sum));
}

function clustered(values: Float64Array, width: number): Pick<FeatureCorrelation, "order" | "merges"> {
  const distance = (i: number, j: number) => {
    const r = values[i * width + j];
    return Number.isNaN(r) ? 1 : 1 - Math.abs(r);
  };
  let clusters = Array.from({ length: width }, (_, i) => [i]);
  const merges: { members: readonly number[]; height: number }[] = [];
  const between = (a: readonly number[], b: readonly number[]) => mean(a.flatMap((i) => b.map((j) => distance(i, j))));
  while (clusters.length > 1) {
    let [least, first, second] = [Infinity, 0, 1];
    for (let i = 0; i < clusters.length; i++) {
      for (let j = i + 1; j < clusters.length; j++) {
        const gap = between(clusters[i], clusters[j]);
        if (gap < least) [least, first, second] = [gap, i, j];
      }
    }
    const joined = joinEnds(clusters[first], clusters[second], distance);
    merges.push({ members: joined, height: least });
    clusters = [...clusters.filter((_, i) => i !== first && i !== second), joined];
  }
  return { order: clusters[0] ?? [], merges };
}

/** Two rows of features in one, each turned round if that brings closer ends together. */
function joinEnds(
  a: readonly number[],
  b: readonly number[],
  distance: (i: number, j: number) => number,
): number[] {
  const turns = [[a, b], [a.toReversed(), b], [a, b.toReversed()], [a.toReversed(), b.toReversed()]];
  const seam = ([left, right]: readonly (readonly number[])[]) => distance(left[left.length - 1], right[0]);
  const [left, right] = turns.reduce((best, turn) => (seam(turn) < seam(best) ? turn : best));
  return [...left, ...right];
}

/** What one feature's values look like. */
export interface FeatureSummary {
  readonly feature: string;
  readonly bars: number; // finite values
  readonly mean: number;
  readonly std: number;
  readonly min: number;
  readonly median: number;
  readonly max: number;
  /** Share of values that repeat the one before: 1 says nothing. */
  readonly still: number;
}

/** A summary of each feature over the rows after the warm-up, as a table that shows itself. */
export function describeFeatures(
  matrix: FeatureMatrix,
  { range }: { readonly range?: BarRange } = {},
): readonly FeatureSummary[] & Displayable {
  const from = Math.max(range?.from ?? 0, matrix.warmup);
  const to = range?.to ?? matrix.time.length;
  const rows = matrix.names.map((feature, f): FeatureSummary => {
    const column = Float64Array.from(columnOf(matrix, f).subarray(from, Math.max(from, to)));
    const sorted = column.toSorted();
    const repeats = column.filter((x, i) => i > 0 && x === column[i - 1]).length;
    return {
      feature,
      bars: column.length,
      mean: mean(column),
      std: std(column, 0),
      min: sorted[0] ?? NaN,
      median: quantileSorted(sorted, 0.5),
      max: sorted[sorted.length - 1] ?? NaN,
      still: repeats / Math.max(1, column.length - 1),
    };
  });
  const heads = ["feature", "bars", "mean", "std", "min", "median", "max", "still"] as const;
  const cell = (value: string | number) =>
    typeof value === "string"
      ? `<td style="text-align:left">${escapeHtml(value)}</td>`
      : `<td>${Number.isInteger(value) ? value : Number(value.toPrecision(4))}</td>`;
  return displayed(rows, () => ({
    "text/plain": rows.map((row) => heads.map((head) => row[head]).join("\t")).join("\n"),
    "text/html": `<table><thead><tr>${heads.map((head) => `<th>${head}</th>`).join("")}</tr></thead><tbody>${
      rows.map((row) => `<tr>${heads.map((head) => cell(row[head])).join("")}</tr>`).join("")
    }</tbody></table>`,
  }));
}
