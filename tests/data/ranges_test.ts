import { assertEquals } from "@std/assert";
import { below, rng } from "../../lib/base/random.ts";
import { type Ranges, uncovered, union, without } from "../../lib/data/ranges.ts";

const of = (...pairs: [number, number][]): Ranges => pairs.map(([from, to]) => ({ from, to }));

Deno.test("spans that touch become one, empty ones add nothing", () => {
  assertEquals(union(of([0, 2]), { from: 2, to: 4 }), of([0, 4]));
  assertEquals(union(of([0, 2], [6, 8]), { from: 1, to: 7 }), of([0, 8]));
  assertEquals(union(of([4, 5]), { from: 0, to: 2 }), of([0, 2], [4, 5]));
  assertEquals(union(of([4, 5]), { from: 9, to: 9 }), of([4, 5]));
});

Deno.test("union, rest and removal agree with sets of whole numbers", () => {
  const random = rng(1);
  const has = (ranges: Ranges, n: number) => ranges.some(({ from, to }) => n >= from && n < to);
  for (let round = 0; round < 200; round++) {
    let ranges: Ranges = [];
    const set = new Set<number>();
    for (let i = 0; i < 6; i++) {
      const from = below(30, random);
      const to = from + below(8, random);
      const remove = random() < 0.3;
      ranges = remove ? without(ranges, { from, to }) : union(ranges, { from, to });
      for (let n = from; n < to; n++) remove ? set.delete(n) : set.add(n);
    }
    const rest = uncovered({ from: 5, to: 25 }, ranges);
    for (let n = 0; n < 40; n++) {
      assertEquals(has(ranges, n), set.has(n));
      assertEquals(has(rest, n), n >= 5 && n < 25 && !set.has(n));
    }
  }
});
