/** Where a function is least, as far as was looked. */
export interface Minimum {
  readonly at: Float64Array;
  readonly value: number;
  readonly evaluations: number;
}

/**
 * Finds a local minimum without derivatives: Nelder and Mead's simplex (1965, "A simplex method for function
 * minimization"), until its values agree within `tolerance`. For a handful of parameters.
 *
 * @param step size of the first simplex, along each axis
 */
export function minimise(
  f: (x: Float64Array) => number,
  start: ArrayLike<number>,
  { step = 0.5, tolerance = 1e-9, limit = 2000 } = {},
): Minimum {
  const n = start.length;
  let evaluations = 0;
  const point = (x: Float64Array) => {
    evaluations++;
    const value = f(x);
    return { x, value: Number.isNaN(value) ? Infinity : value };
  };
  const simplex = Array.from({ length: n + 1 }, (_, i) => {
    const x = Float64Array.from(start);
    if (i > 0) x[i - 1] += step;
    return point(x);
  });
  while (evaluations < limit) {
    simplex.sort((a, b) => a.value - b.value);
    const [best, worst] = [simplex[0], simplex[n]];
    if (worst.value - best.value <= tolerance * (1 + Math.abs(best.value))) break;
    const centre = new Float64Array(n);
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) centre[j] += simplex[i].x[j] / n;
    const along = (share: number) => point(centre.map((c, j) => c + share * (worst.x[j] - c)));
    const reflected = along(-1);
    if (reflected.value < best.value) {
      const expanded = along(-2);
      simplex[n] = expanded.value < reflected.value ? expanded : reflected;
    } else if (reflected.value < simplex[n - 1].value) simplex[n] = reflected;
    else {
      const contracted = along(reflected.value < worst.value ? -0.5 : 0.5);
      if (contracted.value < Math.min(reflected.value, worst.value)) simplex[n] = contracted;
      else for (let i = 1; i <= n; i++) simplex[i] = point(simplex[i].x.map((x, j) => (x + best.x[j]) / 2));
    }
  }
  simplex.sort((a, b) => a.value - b.value);
  return { at: simplex[0].x, value: simplex[0].value, evaluations };
}
