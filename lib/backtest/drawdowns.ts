/** A stretch of an equity curve below its last peak. Indices into the curve. */
export interface Drawdown {
  readonly depth: number; // equity over peak − 1 at the trough, < 0
  readonly start: number; // bar of the peak
  readonly trough: number;
  readonly end: number; // first bar back at the peak, or −1 where it is not reached
  readonly length: number; // bars below the peak
}

/** Every drawdown of a curve, in order of time; the first value is the first peak. Sort by `depth` for the worst. */
export function drawdowns(equity: Float64Array): Drawdown[] {
  const out: Drawdown[] = [];
  let start = 0;
  let trough = 0;
  for (let t = 1; t < equity.length; t++) {
    if (equity[t] < equity[start]) {
      if (trough === start || equity[t] < equity[trough]) trough = t;
      continue;
    }
    if (trough > start) out.push(fall(equity, start, trough, t));
    start = trough = t;
  }
  if (trough > start) out.push(fall(equity, start, trough, -1));
  return out;
}

function fall(equity: Float64Array, start: number, trough: number, end: number): Drawdown {
  const length = (end === -1 ? equity.length : end) - start - 1;
  return { depth: equity[trough] / equity[start] - 1, start, trough, end, length };
}

/** How far each value is below the highest so far, ≤ 0 [T]. */
export function underWater(equity: Float64Array): Float64Array {
  let peak = -Infinity;
  return equity.map((value) => {
    peak = Math.max(peak, value);
    return peak > 0 ? value / peak - 1 : 0;
  });
}
