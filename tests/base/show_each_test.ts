import { assertEquals } from "@std/assert";
import { displayed } from "../../lib/base/display.ts";
import { showEach } from "../../lib/base/show_each.ts";

Deno.test("outside a notebook nothing is shown, and nothing is drawn for it", () => {
  let drawn = 0;
  showEach([displayed({}, () => ({ "text/plain": String(++drawn) }))]);
  assertEquals(drawn, 0);
});
