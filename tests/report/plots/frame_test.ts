import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  extent,
  keyRow,
  logTicks,
  niceTicks,
  padded,
  panel,
  tickText,
  wantsLog,
} from "../../../lib/report/plots/frame.ts";
import { sizeOf } from "../../../lib/report/svg.ts";

Deno.test("ticks are round, inside the domain, and about as many as asked", () => {
  assertEquals(niceTicks([0, 1], 4), [0, 0.25, 0.5, 0.75, 1]);
  assertEquals(niceTicks([-37, 61], 5), [-20, 0, 20, 40, 60]);
  fc.assert(
    fc.property(
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
      (low, width) => {
        const ticks = niceTicks([low, low + width], 6);
        assert(ticks.length >= 2 && ticks.length <= 8, String(ticks));
        for (const tick of ticks) assert(tick >= low - 1e-6 * width && tick <= low + width * (1 + 1e-6));
      },
    ),
  );
});

Deno.test("a log axis has ticks over a decade, over many, and over a tenth of one", () => {
  assertEquals(logTicks([300, 20_000], 6), [500, 1000, 2000, 5000, 10_000, 20_000]);
  assertEquals(logTicks([1, 1e6], 4).every((tick) => Number.isInteger(Math.log10(tick))), true);
  assert(logTicks([100, 112], 5).length >= 3);
});

Deno.test("tick labels have the decimals that tell them apart", () => {
  assertEquals([0, 0.25, 0.5].map(tickText([0, 0.25, 0.5])), ["0.00", "0.25", "0.50"]);
  assertEquals([10_000, 12_500].map(tickText([10_000, 12_500])), ["10k", "12.5k"]);
});

Deno.test("an extent leaves out what is no number, and is something for nothing", () => {
  assertEquals(extent([NaN, 3, -1], [Infinity, 7]), [-1, 7]);
  assertEquals(extent([NaN]), [0, 1]);
  assertEquals(padded([5, 5]), [4.5, 5.5]);
  assertEquals(padded([0, 0]), [-1, 1]);
});

Deno.test("a price goes on a log axis when it trebles, never when it reaches zero", () => {
  assertEquals([wantsLog([1, 4]), wantsLog([1, 2]), wantsLog([0, 4])], [true, false, false]);
});

Deno.test("labels at the ends of lines keep apart and inside, however close the lines end", () => {
  const labels = Array.from(
    { length: 5 },
    (_, i) => ({ text: `line ${i}`, value: 0.99 + i / 1000, colour: "var(--ink)" }),
  );
  const svg = panel({ width: 680, height: 200, x: { domain: [0, 1] }, y: { domain: [0, 1] }, marks: [], labels });
  const places = [...svg.matchAll(/y="([\d.]+)"[^>]*font-weight="600">line/g)].map(([, y]) => Number(y)).sort((a, b) =>
    a - b
  );
  assertEquals(places.length, 5);
  for (const [i, y] of places.entries()) {
    assert(y > 0 && y < 200 && (i === 0 || y - places[i - 1] > 13), String(places));
  }
});

Deno.test("a key wraps where it has no room", () => {
  const items = Array.from({ length: 8 }, (_, i) => ({ text: `strategy ${i}`, stroke: "var(--ink)" }));
  assertEquals(sizeOf(keyRow(358, items)).height > sizeOf(keyRow(1000, items)).height, true);
});
