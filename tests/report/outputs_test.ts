import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { markdownHtml } from "../../lib/report/markdown.ts";
import { outputHtml } from "../../lib/report/outputs.ts";
import { plainTables, sanitizeHtml } from "../../lib/report/sanitize.ts";

const shown = (data: Record<string, unknown>) => outputHtml({ output_type: "display_data", data, metadata: {} }, 1);
const printed = (text: string) => outputHtml({ output_type: "stream", name: "stdout", text }, 1);

Deno.test("text keeps its colours, loses what was overwritten, and cannot become markup", async () => {
  assertMatch(await printed("\x1b[31mred\x1b[0m <b>"), /<span class="ansi-red-fg">red<\/span> &lt;b&gt;/);
  assertMatch(await printed("10 %\r100 %\r\nnext\n"), />100 %\nnext<\/pre>/);
  assertEquals(await printed("\n"), "");
  assertMatch(await printed("x\n".repeat(60)), /<details class="long"><summary>60 lines of text/);
});

Deno.test("the richest representation is shown; summaries and progress bars are not", async () => {
  assertMatch(await shown({ "text/plain": "plain", "text/html": "<b>rich</b>" }), /<b>rich<\/b>/);
  assertEquals(await shown({ "application/vnd.candelabra.summary+json": {}, "text/plain": "x" }), "");
  assertEquals(
    await shown({ "text/html": '<div><progress max="3" value="3"></progress> done</div>', "text/plain": "x" }),
    "",
  );
  assertEquals(await shown({ "application/unknown": 1 }), "");
  assertMatch(await shown({ "application/unknown": 1, "text/plain": "fall-back" }), /fall-back/);
  assertMatch(
    await shown({ "image/png": "AAAA\nBBBB\n" }),
    /<img alt="Picture made by cell 1" src="data:image\/png;base64,AAAABBBB">/,
  );
  assertMatch(await shown({ "text/latex": "$\\alpha$" }), /<math[^>]*display="block"/);
  assertMatch(await shown({ "application/json": { a: "</script>" } }), /&lt;\/script&gt;/);
});

Deno.test("a drawing in the page's colours stands in the page, another one keeps to itself on paper", async () => {
  assertMatch(
    await shown({ "image/svg+xml": '<?xml version="1.0"?><svg><path fill="var(--agent)"/></svg>' }),
    /^<div class="output drawing"><svg/,
  );
  const foreign = await shown({ "image/svg+xml": "<svg><script>alert(1)</script></svg>" });
  assertMatch(foreign, /^<div class="output sheet"><img [^>]*src="data:image\/svg\+xml;base64,/);
});

Deno.test("Vega-Lite of others is drawn here", async () => {
  const spec = {
    title: "T",
    data: { values: [{ a: 1 }] },
    mark: "point",
    encoding: { x: { field: "a", type: "quantitative" } },
  };
  const html = await shown({ "application/vnd.vegalite.v6.1.0+json": spec });
  assertMatch(html, /<figure class="figure[\s\S]*<svg role="img" aria-label="T"/);
});

Deno.test("HTML loses scripts, handlers, frames and what it would fetch, and is closed", () => {
  const nasty =
    '<div onclick="x()"><script>bad()</script><iframe src="https://a.example"></iframe><p style="background:url(https://a.example/x)">text' +
    '<a href="javascript:bad()">j</a><a href="https://a.example/">w</a><img src="//a.example/p.png" alt="words"><svg><a xlink:href="https://b.example"></a></svg>';
  const clean = sanitizeHtml(nasty);
  for (const gone of ["onclick", "script", "iframe", "url(https", "javascript", "//a.example/p.png", "b.example"]) {
    assert(!clean.includes(gone), `${gone} in ${clean}`);
  }
  for (const kept of ["text", "words", 'href="https://a.example/"', "</p>", "</div>"]) {
    assertStringIncludes(clean, kept);
  }
  assertStringIncludes(sanitizeHtml('<svg viewBox="0 0 1 1"><path d="M0,0"/></svg>'), 'viewBox="0 0 1 1"');
  assertEquals(sanitizeHtml("<style>@import 'x'; p{color:red}</style>"), "<style> p{color:red}</style>");
});

Deno.test("tables without a style get the page's, with numbers to the right", () => {
  const html = plainTables("<table border=1><tr><td>a</td><td>−1,234.5 %</td></tr></table>");
  assertMatch(html, /^<div class="table-scroll"><table class="table plain"><tr><td>a<\/td><td class="number">/);
  const own = '<div class="table-scroll"><table class="table"><tr><td>1</td></tr></table></div>';
  assertEquals(plainTables(own), own);
});

Deno.test("dollars are money and columns unless they enclose a formula", () => {
  for (const text of ["from $5 to $10", "`$close` and `$open`", "$close and $open", "costs 5$ or 6$"]) {
    assert(!markdownHtml(text).includes("<math"), text);
  }
  for (const text of ["$x^2$", "so $a_t$, then", "$$\\frac{a}{b}$$"]) assertStringIncludes(markdownHtml(text), "<math");
  assertStringIncludes(markdownHtml("$\\frac{$"), "katex-error"); // bad TeX is shown, not thrown
});

Deno.test("headings have ids of their own", () => {
  const headings: { level: number; id: string; html: string }[] = [];
  markdownHtml("## Über `code`\n\n## Über code\n\n## ***\n\n# A [link](x)", headings);
  assertEquals(headings.map(({ level, id }) => [level, id]), [[2, "über-code"], [2, "über-code-2"], [2, "section"], [
    1,
    "a-link",
  ]]);
  assertEquals(headings[3].html, "A link");
});
