import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { DISPLAY } from "../../lib/base/display.ts";
import { type Figure, FIGURE_MIME, figureHtml } from "../../lib/report/figure.ts";
import * as plots from "../../lib/report/plots/mod.ts";
import { sizeOf } from "../../lib/report/svg.ts";
import { color, resolveColors, theme } from "../../lib/report/theme.ts";
import { type Bars, makers, walk } from "./plots/inputs.ts";

/** What every figure must be drawn of: ordinary, long, short and odd data. */
const data: Readonly<Record<string, Bars>> = {
  "400 bars": walk(400),
  "20,000 bars": walk(20_000, { volatility: 0.008 }),
  "two bars": walk(2),
  "a flat price": walk(60, { volatility: 0 }),
};

/** Data that a plot cannot say anything about: it refuses, in words. */
const refused = new Set([
  "returnDistribution of two bars",
  "returnDistribution of a flat price",
  "volatilityClustering of two bars",
]);

Deno.test("every plot of the list is held to these laws", () => {
  assertEquals(Object.keys(makers).sort(), Object.keys(plots).sort());
});

for (const [name, make] of Object.entries(makers)) {
  for (const [which, bars] of Object.entries(data)) {
    Deno.test(`${name} draws ${which} by the laws of all figures`, async () => {
      if (refused.has(`${name} of ${which}`)) {
        await assertRejects(async () => await make(bars), RangeError, "Cannot draw");
        return;
      }
      const kept = structuredClone(bars);
      const figure = await make(bars);
      assertEquals(bars, kept, "inputs are not touched");
      says(figure);
      for (const svg of [figure.svg, figure.narrow ?? ""]) wellDrawn(svg);
      assert(figure.svg.length < 150_000, `${figure.svg.length} bytes are too many`);
      assert(figure.narrow!.length < 80_000, `${figure.narrow!.length} bytes are too many on a phone`);
      assert(sizeOf(figure.svg).width <= (figure.wide ? theme.width.wide : theme.width.column) + 24); // Vega grows with labels
      assert(sizeOf(figure.narrow!).width <= theme.width.narrow + 16, `${sizeOf(figure.narrow!).width} px on a phone`);
      if (which === "400 bars") {
        const again = await make(structuredClone(bars));
        assertEquals([again.svg, again.narrow, again.title, again.caption], [
          figure.svg,
          figure.narrow,
          figure.title,
          figure.caption,
        ]);
        shows(figure);
      }
    });
  }
}

Deno.test("a plot of nothing says what it wants", async () => {
  const none = walk(0);
  const series = [
    "equityCurves",
    "priceWithTrades",
    "priceAndVolume",
    "drawdownTable",
    "coverageCalendar",
    "actionMap",
    "learningCurves",
  ];
  for (const name of series) await assertRejects(async () => await makers[name](none), RangeError, "Cannot draw");
});

Deno.test("a series of another length than the time axis is an error that names it", () => {
  const { time, close } = walk(10);
  const run = () => plots.equityCurves({ time, equity: [{ name: "Agent", values: close.subarray(1) }] });
  assertThrows(run, RangeError, '"Agent" must have one value per bar (10): current value is 9');
});

Deno.test("words can be replaced", () => {
  const { time, close } = walk(50);
  const shown = plots.equityCurves({ time, equity: [{ name: "Agent", values: close }] }, {
    title: "Own",
    caption: "Words",
    wide: false,
  });
  assertEquals([shown.title, shown.caption, shown.wide, sizeOf(shown.svg).width], [
    "Own",
    "Words",
    false,
    theme.width.column,
  ]);
});

/** Words made of the numbers, with no trace of a value that was not there. */
function says({ title, alt, caption }: Figure): void {
  assert(title.length > 8 && alt.length > 20, `too few words: ${title} / ${alt}`);
  for (const text of [title, alt, caption]) {
    assertEquals(/NaN|undefined|null|\[object|Infinity/.test(text), false, text);
  }
}

/** Valid XML, whole numbers, and no colour but the theme's. */
function wellDrawn(svg: string): void {
  assertMatch(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
  const open: string[] = [];
  for (const [tag, close, name, self] of svg.matchAll(/<(\/?)([a-zA-Z]+)(?:\s[^<>]*?)?(\/?)>/g)) {
    if (close) assertEquals(open.pop(), name, `${tag} closes another tag`);
    else if (!self) open.push(name);
  }
  assertEquals(open, []);
  for (const [attribute] of svg.matchAll(/ [a-zA-Z0-9-]+="[^"]*"/g)) {
    assertEquals(/NaN|undefined|Infinity|[<]/.test(attribute), false, attribute);
  }
  for (const [, name, value] of svg.matchAll(/ (fill|stroke|color)="([^"]*)"/g)) {
    assert(
      /^(none|transparent|currentColor|var\(--[a-z]+(-\d+)?\))$/.test(value),
      `${name}="${value}" is no colour of the theme`,
    );
  }
  assertEquals(resolveColors(svg).includes("var("), false, "a colour that the theme does not have");
  const titles = [...svg.matchAll(/<title>([^<]*)<\/title>/g)].map(([, text]) => text);
  for (const text of titles) assertEquals(/NaN|undefined/.test(text), false, text);
}

/** In JupyterLab an image with colours of its own, or a Vega spec; on our page inline. */
function shows(figure: Figure): void {
  const bundle = figure[DISPLAY]();
  assertEquals(bundle[FIGURE_MIME], { ...figure });
  assertMatch(String(bundle["text/plain"]), /^\[figure\] /);
  const html = bundle["text/html"] as string | undefined;
  if (html) {
    assertEquals(html.includes("<svg"), false, "an untrusted notebook would drop it");
    const image = atob(html.match(/src="data:image\/svg\+xml;base64,([^"]+)"/)![1]);
    assertEquals(/var\(--|<title>/.test(image), false);
  } else {
    assert("application/vnd.vegalite.v5+json" in bundle && "image/svg+xml" in bundle);
    assertEquals(
      JSON.stringify([bundle["application/vnd.vegalite.v5+json"], bundle["image/svg+xml"]]).includes("var(--"),
      false,
    );
  }
  const page = figureHtml(figure);
  assertEquals(page.split("<svg").length - 1, 2, "one drawing for the desk, one for the phone");
  assertEquals(page.includes(color("paper")) || page.includes("var(--"), true);
}
