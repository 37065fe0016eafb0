import { assertEquals } from "@std/assert";
import { eventFile } from "../../lib/base/event_file.ts";
import { Secret } from "../../lib/base/secret.ts";

const folder = await Deno.makeTempDir();
Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

const read = async (path: string) =>
  (await Deno.readTextFile(path)).split("\n").filter(Boolean).map((line) => JSON.parse(line));

Deno.test("events come a line each, in order; of a flood the first, the last and all that count are kept", async () => {
  const path = `${folder}/flood`;
  {
    using file = eventFile(path, { gap: 1e6 });
    for (let i = 0; i < 1000; i++) file.onEvent({ kind: "metrics", step: i, values: { loss: i } });
    file.onEvent({ kind: "page", path: "reports/a.html" });
    for (let i = 0; i < 10; i++) file.onEvent({ kind: "progress", label: "a", done: i, total: 10, note: "" });
    file.onEvent({ kind: "progress", label: "a", done: 10, total: 10, note: "" });
    file.onEvent({ kind: "metrics", step: 1000, values: { loss: 1000 } });
  }
  const events = await read(path);
  assertEquals(events.map(({ kind, step, done }) => [kind, step ?? done ?? null]), [
    ["metrics", 0],
    ["metrics", 999],
    ["page", null],
    ["progress", 0],
    ["progress", 9],
    ["progress", 10],
    ["metrics", 1000],
  ]);
});

Deno.test("bars that come at once are all told, until there are too many", async () => {
  const path = `${folder}/bars`;
  {
    using file = eventFile(path, { gap: 1e6, burst: 100 });
    for (let i = 0; i < 500; i++) file.onEvent({ kind: "bar", symbol: "A", bar: i, ohlcv: [1, 1, 1, 1, 1] });
  }
  assertEquals((await read(path)).map(({ bar }) => bar), [...Array(101).keys(), 499]);
});

Deno.test("what JSON cannot say is null, and secrets are not said", async () => {
  const path = `${folder}/redacted`;
  new Secret("hunter22");
  {
    using file = eventFile(path);
    file.onEvent({ kind: "metrics", step: null, values: { a: NaN, b: Infinity } });
    file.onEvent({ kind: "alert", name: "x", on: true, text: "key hunter22" });
  }
  const [first, second] = await read(path);
  assertEquals([first.values, second.text], [{ a: null, b: null }, "key ***"]);
});

Deno.test("a file that cannot be written does not stop the work", () => {
  using file = eventFile(`${folder}/no/such/folder`);
  for (let i = 0; i < 3; i++) file.onEvent({ kind: "page", path: "x" });
});
