import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { DISPLAY } from "../../lib/base/display.ts";
import { color, theme } from "../../lib/report/theme.ts";
import { vegaFigure, vegaScript } from "../../lib/report/vega.ts";

const spec = (width: number, still: boolean) => ({
  width,
  height: 20,
  data: { values: [{ a: 1 }, { a: 2 }] },
  mark: { type: "point", color: color("agent") } as const,
  encoding: {
    x: { field: "a", type: "quantitative" as const },
    ...(still ? {} : { tooltip: { field: "a", type: "nominal" as const } }),
  },
});

Deno.test("JupyterLab gets a spec it knows in colours it knows, and no HTML, which it would prefer", async () => {
  const bundle = (await vegaFigure(spec, { title: "Points", alt: "Two points" }))[DISPLAY]();
  assertEquals("text/html" in bundle, false);
  const shown = JSON.stringify(bundle["application/vnd.vegalite.v5+json"]);
  assertStringIncludes(shown, theme.light.agent);
  assertEquals(shown.includes("var(--"), false);
  assertStringIncludes(String(bundle["image/svg+xml"]), theme.light.agent);
});

Deno.test("the page gets the drawing, and a compiled spec that keeps the page's colours and its tooltips", async () => {
  const shown = await vegaFigure(spec, { title: "Points", alt: "Two points" });
  assertStringIncludes(shown.svg, "var(--agent)");
  assertStringIncludes(shown.narrow ?? "", "var(--agent)");
  assertStringIncludes(JSON.stringify(shown.vega), "tooltip");
  assertStringIncludes(JSON.stringify(shown.vega), "var(--agent)");
});

Deno.test("the script for the page is whole, and cannot end its own tag", async () => {
  const script = await vegaScript();
  assert(script.length > 300_000 && script.length < 700_000, String(script.length));
  assertEquals(/<\/script|sourceMappingURL/i.test(script), false);
  new Function(script); // parses
});
