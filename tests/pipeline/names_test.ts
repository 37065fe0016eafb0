import { assertEquals } from "@std/assert";
import { snakeCase, snakeKeys } from "../../lib/pipeline/names.ts";

Deno.test("names come out in snake_case, also in records of records; arrays of numbers stay what they are", () => {
  assertEquals(["totalReturn", "bars", "valueAtRisk5"].map(snakeCase), ["total_return", "bars", "value_at_risk5"]);
  const curve = new Float64Array(2);
  assertEquals(snakeKeys({ pValue: 1, tests: [{ isGood: true }], inner: { aB: null }, curve }), {
    p_value: 1,
    tests: [{ is_good: true }],
    inner: { a_b: null },
    curve,
  });
});
