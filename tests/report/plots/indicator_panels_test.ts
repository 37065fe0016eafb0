import { assertStringIncludes } from "@std/assert";
import { makers, walk } from "./inputs.ts";

Deno.test("lines and bands under a price are named: beside them on a desk, above them on a phone", async () => {
  const figure = await makers.indicatorPanels(walk(400));
  for (const drawing of [figure.svg, figure.narrow!]) {
    for (const name of ["sma(5)", "band"]) assertStringIncludes(drawing, `>${name}</text>`);
  }
});
