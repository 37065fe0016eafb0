import { assertEquals } from "@std/assert";
import { intervalPlot } from "../../../lib/report/plots/interval_plot.ts";

Deno.test("long names and long values leave an axis that can be read", () => {
  const { svg } = intervalPlot({
    what: "Return",
    unit: "%",
    intervals: [
      { name: "PPO agent", role: "agent", point: -0.156, seeds: [-0.156] },
      { name: "buy and hold with risk rules", point: 0.497 },
      { name: "random, same turnover", point: -0.623, low: -0.776, high: -0.41 },
    ],
  });
  const ticks = [...svg.matchAll(/>(−?\d+)\u00a0%<\/text>/g)].map(([, tick]) => tick);
  assertEquals(ticks, ["−50", "0", "50"]);
});
