import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { rng } from "../../lib/base/random.ts";
import { align } from "../../lib/market/align.ts";
import { type Candles, mapColumns, slice } from "../../lib/market/candles.ts";
import { noCosts } from "../../lib/market/market.ts";
import { synthetic } from "../../lib/market/synthetic.ts";

const of = (symbol: string, seed: number) => synthetic(100, rng(seed), { symbol });
const rows = (candles: Candles, keep: (t: number) => boolean): Candles =>
  mapColumns(candles, (column) => column.filter((_, t) => keep(t)) as typeof column);

Deno.test("assets of equal times share their columns", () => {
  const [a, b] = [of("A/USD", 1), of("B/USD", 2)];
  const market = align([a, b]);
  assertEquals([market.length, market.costs], [100, noCosts]);
  assertEquals(market.assets[0].$close === a.$close && market.assets[1].$close === b.$close, true);
  assertEquals(String(market.report), "100 common bars, 2017-07-14 02:40 to 2017-07-18 05:40");
});

Deno.test("only common times stay, each with its own asset's values", () => {
  const [a, b, c] = [of("A/USD", 1), of("B/USD", 2), of("C/USD", 3)];
  const market = align([rows(a, (t) => t % 7 !== 0), slice(b, 10, 90), rows(c, (t) => t % 11 !== 3)]);
  const expected = [...a.time.keys()].filter((t) => t % 7 !== 0 && t >= 10 && t < 90 && t % 11 !== 3);
  for (const [k, whole] of [a, b, c].entries()) {
    assertEquals([...market.assets[k].time], expected.map((t) => whole.time[t]));
    assertEquals([...market.assets[k].$close], expected.map((t) => whole.$close[t]));
  }
  assertEquals(market.length, expected.length);
});

Deno.test("the report counts what was left out, inside and outside the common span", () => {
  const { report } = align([slice(of("A/USD", 1), 0, 90), rows(of("B/USD", 2), (t) => t >= 5 && t !== 50 && t !== 51)]);
  assertEquals([report.length, report.assets[0].outside, report.assets[0].inside], [83, 5, 2]);
  assertEquals([report.assets[1].outside, report.assets[1].inside], [10, 0]);
  assertStringIncludes(
    String(report),
    "A/USD: 5 bars outside that span left out, 2 inside that another asset lacks (2017-07-16 04:40",
  );
});

Deno.test("one asset is a market", () => {
  assertEquals(align([of("A/USD", 1)]).length, 100);
});

Deno.test("nothing, one symbol twice, different steps and no common time are refused", () => {
  const a = of("A/USD", 1);
  assertThrows(() => align([]), RangeError, "at least one is needed");
  assertThrows(() => align([a, a]), RangeError, "A/USD is there twice");
  assertThrows(() => align([a, { ...of("B/USD", 1), step: 6e4 }]), RangeError, "they are 1h and 1m");
  const later = { ...of("B/USD", 1), time: a.time.map((time) => time + 1e9) };
  assertThrows(() => align([a, later]), RangeError, "at least 2 common bars are needed: there are 0");
  assertThrows(() => align([a, slice(of("B/USD", 1), 0, 0)]), RangeError, "B/USD is empty");
});
