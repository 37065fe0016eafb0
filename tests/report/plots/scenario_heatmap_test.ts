import { assertEquals } from "@std/assert";
import { scenarioHeatmap } from "../../../lib/report/plots/mod.ts";

Deno.test("a heat map's caption names one end alone where it is alone, and says how many share it", () => {
  const of = (values: number[], kind?: "change") =>
    scenarioHeatmap({
      what: "Survival",
      scenarios: ["gap", "crash"],
      strategies: ["a", "b"],
      values,
      ...(kind ? { kind } : {}),
    })
      .caption?.replaceAll("\u00a0", " ");
  assertEquals(of([1, 0.2, 1, 1]), "Lowest 20 %: b in gap; highest 100 %: a in gap and 2 others.");
  assertEquals(of([0.41, -0.2, 0.001, NaN], "change"), "Lowest −20 %: b in gap; highest +41 %: a in gap.");
  assertEquals(of([NaN, NaN, NaN, NaN]), "There are no values.");
});
