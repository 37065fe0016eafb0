import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { stretches, thin } from "../../../lib/report/plots/thin.ts";

const index = (n: number) => Float64Array.from({ length: n }, (_, i) => i);

Deno.test("a line short enough stays as it is", () => {
  assertEquals(thin([1, 2, 3], [4, NaN, 6], 3), { at: Float64Array.of(1, 2, 3), values: Float64Array.of(4, NaN, 6) });
});

Deno.test("a thinned line keeps its ends and every stretch's peak and crash, in order, of the points it had", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 20, maxLength: 400 }),
      fc.integer({ min: 4, max: 60 }),
      (values, limit) => {
        const thinned = thin(index(values.length), values, limit);
        assert(thinned.at.length <= Math.max(limit + 2, 4));
        assertEquals([thinned.at[0], thinned.at[thinned.at.length - 1]], [0, values.length - 1]);
        assertEquals([Math.min(...thinned.values), Math.max(...thinned.values)], [
          Math.min(...values),
          Math.max(...values),
        ]);
        for (const [i, at] of thinned.at.entries()) {
          assert(i === 0 || at > thinned.at[i - 1]);
          assertEquals(thinned.values[i], values[at]);
        }
      },
    ),
  );
});

Deno.test("a stretch without any number stays a gap, a hole inside a stretch does not hide its numbers", () => {
  const values = index(1000).map((i) => (i >= 400 && i < 600 ? NaN : i % 7 === 0 ? NaN : i));
  const thinned = thin(index(1000), values, 42);
  assert(thinned.values.slice(0, 15).filter(Number.isFinite).length >= 14);
  assert(thinned.values.some((value, i) => Number.isNaN(value) && thinned.at[i] >= 400 && thinned.at[i] < 600));
});

Deno.test("stretches cover all bars once, and are never more than the bars", () => {
  assertEquals(stretches(10, 3), [{ from: 0, to: 3 }, { from: 3, to: 6 }, { from: 6, to: 10 }]);
  assertEquals(stretches(2, 5).length, 2);
  assertEquals(stretches(0, 5), []);
});
