import type { TimeRange } from "../base/time.ts";

/** Spans in order, apart from each other. */
export type Ranges = readonly TimeRange[];

/** `ranges` with `added`; spans that touch become one. */
export function union(ranges: Ranges, added: TimeRange): Ranges {
  if (!(added.from < added.to)) return ranges;
  let [from, to] = [added.from, added.to];
  const apart = ranges.filter((range) => {
    if (range.to < from || range.from > to) return true;
    from = Math.min(from, range.from);
    to = Math.max(to, range.to);
    return false;
  });
  return [...apart, { from, to }].sort((a, b) => a.from - b.from);
}

/** What of `range` none of `ranges` covers. */
export function uncovered(range: TimeRange, ranges: Ranges): Ranges {
  const rest: TimeRange[] = [];
  let from = range.from;
  for (const covered of ranges) {
    if (covered.to <= from) continue;
    if (covered.from >= range.to) break;
    if (covered.from > from) rest.push({ from, to: covered.from });
    from = covered.to;
  }
  if (from < range.to) rest.push({ from, to: range.to });
  return rest;
}

/** `ranges` without `removed`. */
export function without(ranges: Ranges, removed: TimeRange): Ranges {
  return ranges.flatMap((range) => uncovered(range, [removed]));
}
