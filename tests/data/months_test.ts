import { assertEquals } from "@std/assert";
import { rng } from "../../lib/base/random.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { hashCandles, slice } from "../../lib/market/candles.ts";
import { byMonth, joined, merge, monthSpan, noBars } from "../../lib/data/months.ts";
import { bars, hours, start } from "./bars.ts";

const always = { from: -Infinity, to: Infinity };

Deno.test("bars are parted at the first moment of each month, UTC, and joined again", () => {
  const year = synthetic(9000, rng(1), { start });
  const parts = byMonth(year);
  assertEquals([...parts.keys()].slice(0, 3), ["2020-01", "2020-02", "2020-03"]);
  assertEquals(parts.size, 13);
  assertEquals(parts.get("2020-02")?.length, 29 * 24);
  assertEquals(parts.get("2020-03")?.time[0], monthSpan("2020-03").from);
  assertEquals(hashCandles(joined(year.symbol, year.step, [...parts.values()], always)), hashCandles(year));
  const cut = joined(year.symbol, year.step, [...parts.values()], { from: year.time[5], to: year.time[9] });
  assertEquals(hashCandles(cut), hashCandles(slice(year, 5, 9)));
  assertEquals(byMonth(noBars("A/B", 1)).size, 0);
  assertEquals(joined("A/B", 1, [], always).length, 0);
});

Deno.test("merging keeps the order, and the newer of two bars of one time", () => {
  const merged = merge(bars([1, 2, 3], { time: hours(0, 2, 4) }), bars([20, 30, 60], { time: hours(2, 3, 6) }));
  assertEquals([...merged.time], [...hours(0, 2, 3, 4, 6)]);
  assertEquals([...merged.$close], [1, 20, 30, 3, 60]);
  assertEquals(merge(noBars("A/B", 1), bars([1])).length, 1);
  assertEquals(merge(bars([1]), noBars("A/B", 1)).length, 1);
});
