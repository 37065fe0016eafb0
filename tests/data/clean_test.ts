import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { DISPLAY, type MimeBundle } from "../../lib/base/display.ts";
import { below, rng } from "../../lib/base/random.ts";
import { type Candles, columns, hashCandles, mapColumns } from "../../lib/market/candles.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { clean } from "../../lib/data/clean.ts";
import type { GapPolicy } from "../../lib/data/cleaning_report.ts";
import { bars, column, hour, hours, start } from "./bars.ts";

const found = (raw: Candles, gaps: GapPolicy = "fill") =>
  clean(raw, { gaps }).report.findings.map(({ kind, bars, changed }) => `${kind} ${bars}${changed ? " changed" : ""}`);
const whats = (raw: Candles, gaps: GapPolicy = "fill") => clean(raw, { gaps }).report.findings.map(({ what }) => what);

Deno.test("good bars come out as they went in, and nothing is reported", () => {
  const raw = synthetic(100, rng(1));
  const { candles, report } = clean(raw);
  assertEquals(hashCandles(candles), hashCandles(raw));
  assertEquals(report.findings, []);
  assertStringIncludes(String(report), "nothing had to be changed");
});

Deno.test("bars are put in order of time", () => {
  const raw = bars([10, 12, 11], { time: hours(0, 2, 1) });
  const { candles } = clean(raw);
  assertEquals([...candles.time], [...hours(0, 1, 2)]);
  assertEquals([...candles.$close], [10, 11, 12]);
  assertEquals(found(raw), ["order 1 changed"]);
  assertEquals(whats(bars([3, 2, 1], { time: hours(2, 1, 0) })), ["the bars were newest first and turned round"]);
});

Deno.test("of bars of one time the last is kept", () => {
  const raw = bars([10, 11, 99, 12], { time: hours(0, 1, 1, 2), $open: column(10, 10, 98, 12) });
  assertEquals([...clean(raw).candles.$close], [10, 99, 12]);
  assertEquals(found(raw), ["duplicate 1 changed"]);
});

Deno.test("a gap is filled forward with volume 0 and marked", () => {
  const raw = bars([10, 11, 14], { time: hours(0, 1, 4), extra: { funding: column(1, 2, 3) } });
  const { candles, report } = clean(raw);
  assertEquals([...candles.time], [...hours(0, 1, 2, 3, 4)]);
  for (const name of columns.slice(0, 4)) assertEquals([...candles[name].subarray(2, 4)], [11, 11], name);
  assertEquals([...candles.$volume], [10, 10, 0, 0, 10]);
  assertEquals([...candles.filled], [0, 0, 1, 1, 0]);
  assertEquals([...candles.extra.funding], [1, 2, 2, 2, 3]);
  assertEquals(report.findings[0].what, "2 bars missing in 1 gap: filled with the close before, volume 0");
  assertEquals(report.findings[0].examples, ["2 bars after 2020-01-01 01:00"]);
});

Deno.test("a gap can be left missing, or refused", () => {
  const raw = bars([10, 11, 14], { time: hours(0, 1, 4) });
  assertEquals([...clean(raw, { gaps: "drop" }).candles.time], [...hours(0, 1, 4)]);
  assertEquals(found(raw, "drop"), ["gap 2"]);
  assertThrows(
    () => clean(raw, { gaps: "fail" }),
    RangeError,
    "2 bars missing in 1 gap: 2 bars after 2020-01-01 01:00",
  );
});

Deno.test("prices that are no prices count as missing: filled forward and marked", () => {
  for (
    const [bad, name] of [[NaN, "empty"], [0, "zero"], [-5, "negative"], [Infinity, "infinite"], [
      -Infinity,
      "negative",
    ]] as const
  ) {
    const of = (value: number) => column(10, 11, value, 12);
    const raw = bars([10, 11, 1, 12], { $open: of(bad), $high: of(bad), $low: of(bad), $close: of(bad) });
    const { candles, report } = clean(raw);
    assertEquals([...candles.$close], [10, 11, 11, 12], String(bad));
    assertEquals([...candles.filled], [0, 0, 1, 0]);
    assertStringIncludes(report.findings[0].what, `1 bar had no valid price (4 ${name}): filled from the close before`);
    assertEquals(clean(raw, { gaps: "drop" }).candles.length, 3);
    assertThrows(() => clean(raw, { gaps: "fail" }), RangeError, "no valid price");
  }
});

Deno.test("a bar that lacks some prices keeps the others", () => {
  const raw = bars([10, 12, 12, 12], {
    $open: column(10, NaN, 12, 12),
    $high: column(13, 15, NaN, 13),
    $low: column(9, 9, NaN, 11),
    $close: column(11, 14, 13, NaN),
  });
  const { candles } = clean(raw);
  assertEquals([...candles.$open], [10, 11, 12, 12]);
  assertEquals([...candles.$high], [13, 15, 13, 13]);
  assertEquals([...candles.$low], [9, 9, 12, 11]);
  assertEquals([...candles.$close], [11, 14, 13, 12]);
  assertEquals([...candles.filled], [0, 1, 1, 1]);
});

Deno.test("what is missing before the first close is filled backward from the first open, and that is said", () => {
  const nan = (values: number[]) => column(NaN, NaN, ...values);
  const raw = bars([1, 1, 12, 13], {
    $open: nan([10, 12]),
    $high: nan([13, 14]),
    $low: nan([9, 9]),
    $close: nan([12, 13]),
  });
  const { candles, report } = clean(raw);
  assertEquals([...candles.$close], [10, 10, 12, 13]);
  assertEquals([...candles.filled], [1, 1, 0, 0]);
  assertStringIncludes(report.findings[0].what, "2 bars before the first close from its open");
});

Deno.test("an unknown volume is 0, so that nothing trades on it; a volume of 0 is only mentioned", () => {
  const raw = bars([10, 11, 12, 13, 14], { $volume: column(5, NaN, -1, 0, Infinity) });
  const { candles } = clean(raw);
  assertEquals([...candles.$volume], [5, 0, 0, 0, 0]);
  assertEquals([...candles.filled], [0, 1, 1, 0, 1]);
  assertEquals(found(raw), ["volume 3 changed", "no trade 1"]);
});

Deno.test("high and low are widened to hold open and close", () => {
  const raw = bars([10, 11, 12], { $high: column(11, 10.5, 9), $low: column(9, 9.5, 13) });
  const { candles, report } = clean(raw);
  assertEquals([...candles.$high], [11, 11, 13]);
  assertEquals([...candles.$low], [9, 9.5, 9]);
  assertEquals([...candles.filled], [0, 0, 0]);
  assertEquals(report.findings[0].bars, 2);
  assertEquals(report.findings[0].examples[0], "2020-01-01 01:00 low..high 9.5..10.5 → 9.5..11");
});

Deno.test("extra columns are filled forward, then backward, without marking bars", () => {
  const none = column(NaN, NaN, NaN, NaN);
  const raw = bars([1, 2, 3, 4], { extra: { a: column(NaN, 5, NaN, -Infinity), none } });
  const { candles } = clean(raw, { gaps: "fail" });
  assertEquals([...candles.extra.a], [5, 5, 5, 5]);
  assertEquals([...candles.extra.none], [NaN, NaN, NaN, NaN]);
  assertEquals([...candles.filled], [0, 0, 0, 0]);
  assertEquals(whats(raw), [
    'column "a" filled forward in 3 bars, the first 1 backward from 2020-01-01 01:00',
    'column "none" has no number at all and stays empty',
  ]);
});

Deno.test("bars off the grid are said and kept; daylight saving makes no gap", () => {
  const off = bars([1, 2, 3, 4], { time: hours(0, 1.1, 2, 3) });
  assertEquals(found(off), ["grid 1"]);
  assertEquals([...clean(off).candles.time], [...hours(0, 1.1, 2, 3)]);
  const local = bars([1, 2, 3, 4, 5], { step: 24 * hour, time: hours(0, 24, 48, 71, 95) });
  assertEquals(found(local), ["grid 2"]);
});

Deno.test("weeks that begin on Monday are on their grid", () => {
  const monday = Date.UTC(2020, 0, 6);
  const time = Float64Array.from([0, 1, 2, 4], (n) => monday + n * 7 * 24 * hour);
  assertEquals([...clean(bars([1, 2, 3, 4], { step: 7 * 24 * hour, time })).candles.filled], [0, 0, 0, 1, 0]);
});

Deno.test("less than two bars, no valid close, or a wrong step are refused", () => {
  assertThrows(() => clean(bars([])), RangeError, "at least 2 bars are needed: 0 valid bars of 0 remain");
  assertThrows(() => clean(bars([1])), RangeError, "at least 2 bars are needed: 1 valid bar of 1 remains");
  assertThrows(() => clean(bars([1, 2], { time: hours(3, 3) })), RangeError, "1 valid bar of 2 remains");
  assertThrows(() => clean(bars([1, 2], { time: column(NaN, start) })), RangeError, "1 valid bar of 2 remains");
  assertThrows(() => clean(bars([NaN, NaN, NaN])), RangeError, "not one of its 3 bars has a valid close");
  assertThrows(
    () => clean(bars([NaN, 1, 2, NaN], { $open: column(1, NaN, 1, 1) }), { gaps: "drop" }),
    RangeError,
    "1 valid bar of 4",
  );
  assertThrows(
    () => clean(bars([1, 2, 3], { step: 2 * hour })),
    RangeError,
    "most of them are 1h apart: resample them",
  );
});

Deno.test("a wrong time far away is refused instead of filling a century", () => {
  const raw = bars([1, 2, 3], { time: column(start, start + hour, Date.UTC(2105, 0, 1)) });
  assertThrows(() => clean(raw), RangeError, "2020-01-01 01:00 to 2105-01-01: is a time wrong?");
  assertEquals(clean(raw, { gaps: "drop" }).candles.length, 3);
});

Deno.test("the input stays as it was", () => {
  const raw = broken(60, 3);
  const before = hashCandles(raw);
  clean(raw);
  assertEquals(hashCandles(raw), before);
});

Deno.test("whatever is broken, clean bars are clean, known values stay, and cleaning twice is cleaning once", () => {
  for (let seed = 0; seed < 60; seed++) {
    const raw = broken(80, seed);
    for (const gaps of ["fill", "drop"] as const) {
      const { candles, report } = clean(raw, { gaps });
      const { time, $open, $high, $low, $close, $volume, filled, length } = candles;
      for (let t = 0; t < length; t++) {
        assert(t === 0 || time[t] > time[t - 1]);
        if (gaps === "fill" && t > 0) assertEquals(time[t] - time[t - 1], hour);
        assert($low[t] > 0 && $low[t] <= Math.min($open[t], $close[t]), `low, seed ${seed}, bar ${t}`);
        assert($high[t] < Infinity && $high[t] >= Math.max($open[t], $close[t]));
        assert($volume[t] >= 0 && $volume[t] < Infinity && (filled[t] === 0 || gaps === "fill"));
        assert(Number.isFinite(candles.extra.a[t]));
        const row = raw.time.lastIndexOf(time[t]);
        if (row >= 0 && raw.$close[row] > 0 && raw.$close[row] < Infinity) assertEquals($close[t], raw.$close[row]);
      }
      assertEquals([report.barsIn, report.barsOut], [raw.length, length]);
      const again = clean(candles, { gaps });
      assertEquals(hashCandles(again.candles), hashCandles(candles), `seed ${seed} ${gaps}`);
      assertEquals(again.report.findings.filter(({ changed }) => changed), []);
    }
  }
});

Deno.test("the report shows itself as HTML and text, and is plain JSON", () => {
  const { report } = clean(bars([10, NaN, 12], { symbol: "<b>/USD" }), { notes: ['column "x" was left out'] });
  const shown = (report as unknown as Record<symbol, () => MimeBundle>)[DISPLAY]();
  assertStringIncludes(String(shown["text/html"]), "<table>");
  assertStringIncludes(String(shown["text/html"]), "&#60;b&#62;/USD");
  assertStringIncludes(String(shown["text/plain"]), '  - column "x" was left out');
  assertEquals(shown["text/plain"], String(report));
  assertStringIncludes(Deno.inspect(report), "1 kind of change");
  assertEquals(JSON.parse(JSON.stringify(report)).findings[0].bars, 2);
});

/** Hourly bars with every kind of fault in some places. */
function broken(length: number, seed: number): Candles {
  const random = rng(seed);
  const good = synthetic(length, random, { start });
  const rows = Uint32Array.from({ length }, (_, t) => (random() < 0.1 ? below(length, random) : t)); // repeats and disorder
  const raw = mapColumns({ ...good, extra: { a: good.$close.slice() } }, (values) => {
    const moved = values.slice() as typeof values;
    for (const [t, row] of rows.entries()) moved[t] = values[row];
    return moved;
  });
  for (const name of columns) {
    for (let i = 0; i < length / 10; i++) {
      raw[name][below(length, random)] = [NaN, -1, Infinity, 0, 1e6][below(5, random)];
    }
  }
  raw.extra.a[below(length, random)] = NaN;
  return raw;
}
