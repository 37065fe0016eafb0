/** Named features over time. T rows, F columns. */
export interface FeatureMatrix {
  readonly names: readonly string[]; // [F] as the specs were written
  readonly time: Float64Array; // [T] ms UTC
  readonly values: Float32Array; // [T, F] row-major, NaN before `warmup`
  readonly warmup: number; // first row in which every feature is finite; T when there is none
}

/**
 * Lays columns side by side, as 32-bit floats.
 *
 * @param columns [F] arrays of T numbers each; what they hold before every one is finite becomes NaN in all
 * @throws {RangeError} if a column's length differs from time's, or a name comes twice
 */
export function newMatrix(
  names: readonly string[],
  time: Float64Array,
  columns: readonly ArrayLike<number>[],
): FeatureMatrix {
  const [length, width] = [time.length, names.length];
  for (const [f, name] of names.entries()) {
    if (names.indexOf(name) !== f) throw new RangeError(`Cannot make a matrix as two features are named "${name}"`);
    if (columns[f]?.length !== length) {
      throw new RangeError(
        `Cannot make a matrix as "${name}" must have ${length} values, one per bar: it has ${columns[f]?.length ?? 0}`,
      );
    }
  }
  const warmup = Math.max(0, ...columns.map((column) => firstFinite(column)));
  const values = new Float32Array(length * width).fill(NaN, 0, warmup * width);
  const block = 256; // rows at a time, so that what is written stays in cache while the columns pass
  for (let from = warmup; from < length; from += block) {
    const to = Math.min(length, from + block);
    for (let f = 0; f < width; f++) {
      const column = columns[f];
      for (let t = from; t < to; t++) values[t * width + f] = column[t];
    }
  }
  return { names, time, values, warmup };
}

/** Index of the first finite value; the length when there is none. */
export function firstFinite(values: ArrayLike<number>): number {
  let t = 0;
  while (t < values.length && !Number.isFinite(values[t])) t++;
  return t;
}

/** One feature over time, by name or place: a copy [T]. */
export function columnOf(matrix: FeatureMatrix, feature: string | number): Float32Array {
  const { names, time, values } = matrix;
  const f = typeof feature === "number" ? feature : names.indexOf(feature);
  if (names[f] === undefined) {
    throw new RangeError(`Cannot take the feature "${feature}" as the matrix has ${names.join(", ")}`);
  }
  const column = new Float32Array(time.length);
  for (let t = 0, i = f; t < column.length; t++, i += names.length) column[t] = values[i];
  return column;
}
