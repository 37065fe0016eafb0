/**
 * Bars after which rolling sums are made afresh from their window, so that rounding cannot pile up however long the
 * series. It depends on the period and the index only: the prefix law holds to the last bit.
 */
export function blockLength(period: number): number {
  return Math.max(1024, 32 * period);
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
