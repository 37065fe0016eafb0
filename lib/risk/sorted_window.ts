/** The values of a moving window in ascending order. */
export interface SortedWindow {
  /** Values of the last bars up to `t`, ascending; overwritten by the next call. It may go back, but forward is quick. */
  at(t: number): Float64Array;
}

/**
 * Keeps the last `bars` values of a series sorted as it moves on: a bar costs a search and a shift, not a sort.
 *
 * @param series [T], may grow; its first value is left out, as a first return is none
 */
export function sortedWindow(series: Float64Array, bars: number): SortedWindow {
  const sorted = new Float64Array(bars + 1); // one more while a value comes and another goes
  let [n, last] = [0, 0];
  return {
    at(t) {
      if (t < last || t - last > bars / 4) {
        n = Math.min(bars, t);
        sorted.set(series.subarray(t - n + 1, t + 1));
        sorted.subarray(0, n).sort();
        last = t;
      }
      while (last < t) {
        last++;
        const place = placeOf(sorted, n, series[last]);
        sorted.copyWithin(place + 1, place, n);
        sorted[place] = series[last];
        if (n < bars) n++;
        else {
          const gone = placeOf(sorted, n + 1, series[last - bars]);
          sorted.copyWithin(gone, gone + 1, n + 1);
        }
      }
      return sorted.subarray(0, n);
    },
  };
}

/** First place of `n` ascending values that is not below `value`. */
function placeOf(sorted: Float64Array, n: number, value: number): number {
  let [low, high] = [0, n];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
