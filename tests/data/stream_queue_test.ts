import { assertEquals, assertThrows } from "@std/assert";
import type { StreamEvent } from "../../lib/data/stream.ts";
import { streamQueue } from "../../lib/data/stream_queue.ts";

const bar = (time: number): StreamEvent => ({
  ...{ kind: "bar", symbol: "A", received: 0, source: "stream" },
  bar: { time, open: 1, high: 1, low: 1, close: 1, volume: 1 },
});
const book = (symbol: string, time: number): StreamEvent => ({ kind: "book", symbol, time, bids: [], asks: [] });
const trade = (time: number): StreamEvent => ({ kind: "trade", symbol: "A", time, price: 1, units: 1, side: "buy" });
const feed: StreamEvent = { kind: "feed", state: "stale", note: "" };
const timeOf = (event: StreamEvent) =>
  event.kind === "bar" ? event.bar.time : event.kind === "feed" ? event.state : event.time;

Deno.test("a slow reader gets every bar, first, and of books and trades the latest", async () => {
  const queue = streamQueue(2);
  for (const event of [book("A", 1), bar(1), trade(1), book("B", 1), trade(2), feed, book("A", 2), trade(3), bar(2)]) {
    queue.push(event);
  }
  assertEquals(queue.bars, 3);
  const reader = queue[Symbol.asyncIterator]();
  const read: unknown[] = [];
  for (let i = 0; i < 7; i++) {
    const { value } = await reader.next();
    read.push([value.kind, timeOf(value)]);
  }
  assertEquals(read, [
    ...[["bar", 1], ["feed", "stale"], ["bar", 2], ["trade", 2], ["trade", 3], ["book", 2], ["book", 1]],
  ]);
  assertEquals(queue.dropped, { books: 1, trades: 1 });
});

Deno.test("a reader that waits gets what comes at once; one that waits when it ends is told", async () => {
  const queue = streamQueue();
  const reader = queue[Symbol.asyncIterator]();
  const first = reader.next();
  queue.push(bar(1));
  assertEquals((await first).value, bar(1));
  const second = reader.next();
  assertThrows(() => reader.next(), TypeError, "Cannot read a stream twice at a time");
  queue.close();
  assertEquals((await second).done, true);
  queue.push(bar(2));
  assertEquals((await reader.next()).done, true);
});

Deno.test("bars by the hundred thousand come out in order, and the queue is empty again", async () => {
  const queue = streamQueue();
  const reader = queue[Symbol.asyncIterator]();
  let next = 0;
  for (let time = 0; time < 100_000; time++) {
    queue.push(bar(time));
    if (time % 3 === 0) assertEquals(timeOf((await reader.next()).value), next++);
  }
  while (queue.bars > 0) assertEquals(timeOf((await reader.next()).value), next++);
  assertEquals(next, 100_000);
});
