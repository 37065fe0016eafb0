import { assertStringIncludes } from "@std/assert";
import { actionMap } from "../../../lib/report/plots/action_map.ts";

const close = [100, 101, 99, 104, 103, 102];
const time = close.map((_, i) => i * 3_600_000);

Deno.test("changes are of side: a short whose size drifts with the price has not changed", () => {
  const held = [-1, -1.02, -0.97, 0, 0.5, 0.51];
  const { caption } = actionMap({ symbol: "BTC/USD", time, close, exposure: [{ name: "one", values: held }] });
  assertStringIncludes(caption, ", 2 changes of side.");
  const several = ["a", "b", "c"].map((name, i) => ({ name, values: i === 0 ? held : [1, -1, 1, -1, 1, -1] }));
  assertStringIncludes(
    actionMap({ symbol: "BTC/USD", time, close, exposure: several }).caption,
    "2 to 5 changes of side",
  );
});
