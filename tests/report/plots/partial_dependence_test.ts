import { assertEquals } from "@std/assert";
import { partialDependence } from "../../../lib/report/plots/partial_dependence.ts";

Deno.test("on a phone the key has the lines' own dashes", () => {
  const curves = ["short", "flat", "long"].map((name, i) => ({ name, mean: [0.3, 0.2 + i / 10] }));
  const { narrow } = partialDependence({ feature: "rsi(14)", at: [20, 80], curves });
  const dashes = [
    ...narrow!.matchAll(/<path d="M[^"]*h16" stroke="[^"]*" stroke-width="2" stroke-dasharray="([^"]*)"/g),
  ];
  assertEquals(dashes.map(([, dash]) => dash), ["5 3", "2 2", "none"]);
});
