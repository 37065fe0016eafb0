/**
 * Bars after which a rolling sum is made afresh from its window, so that rounding cannot pile up however long the
 * series. Where that happens depends on the index only: the prefix law holds to the last bit.
 */
export const sumLength = 2 ** 15;

/**
 * The same for sums whose rounding errors are themselves summed, as in a weighted average, and for those of squares:
 * TA-Lib's own interval, and so its own rounding.
 */
export function blockLength(period: number): number {
  return 32 * period;
}

let spare = new Float64Array(0);

/**
 * A column for outputs that nobody asked for: a kernel that computes several at once writes them here and need not ask
 * at every bar. Its contents mean nothing, it is the same for all, and it is kept.
 */
export function spareColumn(length: number): Float64Array {
  if (spare.length < length) spare = new Float64Array(length);
  return spare;
}
