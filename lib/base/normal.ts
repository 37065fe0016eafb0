/** Probability that a standard normal variable is at most `x`, to double precision (Marsaglia 2004, "Evaluating the normal distribution"). */
export function normalCdf(x: number): number {
  if (!(Math.abs(x) <= 3)) return x > 0 ? 1 - tail(x) : tail(-x);
  let [sum, term] = [x, x];
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
