/** Points of a line, thinned for drawing. */
export interface Points {
  readonly at: Float64Array; // where along the axis
  readonly values: Float64Array; // of the same length
}

/**
 * At most about `limit` points that draw like all of them: each stretch of equal width keeps its lowest and its
 * highest value in their order, the line keeps its two ends, and a stretch without any number stays a gap (NaN).
 * So every peak and every crash is on the picture, which averaging or taking each n-th would lose.
 *
 * @param at ascending, as long as `values`
 */
export function thin(at: ArrayLike<number>, values: ArrayLike<number>, limit: number): Points {
  const n = values.length;
  if (n <= limit) return { at: Float64Array.from(at), values: Float64Array.from(values) };
  const stretches = Math.max(1, Math.floor((limit - 2) / 2));
  const kept: number[] = [0];
  for (let s = 0; s < stretches; s++) {
    const from = Math.floor((s * n) / stretches);
    const to = Math.floor(((s + 1) * n) / stretches);
    let low = -1;
    let high = -1;
    for (let i = from; i < to; i++) {
      if (Number.isNaN(values[i])) continue;
      if (low < 0 || values[i] < values[low]) low = i;
      if (high < 0 || values[i] > values[high]) high = i;
    }
    if (low < 0) low = high = from; // all missing: keep one gap
    for (const i of low < high ? [low, high] : [high, low]) {
      if (i > kept[kept.length - 1]) kept.push(i);
    }
  }
  if (kept[kept.length - 1] < n - 1) kept.push(n - 1);
  return { at: Float64Array.from(kept, (i) => at[i]), values: Float64Array.from(kept, (i) => values[i]) };
}

/** A stretch of bars as one: its span and the range of its values. */
export interface Stretch {
  readonly from: number; // index of the first, inclusive
  readonly to: number; // index after the last
}

/** Cuts `n` bars into at most `count` stretches of nearly equal length. */
export function stretches(n: number, count: number): Stretch[] {
  const k = Math.min(n, Math.max(1, Math.floor(count)));
  return Array.from({ length: k }, (_, s) => ({ from: Math.floor((s * n) / k), to: Math.floor(((s + 1) * n) / k) }));
}
