import { join } from "node:path";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { exists, temporaryBeside, withLock, writeAtomic } from "../../lib/base/files.ts";

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const names = async (folder: string) => (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();

Deno.test("writeAtomic makes the folder, writes text and bytes, replaces, and leaves nothing beside", () =>
  inFolder(async (folder) => {
    const path = join(folder, "a", "b", "file.txt");
    await writeAtomic(path, "één");
    assertEquals(await Deno.readTextFile(path), "één");
    await writeAtomic(path, new Uint8Array(300_000).fill(7));
    assertEquals((await Deno.readFile(path)).length, 300_000);
    await writeAtomic(path, "");
    assertEquals(await Deno.readTextFile(path), "");
    assertEquals(await names(join(folder, "a", "b")), ["file.txt"]);
  }));

Deno.test("when a write fails the old file stays and no temporary one is left", () =>
  inFolder(async (folder) => {
    const path = join(folder, "target");
    await Deno.mkdir(join(path, "inside"), { recursive: true }); // a folder cannot be replaced by a file
    await assertRejects(() => writeAtomic(path, "new"));
    assertEquals(await names(folder), ["target"]);
    assertEquals(await names(path), ["inside"]);
  }));

Deno.test("many writers at once leave one whole body", () =>
  inFolder(async (folder) => {
    const path = join(folder, "file");
    const bodies = Array.from({ length: 20 }, (_, i) => String(i).repeat(50_000));
    await Promise.all(bodies.map((body) => writeAtomic(path, body)));
    assert(bodies.includes(await Deno.readTextFile(path)));
    assertEquals(await names(folder), ["file"]);
  }));

Deno.test("temporary names differ each time and stay beside the file", () => {
  const some = new Set(Array.from({ length: 50 }, () => temporaryBeside("/x/y.parquet")));
  assertEquals(some.size, 50);
  for (const name of some) assert(name.startsWith("/x/y.parquet."));
});

Deno.test("exists tells a file from none, and a path through a file is none", () =>
  inFolder(async (folder) => {
    const path = join(folder, "file");
    assertEquals(await exists(path), false);
    await Deno.writeTextFile(path, "");
    assertEquals(await exists(path), true);
    assertEquals(await exists(join(path, "below")), false);
  }));

Deno.test("a lock lets one at a time in, in one process", () =>
  inFolder(async (folder) => {
    const path = join(folder, "counter");
    let inside = 0;
    await Promise.all(Array.from({ length: 8 }, () =>
      withLock(path, async () => {
        assertEquals(++inside, 1);
        await new Promise((done) => setTimeout(done, 1));
        inside--;
      })));
  }));

Deno.test("a lock lets one at a time in, across processes", () =>
  inFolder(async (folder) => {
    const path = join(folder, "counter");
    await Deno.writeTextFile(path, "0");
    const files = new URL("../../lib/base/files.ts", import.meta.url).href;
    const script = `
      import { withLock } from ${JSON.stringify(files)};
      const path = ${JSON.stringify(path)};
      for (let i = 0; i < 25; i++) {
        await withLock(path, async () => {
          const count = Number(await Deno.readTextFile(path));
          await Deno.writeTextFile(path, String(count + 1));
        });
      }`;
    const run = () => new Deno.Command(Deno.execPath(), { args: ["eval", "--no-config", script] }).output();
    const results = await Promise.all([run(), run(), run()]);
    assert(results.every(({ success }) => success), new TextDecoder().decode(results[0].stderr));
    assertEquals(await Deno.readTextFile(path), "75");
  }));

Deno.test("work that throws gives its lock back", () =>
  inFolder(async (folder) => {
    const path = join(folder, "file");
    await assertRejects(() => withLock(path, () => Promise.reject(new RangeError("no"))), RangeError, "no");
    assertEquals(await withLock(path, () => Promise.resolve(5)), 5);
  }));
