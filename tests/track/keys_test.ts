import { assertEquals, assertThrows } from "@std/assert";
import { checkArtifactPath, checkMetrics, metricValue, numberOf, safeKey } from "../../lib/track/keys.ts";

Deno.test("a name keeps what MLflow takes and loses what it refuses", () => {
  assertEquals(safeKey("test/sharpe ratio-1.5:a_b"), "test/sharpe ratio-1.5:a_b");
  assertEquals(safeKey("größe"), "größe");
  assertEquals(safeKey("a#b(c)$close"), "a_b_c__close");
  assertEquals(safeKey("../a//b/./c/"), "_/a/_/b/_/c/_");
  assertEquals(safeKey(""), "_");
  assertEquals(safeKey("x".repeat(300)).length, 250);
});

Deno.test("numbers that JSON cannot say go as text and come back", () => {
  for (const value of [0, -1.5, 1e300, NaN, Infinity, -Infinity]) {
    assertEquals(numberOf(JSON.parse(JSON.stringify(metricValue(value)))), value);
  }
  assertEquals(numberOf(Number.MAX_VALUE), Infinity); // what MLflow stores for it
});

Deno.test("an artifact stays inside its run", () => {
  assertEquals(checkArtifactPath("tables/trades of May.parquet"), "tables/trades of May.parquet");
  for (
    const bad of ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/.", "a#b", "c:\\x", "a\\b", "a\nb", "50%.html"]
  ) {
    assertThrows(() => checkArtifactPath(bad), RangeError, "Cannot keep the artifact");
  }
});

Deno.test("a metric is a number at a whole step", () => {
  checkMetrics({ a: NaN, b: -Infinity }, -3);
  assertThrows(() => checkMetrics({}, 1.5), RangeError, "current value is 1.5");
  assertThrows(() => checkMetrics({}, NaN), RangeError);
  assertThrows(() => checkMetrics({ a: "1" as never }, 1), TypeError, 'the metric "a"');
});
