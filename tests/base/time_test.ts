import { assert, assertEquals, assertThrows } from "@std/assert";
import { formatDate, formatTimeframe, parseDate, parseTimeframe, parseTimerange } from "../../lib/base/time.ts";

Deno.test("timeframes read and write the same", () => {
  for (const name of ["1s", "1m", "15m", "1h", "4h", "1d", "1w", "3d"]) {
    assertEquals(formatTimeframe(parseTimeframe(name)), name);
  }
  assertEquals(parseTimeframe("4h"), 14_400_000);
  assertEquals(formatTimeframe(86_400_000 * 7), "1w");
  assertEquals(formatTimeframe(1500), "1500ms");
});

Deno.test("a timeframe that is none is refused: months have no fixed length", () => {
  for (const name of ["", "h", "0h", "1M", "1.5h", "-1h", "1h ", "60"]) {
    assertThrows(() => parseTimeframe(name), RangeError, "timeframe");
  }
});

Deno.test("dates without a zone are UTC, whatever the machine's zone", () => {
  const noon = Date.UTC(2023, 0, 31, 12);
  for (
    const text of [
      "2023-01-31T12:00",
      "2023-01-31 12:00",
      "2023-01-31T12:00Z",
      "2023-01-31T12:00:00.000z",
      "2023-01-31T14:00+02:00",
      "2023-01-31 14:00 +0200",
      "1675166400",
      "1675166400000",
    ]
  ) assertEquals(parseDate(text), noon, text);
  assertEquals(parseDate("20230131"), Date.UTC(2023, 0, 31));
  assertEquals(parseDate("2023-02"), Date.UTC(2023, 1, 1));
});

Deno.test("days that do not exist and words after a date are refused", () => {
  for (
    const text of [
      "",
      "today",
      "2023",
      "2023-13-01",
      "2023-02-30",
      "20230230",
      "2023-04-31T00:00Z",
      "2023-01-05 (x)",
      "2023-01-01T25:00",
    ]
  ) {
    assertThrows(() => parseDate(text), RangeError, "Cannot read the date");
  }
});

Deno.test("time ranges are freqtrade's, open at either end", () => {
  assertEquals(parseTimerange("20180131-20180301"), { from: Date.UTC(2018, 0, 31), to: Date.UTC(2018, 2, 1) });
  assertEquals(parseTimerange("20180131-").to, Infinity);
  assertEquals(parseTimerange("-20180301").from, -Infinity);
  assertEquals(parseTimerange("1527595200-1527618600"), { from: 1527595200000, to: 1527618600000 });
});

Deno.test("time ranges that are none or end before they start are refused", () => {
  for (const text of ["", "-", "20180131", "2018-01-31", "20180301-20180131", "20180131-20180131"]) {
    assertThrows(() => parseTimerange(text), RangeError, "time range");
  }
});

Deno.test("formatDate leaves midnight's time out", () => {
  assertEquals(formatDate(Date.UTC(2018, 0, 31)), "2018-01-31");
  assertEquals(formatDate(Date.UTC(2018, 0, 31, 13)), "2018-01-31 13:00");
  assert(formatDate(0) === "1970-01-01");
});
