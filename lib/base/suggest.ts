/** The option that `word` abbreviates or is spelt most like (fewest edits), or nothing when all are far off. */
export function nearest(word: string, options: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.ceil(word.length / 2)) + 1;
  for (const option of options) {
    const [a, b] = [word.toLowerCase(), option.toLowerCase()];
    const distance = a === b ? 0 : a.length >= 3 && b.startsWith(a) ? 0.5 : edits(a, b);
    if (distance < least) [best, least] = [option, distance];
  }
  return best;
}

/** The part of an error message that helps someone who mistyped: `nearest is "rsi"; known: atr, rsi, sma`. */
export function didYouMean(word: string, options: Iterable<string>): string {
  const known = [...options];
  const close = nearest(word, known);
  const list = known.length <= 60 ? `known: ${known.join(", ")}` : `${known.length} are known`;
  return close === undefined ? list : `nearest is "${close}"; ${list}`;
}

/** Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours. */
function edits(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      row[j] = Math.min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + Number(a[i - 1] !== b[j - 1]));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j], rows[i - 2][j - 2] + 1);
    }
    rows.push(row);
  }
  return rows[a.length][b.length];
}
