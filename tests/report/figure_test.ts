import { assertEquals, assertStringIncludes } from "@std/assert";
import { DISPLAY } from "../../lib/base/display.ts";
import { figure, FIGURE_MIME, figureHtml } from "../../lib/report/figure.ts";
import { theme } from "../../lib/report/theme.ts";

const drawing = (width: number) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} 10"><path stroke="var(--agent)" d="M0,0H${width}"/><g class="hover" fill="transparent"><rect><title>at 1</title></rect></g></svg>`;
const text = { title: "Price <now>", alt: 'A "line" of 2 & more', caption: "It rose" };

Deno.test("a figure is drawn for the page and for a phone, wide ones for the whole page", () => {
  const widths: number[] = [];
  figure((width) => (widths.push(width), drawing(width)), text);
  figure((width) => (widths.push(width), drawing(width)), { ...text, wide: true });
  assertEquals(widths, [theme.width.column, theme.width.narrow, theme.width.wide, theme.width.narrow]);
});

Deno.test("a notebook gets an image with colours of its own and nothing that its sanitizer would strip", () => {
  const html = figure(drawing, text)[DISPLAY]()["text/html"] as string;
  assertEquals(/<svg|<script|style=/.test(html), false);
  assertStringIncludes(html, 'alt="A &#34;line&#34; of 2 &#38; more"');
  const svg = atob(html.match(/base64,([^"]+)"/)![1]);
  assertStringIncludes(svg, `stroke="${theme.light.agent}"`);
  assertStringIncludes(svg, `fill="${theme.light.paper}"`);
  assertEquals(/hover|<title>|var\(/.test(svg), false);
});

Deno.test("the report gets the drawing inline, in the page's colours, with its words", () => {
  const shown = figure(drawing, text);
  const content = shown[DISPLAY]()[FIGURE_MIME];
  assertEquals(JSON.parse(JSON.stringify(content)), { ...content as object });
  const html = figureHtml(content as typeof shown);
  assertStringIncludes(html, '<div class="figure-desk"><svg role="img" aria-label="A &#34;line&#34; of 2 &#38; more"');
  assertStringIncludes(html, '<div class="figure-phone">');
  assertStringIncludes(html, '<p class="figure-title">Price &#60;now&#62;</p>');
  assertStringIncludes(html, "<figcaption>It rose</figcaption>");
  assertStringIncludes(html, "<title>at 1</title>");
});

Deno.test("a ready drawing is a figure too, without one for the phone", () => {
  const shown = figure(drawing(500), { title: "Ready", alt: "A ready drawing" });
  assertEquals([shown.narrow, shown.caption, shown.wide], [undefined, "", false]);
  assertEquals(figureHtml(shown).includes("figcaption") || figureHtml(shown).includes("figure-phone"), false);
});

Deno.test("a terminal gets the words", () => {
  assertEquals(figure(drawing, text)[DISPLAY]()["text/plain"], '[figure] Price <now>\nA "line" of 2 & more\nIt rose');
});

Deno.test("a spec inside the page cannot end its script", () => {
  const html = figureHtml({ ...figure(drawing, text), vega: { data: "</script><b>" } });
  assertEquals(html.includes("</script><b>"), false);
  assertEquals(JSON.parse(html.match(/class="figure-vega">(.*?)<\/script>/)![1]), { data: "</script><b>" });
});
