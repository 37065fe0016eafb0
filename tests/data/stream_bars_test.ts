import { assertEquals } from "@std/assert";
import { rng, shuffle } from "../../lib/base/random.ts";
import type { Bar } from "../../lib/data/stream.ts";
import { barSequence, isBar } from "../../lib/data/stream_bars.ts";

const bar = (time: number, close = time + 1): Bar => ({ time, open: 1, high: close, low: 1, close, volume: 1 });

function sequence(next: number, step = 10) {
  const out: Bar[] = [];
  return { out, bars: barSequence(next, step, (one) => out.push(one)) };
}

Deno.test("bars in any order, some of them twice, come out in order and once", () => {
  for (let seed = 0; seed < 50; seed++) {
    const random = rng(seed);
    const order = shuffle(Uint32Array.from({ length: 60 }, (_, i) => i % 40), random);
    const { out, bars } = sequence(0);
    for (const i of order) bars.add(bar(10 * i), "stream");
    assertEquals(out.map(({ time }) => time), Array.from({ length: 40 }, (_, i) => 10 * i));
    assertEquals([bars.next, bars.ahead], [400, 0]);
  }
});

Deno.test("a bar before the first, off the grid, or there already is not taken", () => {
  const { out, bars } = sequence(100);
  assertEquals([90, 105, 120, 120, 100, 100].map((time) => bars.add(bar(time), "stream")), [
    ...[false, false, true, false, true, false],
  ]);
  assertEquals(out.map(({ time }) => time), [100]);
  assertEquals([bars.next, bars.ahead], [110, 1]);
});

Deno.test("what the exchange does not have is the close before, marked; before the first bar there is nothing", () => {
  const { out, bars } = sequence(0);
  bars.closeUpTo(10);
  assertEquals([out.length, bars.next], [0, 20]);
  bars.add(bar(20, 7), "rest");
  bars.add(bar(50), "stream");
  bars.closeUpTo(30);
  assertEquals(out.at(-1), { time: 30, open: 7, high: 7, low: 7, close: 7, volume: 0, filled: true });
  bars.skip();
  assertEquals(out.map(({ time, filled }) => [time, filled ?? false]), [[20, false], [30, true], [40, true], [
    50,
    false,
  ]]);
});

Deno.test("numbers that can be no bar's are told", () => {
  const good = { time: 0, open: 1, high: 2, low: 1, close: 1.5, volume: 0 };
  assertEquals(isBar(good), true);
  for (const bad of [{ close: NaN }, { open: 0 }, { low: -1 }, { high: Infinity }, { volume: NaN }, { volume: -1 }]) {
    assertEquals(isBar({ ...good, ...bad }), false);
  }
});
