import { assert, assertEquals, assertThrows } from "@std/assert";
import { rng } from "../../lib/base/random.ts";
import { type Candles, hashCandles, slice } from "../../lib/market/candles.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { alignAsOf, resample, takeAsOf } from "../../lib/data/resample.ts";
import { bars, column, hour, hours, start } from "./bars.ts";

const raw = {
  ...synthetic(500, rng(1), { start }),
  extra: { signal: Float64Array.from({ length: 500 }, (_, t) => t) },
};

Deno.test("four hours as one: first open, extremes, last close, summed volume, last signal", () => {
  const own = bars([10, 14, 8, 12], { $volume: column(1, 2, 3, 4), extra: { signal: column(5, 6, 7, 8) } });
  const { time, $open, $high, $low, $close, $volume, extra, step, length } = resample(own, "4h");
  assertEquals([length, step, time[0]], [1, 4 * hour, start]);
  assertEquals([$open[0], $high[0], $low[0], $close[0], $volume[0]], [
    10,
    Math.max(...own.$high),
    Math.min(...own.$low),
    12,
    10,
  ]);
  assertEquals(extra.signal[0], 8);
});

Deno.test("only whole bars are made: a part at either end is left out", () => {
  assertThrows(() => resample(slice(raw, 3, 47), "1d"), RangeError, "hold no whole bar");
  assertEquals([...resample(slice(raw, 3, 49), "1d").time], [start + 24 * hour]);
});

Deno.test("the prefix law: more bars change nothing that was there", () => {
  const all = resample(raw, "4h");
  for (let n = 5; n < 60; n++) {
    const first = resample(slice(raw, 0, n), "4h");
    assertEquals(hashCandles(first), hashCandles(slice(all, 0, first.length)), `${n} bars`);
  }
});

Deno.test("resampling in two steps is resampling in one", () => {
  const [two, one] = [resample(resample(raw, "4h"), "1d"), resample(raw, "1d")];
  for (const name of ["time", "$open", "$high", "$low", "$close"] as const) assertEquals(two[name], one[name]);
  for (let t = 0; t < one.length; t++) assert(Math.abs(two.$volume[t] / one.$volume[t] - 1) < 1e-12);
});

Deno.test("weeks begin on Monday, and a bar is filled when all of its parts are", () => {
  const days = resample(synthetic(24 * 40, rng(2), { start }), "1d");
  assertEquals(new Date(resample(days, "1w").time[0]).getUTCDay(), 1);
  const filled = Uint8Array.of(1, 1, 1, 1, 1, 0, 1, 1);
  assertEquals([...resample(bars(Array(8).fill(10), { filled }), "4h").filled], [1, 0]);
});

Deno.test("a gap inside a bar leaves the bar whole", () => {
  const own = bars([10, 11, 12, 13], { time: hours(0, 3, 4, 7) });
  assertEquals([...resample(own, "4h").$close], [11, 13]);
});

Deno.test("a shorter or odd timeframe, or too few bars, are refused; the same one changes nothing", () => {
  for (const timeframe of ["30m", "90m"]) {
    assertThrows(() => resample(raw, timeframe), RangeError, "must be a multiple");
  }
  assertThrows(() => resample(slice(raw, 0, 3), "4h"), RangeError, "hold no whole bar");
  assertThrows(() => resample(slice(raw, 0, 0), "4h"), RangeError, "hold no whole bar");
  assertThrows(() => resample(raw, "soon"), RangeError, "timeframe");
  assertEquals(resample(raw, "1h"), raw);
});

Deno.test("a day is known to the hours only once it is over", () => {
  const days = resample(raw, "1d");
  const rows = alignAsOf(raw, days);
  assertEquals([...rows.subarray(0, 26)], [...Array(23).fill(-1), 0, 0, 0]); // the hour from 23:00 closes with the day
  const closes = takeAsOf(days.$close, rows);
  assertEquals(closes[22], NaN);
  assertEquals(closes[23], raw.$close[23]);
});

Deno.test("no bar sees the future: changing later bars changes no row or value up to now", () => {
  const value = (low: Candles) => takeAsOf(resample(low, "4h").$close, alignAsOf(low, resample(low, "4h")));
  const all = value(raw);
  for (let n = 8; n < 60; n++) assertEquals(value(slice(raw, 0, n)), all.subarray(0, n), `${n} bars`);
});

Deno.test("a longer bar that starts in between is seen after it closes, not before", () => {
  const low = bars([1, 2, 3, 4, 5, 6]);
  const high = bars([10, 20], { step: 2 * hour, time: hours(1, 3) });
  assertEquals([...alignAsOf(low, high)], [-1, -1, 0, 0, 1, 1]);
  assertEquals([...alignAsOf(low, bars([]))], Array(6).fill(-1));
  assertEquals(alignAsOf(bars([]), high).length, 0);
});
