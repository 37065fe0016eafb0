import { assertEquals } from "@std/assert";
import { DISPLAY, displayed } from "../../lib/base/display.ts";
import { escapeHtml, inNotebook } from "../../lib/base/progress.ts";

Deno.test("a displayed value is the same value, and its display shows neither in JSON nor in print nor in a copy", () => {
  const value = { a: 1 };
  const shown = displayed(value, () => ({ "text/plain": `a is ${value.a}` }));
  assertEquals(shown === value, true);
  assertEquals(shown[DISPLAY](), { "text/plain": "a is 1" });
  assertEquals(JSON.stringify(shown), '{"a":1}');
  assertEquals(Deno.inspect(shown), "{ a: 1 }");
  assertEquals(DISPLAY in { ...shown }, false);
});

Deno.test("a value may be given another display", () => {
  const value = displayed([1, 2], () => ({ "text/plain": "first" }));
  assertEquals(displayed(value, () => ({ "text/plain": "second" }))[DISPLAY](), { "text/plain": "second" });
});

Deno.test("text is safe between tags and in attributes", () => {
  assertEquals(escapeHtml(`<a href="x" b='y'>&amp;`), "&#60;a href=&#34;x&#34; b=&#39;y&#39;&#62;&#38;amp;");
});

Deno.test("a test run is no notebook", () => assertEquals(inNotebook(), false));
