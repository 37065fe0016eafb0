import { assertEquals, assertThrows } from "@std/assert";
import { columnOf, firstFinite, newMatrix } from "../../lib/features/matrix.ts";

const time = Float64Array.of(10, 20, 30);

Deno.test("columns lie side by side, NaN until all are known", () => {
  const matrix = newMatrix(["a", "b"], time, [[1, 2, 3], [NaN, 5, 6]]);
  assertEquals(matrix.values, Float32Array.of(NaN, NaN, 2, 5, 3, 6));
  assertEquals(matrix.warmup, 1);
  assertEquals([columnOf(matrix, "b"), columnOf(matrix, 0)], [Float32Array.of(NaN, 5, 6), Float32Array.of(NaN, 2, 3)]);
});

Deno.test("many rows, no rows, no features and nothing known", () => {
  const long = Float64Array.from({ length: 1000 }, (_, t) => t);
  assertEquals(
    columnOf(newMatrix(["x", "y"], long, [long, long.map((x) => -x)]), "y"),
    Float32Array.from(long, (x) => -x),
  );
  assertEquals(newMatrix(["a"], new Float64Array(0), [[]]).warmup, 0);
  assertEquals(newMatrix([], time, []).values.length, 0);
  assertEquals(newMatrix(["a"], time, [[NaN, NaN, NaN]]).warmup, 3);
  assertEquals([firstFinite([NaN, Infinity, 1]), firstFinite([])], [2, 0]);
});

Deno.test("columns of another length, names that come twice and unknown ones are refused", () => {
  assertThrows(() => newMatrix(["a"], time, [[1]]), RangeError, '"a" must have 3 values, one per bar: it has 1');
  assertThrows(() => newMatrix(["a", "b"], time, [[1, 2, 3]]), RangeError, "it has 0");
  assertThrows(() => newMatrix(["a", "a"], time, [[1, 2, 3], [1, 2, 3]]), RangeError, 'two features are named "a"');
  assertThrows(() => columnOf(newMatrix(["a"], time, [[1, 2, 3]]), "b"), RangeError, "the matrix has a");
});
