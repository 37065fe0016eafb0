import { assert, assertMatch } from "@std/assert";
import { indicatorPage } from "../../vectors/make_indicator_tables.ts";

Deno.test("the tables of the page about indicators are what tests/vectors/make_indicator_tables.ts writes", async () => {
  const { stands, wanted } = await indicatorPage();
  // Not assertEquals: the difference of two pages says less than what to do.
  assert(stands === wanted, "The tables are old: run `deno run -A tests/vectors/make_indicator_tables.ts`");
  assertMatch(wanted, /\| `rsi` +\| close +\| timeperiod 14 +\| itself +\| 14 +\| \d+(e-1\d)? +\|/);
});
