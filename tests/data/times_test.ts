import { assertEquals } from "@std/assert";
import { inferStep, readTimes } from "../../lib/data/times.ts";

const noon = Date.UTC(2020, 0, 1, 12);

Deno.test("epochs in s, ms, µs and ns are told apart value by value", () => {
  const { time, units, unread } = readTimes([noon / 1e3, noon, noon * 1e3, noon * 1e6]);
  assertEquals([...time], [noon, noon, noon, noon]);
  assertEquals(units, ["s", "ms", "µs", "ns"]);
  assertEquals(unread, []);
});

Deno.test("epochs as text and with fractions of a second are read", () => {
  assertEquals([...readTimes([`${noon / 1e3}`, `${noon / 1e3}.5`, ` ${noon} `]).time], [noon, noon + 500, noon]);
});

Deno.test("dates of every usual kind are read as UTC", () => {
  const texts = [
    ...["2020-01-01T12:00:00Z", "2020-01-01 12:00:00", "2020-01-01 12:00:00 UTC", "2020-01-01T13:00:00+01:00"],
    ...["2020-01-01 12-PM", "2020-01-01T12:00:00.000000"],
  ];
  assertEquals([...readTimes(texts).time], texts.map(() => noon));
  assertEquals([...readTimes(["2020-01-01", "20200101", "2020-01-01 12-AM"]).time], Array(3).fill(noon - 12 * 36e5));
});

Deno.test("what is no time is NaN and listed", () => {
  const { time, unread } = readTimes([null, "", "31/01/2020", 43831, -5, NaN, Infinity, "2020-13-01", noon]);
  assertEquals(unread, [0, 1, 2, 3, 4, 5, 6, 7]);
  assertEquals(time[8], noon);
});

Deno.test("the step is the most common distance, whatever the order and the gaps", () => {
  assertEquals(inferStep(Float64Array.of(5, 1, 2, 3, 9)), 1);
  assertEquals(inferStep(Float64Array.of(0, 10, 20, 20, NaN, 50)), 10);
  assertEquals(inferStep(Float64Array.of(7)), NaN);
  assertEquals(inferStep(Float64Array.of(7, 7)), NaN);
});
