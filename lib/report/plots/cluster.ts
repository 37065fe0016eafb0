/**
 * An order of things in which alike ones are neighbours: average-linkage clustering of the distance 1 − |r|, each merge
 * turned so that the closer ends meet.
 *
 * @param similarity [n, n] row-major correlations; NaN counts as 0
 * @returns [n] indices
 */
export function clusterOrder(similarity: ArrayLike<number>, n: number): number[] {
  const distance = (a: number, b: number) => 1 - Math.abs(similarity[a * n + b] || 0);
  let groups = Array.from({ length: n }, (_, i) => [i]);
  const between = groups.map((_, i) => Float64Array.from({ length: n }, (_, j) => distance(i, j)));
  let ids = groups.map((_, i) => i);
  while (groups.length > 1) {
    let [least, a, b] = [Infinity, 0, 1];
    for (let i = 0; i < ids.length; i++) {
      for (let j = i + 1; j < ids.length; j++) {
        if (between[ids[i]][ids[j]] < least) [least, a, b] = [between[ids[i]][ids[j]], i, j];
      }
    }
    const [sizeA, sizeB] = [groups[a].length, groups[b].length];
    for (const id of ids) {
      const joined = (sizeA * between[ids[a]][id] + sizeB * between[ids[b]][id]) / (sizeA + sizeB);
      between[ids[a]][id] = between[id][ids[a]] = joined;
    }
    groups[a] = joinNear(groups[a], groups[b], distance);
    groups = groups.filter((_, i) => i !== b);
    ids = ids.filter((_, i) => i !== b);
  }
  return groups[0] ?? [];
}

/** Of the four ways to put two rows end to end, the one whose meeting ends are closest. */
function joinNear(a: number[], b: number[], distance: (a: number, b: number) => number): number[] {
  const [firstA, lastA, firstB, lastB] = [a[0], a[a.length - 1], b[0], b[b.length - 1]];
  const ways: [number, () => number[]][] = [
    [distance(lastA, firstB), () => [...a, ...b]],
    [distance(lastA, lastB), () => [...a, ...b.toReversed()]],
    [distance(firstA, firstB), () => [...a.toReversed(), ...b]],
    [distance(firstA, lastB), () => [...b, ...a]],
  ];
  return ways.reduce((best, way) => (way[0] < best[0] ? way : best))[1]();
}
