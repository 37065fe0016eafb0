import { assert, assertEquals, assertThrows } from "@std/assert";
import { rng } from "../../lib/base/random.ts";
import type { MarketStream, StreamEvent } from "../../lib/data/stream.ts";
import { replayStream } from "../../lib/live/replay.ts";
import { slice } from "../../lib/market/candles.ts";
import { synthetic } from "../../lib/market/synthetic.ts";

async function all(stream: MarketStream): Promise<StreamEvent[]> {
  const events: StreamEvent[] = [];
  await using open = stream;
  for await (const event of open) events.push(event);
  return events;
}

const candles = synthetic(50, rng(1), { symbol: "A/USD" });
candles.filled[3] = 1;
const later = { ...slice(synthetic(50, rng(2), { symbol: "B/USD" }), 10, 40) };

Deno.test("a replay gives every bar once, in order of time, with what is known of it", async () => {
  const events = await all(replayStream([candles, later]));
  const bars = events.filter((event) => event.kind === "bar");
  assertEquals(bars.length, 80);
  assertEquals([events[0].kind, events.at(-1)!.kind], ["feed", "feed"]);
  const times = bars.map(({ bar }) => bar.time);
  assertEquals(times, times.toSorted((a, b) => a - b));
  const own = bars.filter(({ symbol }) => symbol === "A/USD").map(({ bar }) => bar);
  assertEquals(own.map(({ close }) => close), Array.from(candles.$close));
  assertEquals(own.map(({ filled }) => filled), own.map((_, t) => t === 3 ? true : undefined));
});

Deno.test("a replay begins where it is told to", async () => {
  const events = await all(replayStream([candles], { since: candles.time[45] }));
  assertEquals(events.filter(({ kind }) => kind === "bar").length, 5);
});

Deno.test("a replay keeps its pace, gives history at once, and ends when it is closed in a pause", async () => {
  const began = performance.now();
  await all(replayStream([candles], { speed: candles.step / 5, atOnce: 40 })); // 5 ms a bar
  const took = performance.now() - began;
  assert(took >= 45, `10 bars of 5 ms took ${took} ms`);
  await using stream = replayStream([candles], { speed: 1e-3 });
  setTimeout(() => void stream[Symbol.asyncDispose](), 5);
  const events: StreamEvent[] = [];
  for await (const event of stream) events.push(event);
  assertEquals(events.map(({ kind }) => kind), ["feed", "feed"]);
});

Deno.test("what cannot be replayed is refused", () => {
  assertThrows(() => replayStream([]), RangeError, "there must be candles");
  assertThrows(() => replayStream([candles], { speed: 0 }), RangeError, "speed must be above 0");
  const other = synthetic(5, rng(1), { step: 60_000 });
  assertThrows(() => replayStream([candles, other]), RangeError, "equally long");
});
