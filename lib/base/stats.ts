/** Arithmetic mean; NaN of nothing. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

/** Standard deviation by the two-pass formula; `ddof` 1 divides by n − 1 (a sample), 0 by n (a population). NaN of too few. */
export function std(values: ArrayLike<number>, ddof = 1): number {
  const centre = mean(values);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] - centre) ** 2;
  return values.length > ddof ? Math.sqrt(sum / (values.length - ddof)) : NaN;
}

/** Quantile with linear interpolation between order statistics, numpy's default. `q` in 0..1. */
export function quantile(values: ArrayLike<number>, q: number): number {
  return quantileSorted(Float64Array.from(values).sort(), q);
}

/** The same of values already in ascending order. */
export function quantileSorted(sorted: Float64Array, q: number): number {
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  const high = Math.ceil(at);
  if (low === high) return sorted[low] ?? NaN; // also keeps Infinity − Infinity out
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
}

/** Pearson's correlation; NaN when either side does not vary. */
export function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (flat(a) || flat(b)) return NaN; // rounding in the means must not pass for variation
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] - meanA, b[i] - meanB];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / Math.sqrt(aa * bb);
}

function flat(values: ArrayLike<number>): boolean {
  for (let i = 1; i < values.length; i++) if (values[i] !== values[0]) return false;
  return true;
}

/** Rank of each value, 1 the smallest; equal values share the mean of their ranks. NaN must not be among them. */
export function ranks(values: ArrayLike<number>): Float64Array {
  const sorted = Float64Array.from(values).sort();
  const shared = new Float64Array(sorted.length); // rank of each place in order
  for (let start = 0, end = 0; start < sorted.length; start = end) {
    while (end < sorted.length && sorted[end] === sorted[start]) end++;
    shared.fill((start + 1 + end) / 2, start, end);
  }
  return Float64Array.from(values, (value) => {
    let [low, high] = [0, sorted.length]; // first place that is not below the value
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle] < value) low = middle + 1;
      else high = middle;
    }
    return shared[low];
  });
}
