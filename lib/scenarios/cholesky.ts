/** Lower triangle L with L Lᵀ = `matrix`; nothing where the matrix is not positive definite. */
export function cholesky(matrix: readonly ArrayLike<number>[]): Float64Array[] | undefined {
  const K = matrix.length;
  const lower = matrix.map(() => new Float64Array(K));
  for (let i = 0; i < K; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i][j];
      for (let m = 0; m < j; m++) sum -= lower[i][m] * lower[j][m];
      if (i > j) lower[i][j] = sum / lower[j][j];
      else if (sum > 1e-10) lower[i][i] = Math.sqrt(sum);
      else return undefined;
    }
  }
  return lower;
}

/** In words, the nearest correlations that are possible, all taken towards 0 in one proportion. */
export function nearestTo(matrix: readonly ArrayLike<number>[]): string {
  let [low, high] = [0, 1];
  const scaled = (share: number) =>
    matrix.map((row, i) => Float64Array.from({ length: matrix.length }, (_, j) => (i === j ? 1 : share * row[j])));
  for (let round = 0; round < 40; round++) {
    const middle = (low + high) / 2;
    if (cholesky(scaled(middle)) === undefined) high = middle;
    else low = middle;
  }
  const off = matrix.flatMap((row, i) => Array.from(row).filter((_, j) => j < i));
  const same = off.every((value) => value === off[0]);
  const share = Math.floor(1e4 * low) / 1e4;
  return same
    ? `the nearest to ${off[0]} for ${matrix.length} of them is ${
      Number((Math.trunc(1e4 * low * off[0]) / 1e4).toFixed(4))
    }`
    : `it would be with all correlations at ${share} of what they are`;
}
