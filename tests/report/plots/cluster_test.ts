import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { clusterOrder } from "../../../lib/report/plots/cluster.ts";
import { correlations } from "../../../lib/report/plots/feature_correlation.ts";

Deno.test("things that are alike become neighbours", () => {
  // 0 and 3 are alike, 1 and 2 are alike (with opposite sign), 4 is alone
  const alike: Record<string, number> = { "0,3": 0.9, "1,2": -0.95, "0,1": 0.2 };
  const matrix = Float64Array.from({ length: 25 }, (_, i) => {
    const [a, b] = [Math.floor(i / 5), i % 5].sort();
    return a === b ? 1 : alike[`${a},${b}`] ?? 0;
  });
  const place = clusterOrder(matrix, 5);
  assertEquals(Math.abs(place.indexOf(0) - place.indexOf(3)), 1);
  assertEquals(Math.abs(place.indexOf(1) - place.indexOf(2)), 1);
});

Deno.test("an order holds each thing once, whatever the correlations", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 9 }), fc.infiniteStream(fc.double({ min: -1, max: 1 })), (n, values) => {
      const matrix = Float64Array.from({ length: n * n }, () => values.next().value);
      assertEquals(clusterOrder(matrix, n).toSorted((a, b) => a - b), Array.from({ length: n }, (_, i) => i));
    }),
  );
});

Deno.test("correlations leave rows with a hole out, and are nothing for what does not vary", () => {
  const rows = [[NaN, 1, 5], [1, 2, 5], [2, 4, 5], [3, 5.9, 5]];
  const matrix = correlations(rows.flat(), 3, 0, rows.length);
  assertEquals(matrix[0 * 3 + 1] > 0.999, true);
  assertEquals([matrix[3], matrix[0]], [matrix[1], 1]);
  assertEquals(Number.isNaN(matrix[2]), true);
});
