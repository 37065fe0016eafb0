import { assertEquals } from "@std/assert";
import { openRows } from "../../lib/live/rows.ts";
import type { Bar } from "../../lib/data/stream.ts";

const bar = (time: number, close: number, more: Partial<Bar> = {}): Bar => ({
  ...{ time, open: close, high: close + 1, low: close - 1, close, volume: 5 },
  ...more,
});

Deno.test("a row is complete once every asset has its bar, and begins with the first time of all", () => {
  const rows = openRows(["A", "B"], 10);
  assertEquals(rows.add("A", bar(0, 5), 1), []);
  assertEquals(rows.add("A", bar(10, 6), 2), []);
  assertEquals(rows.add("B", bar(10, 7), 3), [{ time: 10, received: 3, bars: [bar(10, 6), bar(10, 7)] }]);
  assertEquals(rows.add("C", bar(20, 7), 4), []);
  assertEquals(rows.add("B", bar(20, 8), 5), []);
  assertEquals(rows.add("A", bar(20, 9), 6).map(({ time }) => time), [20]);
  assertEquals(rows.faults, { late: 0, damaged: 0, missing: 0 });
});

Deno.test("bars that come twice, late, damaged or not at all are counted; what lacks is the close before, marked", () => {
  const rows = openRows(["A"], 10);
  const closes: unknown[] = [];
  const take = (one: Bar) => {
    for (const { time, bars: [{ close, volume, filled }] } of rows.add("A", one, 0)) {
      closes.push([time, close, volume, filled ?? false]);
    }
  };
  take(bar(0, NaN)); // before any price nothing can stand for it
  take(bar(10, 5));
  take(bar(10, 6));
  take(bar(0, 6));
  take(bar(40, 7));
  take(bar(50, NaN));
  take(bar(60, 8, { high: 1 }));
  take(bar(70, 9, { volume: 0 }));
  take(bar(75, 9));
  assertEquals(closes, [
    [10, 5, 5, false],
    [20, 5, 0, true],
    [30, 5, 0, true],
    [40, 7, 5, false],
    [50, 7, 0, true],
    [60, 7, 0, true],
    [70, 9, 0, false],
  ]);
  assertEquals(rows.faults, { late: 2, damaged: 4, missing: 2 });
});

Deno.test("a session that goes on takes no bar that it has", () => {
  const rows = openRows(["A"], 10, { time: 30, closes: [4] });
  assertEquals(rows.add("A", bar(30, 5), 0), []);
  assertEquals(rows.add("A", bar(40, 5), 0).map(({ time }) => time), [40]);
  assertEquals(rows.faults.late, 1);
  assertEquals(rows.add("A", bar(60, 5), 0).map(({ time }) => time), [50, 60]);
  assertEquals(rows.add("A", bar(2 ** 52, 5), 0), []); // a clock gone wild
});
