import { assert, assertEquals, assertThrows } from "@std/assert";
import { openHub } from "../../lib/panel/hub.ts";

const decoder = new TextDecoder();

/** Reads until `count` messages with data came. */
async function read(stream: ReadableStream<Uint8Array>, count: number): Promise<string[]> {
  const found: string[] = [];
  const reader = stream.getReader();
  while (found.length < count) {
    const { value, done } = await reader.read();
    if (done) break;
    const text = decoder.decode(value);
    if (text.includes("data: ")) found.push(text.match(/^event: (\w+)$/m)![1] + " " + text.match(/^data: (.*)$/m)![1]);
  }
  await reader.cancel();
  return found;
}

Deno.test("everybody gets every message, in order", async () => {
  using hub = openHub();
  const streams = Array.from({ length: 200 }, () => hub.open());
  for (let i = 0; i < 5; i++) hub.send("job", i);
  const all = await Promise.all(streams.map((stream) => read(stream, 5)));
  assert(all.every((found) => found.join() === "job 0,job 1,job 2,job 3,job 4"));
  assertEquals(hub.clients, 0);
});

Deno.test("who comes back with a cursor gets what was missed, and nothing twice", async () => {
  using hub = openHub();
  hub.send("job", 1);
  const cursor = hub.cursor;
  hub.send("job", 2);
  hub.send("job", 3);
  assertEquals(await read(hub.open(cursor), 2), ["job 2", "job 3"]);
  const last = hub.open(hub.cursor);
  hub.send("job", 4);
  assertEquals(await read(last, 1), ["job 4"]);
});

Deno.test("who was away too long, or comes from another panel, is told to ask again", async () => {
  using hub = openHub({ kept: 2 });
  const cursor = hub.cursor;
  for (let i = 0; i < 5; i++) hub.send("job", i);
  for (const after of [cursor, "deadbeef-3", "nonsense", `${hub.cursor}9`, ""]) {
    assertEquals(await read(hub.open(after), 1), ["reset {}"]);
  }
});

Deno.test("a client that takes nothing is cut off; the others go on", async () => {
  using hub = openHub({ queue: 10 });
  const slow = hub.open();
  const quick = hub.open();
  const taken = read(quick, 50);
  for (let i = 0; i < 50; i++) {
    hub.send("job", i);
    await Promise.resolve(); // the quick one takes it
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  assertEquals((await taken).length, 50);
  assertEquals(hub.clients, 0);
  await slow.getReader().read().catch((error) => assert(error instanceof Error));
});

Deno.test("the past takes no more memory than allowed", async () => {
  using hub = openHub({ bytes: 1000 });
  const cursor = hub.cursor;
  for (let i = 0; i < 100; i++) hub.send("told", "x".repeat(100));
  assertEquals(await read(hub.open(cursor), 1), ["reset {}"]);
});

Deno.test("there are no more clients than allowed", () => {
  using hub = openHub({ clients: 2 });
  hub.open();
  hub.open();
  assertThrows(() => hub.open(), RangeError, "at most 2");
});
