import { assertGolden } from "../../golden/golden.ts";
import { makers, walk } from "./inputs.ts";

// The phone's drawing: small enough to keep, and it takes the same path through the code.
for (const name of ["equityAndDrawdown", "priceWithTrades", "intervalPlot", "featureCorrelation", "monthlyHeatmap"]) {
  Deno.test(`${name} looks as it did when someone looked at it`, async () => {
    const { narrow } = await makers[name](walk(48, { seed: 5 }));
    await assertGolden(`report/${name}.svg`, narrow!.replace(/></g, ">\n<") + "\n");
  });
}
