/** Probability that a standard normal variable is at most `x`, to double precision (Marsaglia 2004, "Evaluating the normal distribution"). */
export function normalCdf(x: number): number {
  if (!(Math.abs(x) <= 3)) return x > 0 ? 1 - tail(x) : tail(-x);
  let sum = x;
  let term = x;
  for (let i = 3; sum + term !== sum; i += 2) sum += term *= x * x / i;
  return 0.5 + sum * density(x);
}

/** Probability beyond a large `x`, by Laplace's continued fraction: keeps its digits where 1 − Φ has none. */
function tail(x: number): number {
  if (!(x < 40)) return Number.isNaN(x) ? NaN : 0;
  let fraction = x;
  for (let i = 60; i > 0; i--) fraction = x + i / fraction;
  return density(x) / fraction;
}

/** Density of the standard normal distribution. */
export function density(x: number): number {
  return Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
}

/**
 * The value that a standard normal variable is under with probability `p`, to double precision: Newton's method on
 * ln Φ, which is concave, from a start that is always on its left.
 *
 * @returns −Infinity at 0, Infinity at 1, NaN outside 0..1
 */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) return p === 0 ? -Infinity : p === 1 ? Infinity : NaN;
  if (p > 0.5) return -normalQuantile(1 - p);
  let x = -Math.sqrt(-2 * Math.log(p));
  for (let i = 0; i < 50; i++) {
    const below = normalCdf(x);
    const step = below / density(x) * Math.log(below / p);
    x -= step;
    if (!(Math.abs(step) > 4e-16 * Math.abs(x))) break;
  }
  return x;
}
