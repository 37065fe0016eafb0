const [fastest, slowest] = [6, 50]; // bars
const [lowest, highest] = [1 / Math.tan(2 * Math.PI / fastest), 1 / Math.tan(2 * Math.PI / slowest)]; // their r
const cells = 32; // in each unit of r
const terms = 8;
const firstCell = Math.floor(lowest * cells);
const series = taylor();

/**
 * Bars that a full turn takes, when a bar's turn is the angle of the complex number `real` + i `imaginary`:
 * 2π / atan(imaginary / real), kept within 6 and 50. A turn backwards counts as the quickest.
 *
 * Everything in the next bar waits for it. In r = real / imaginary the function is smooth: Taylor series about the
 * middles of narrow cells give it to 1e-15 with one division, instead of an arc tangent and two.
 */
export function cyclePeriod(real: number, imaginary: number): number {
  const r = real / imaginary;
  if (!(r > lowest)) return fastest;
  if (r >= highest) return slowest;
  const cell = Math.floor(r * cells);
  const at = (cell - firstCell) * terms;
  const h = r - (cell + 0.5) / cells;
  const hh = h * h;
  const low = series[at] + series[at + 1] * h + (series[at + 2] + series[at + 3] * h) * hh;
  const high = series[at + 4] + series[at + 5] * h + (series[at + 6] + series[at + 7] * h) * hh;
  return low + high * (hh * hh);
}

/** For each cell the coefficients of 2π / θ(c + h), where θ is the arc cotangent: θ' = −1 / (1 + r²). */
function taylor(): Float64Array {
  const count = Math.floor(highest * cells) - firstCell + 1;
  const all = new Float64Array(count * terms);
  for (let cell = 0; cell < count; cell++) {
    const c = (firstCell + cell + 0.5) / cells;
    const slope = new Float64Array(terms); // of 1 / (1 + (c + h)²), from (1 + c² + 2c h + h²) · slope = 1
    const angle = new Float64Array(terms);
    const period = all.subarray(cell * terms, (cell + 1) * terms); // from angle · period = 2π
    angle[0] = Math.atan2(1, c);
    for (let n = 0; n < terms; n++) {
      slope[n] = ((n === 0 ? 1 : 0) - 2 * c * (slope[n - 1] ?? 0) - (slope[n - 2] ?? 0)) / (1 + c * c);
      if (n > 0) angle[n] = -slope[n - 1] / n;
      let rest = n === 0 ? 2 * Math.PI : 0;
      for (let i = 1; i <= n; i++) rest -= angle[i] * period[n - i];
      period[n] = rest / angle[0];
    }
  }
  return all;
}
