import { assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { openAppendFile, textOrNothing } from "../../lib/base/append_file.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

async function inFolder(work: (path: string) => void): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    work(join(folder, "file"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a file that is added to goes on at its whole end, and half a line after it is gone", () =>
  inFolder((path) => {
    assertEquals(textOrNothing(path), "");
    {
      using file = openAppendFile(path, 0);
      file.append(bytes("one\n"));
      file.append(bytes("two\n"), "data");
      assertEquals(file.size, 8);
    }
    Deno.writeTextFileSync(path, "thr", { append: true });
    using file = openAppendFile(path, 8);
    assertEquals(textOrNothing(path), "one\ntwo\n");
    file.append(bytes("three\n"), "all");
    file.sync();
    assertEquals([file.size, textOrNothing(path)], [14, "one\ntwo\nthree\n"]);
  }));

Deno.test("what the disk takes only half of is taken back, and the next goes where it would have gone", () =>
  inFolder((path) => {
    using file = openAppendFile(path, 0);
    file.append(bytes("one\n"));
    const write = Deno.FsFile.prototype.writeSync;
    let calls = 0;
    Deno.FsFile.prototype.writeSync = function (data: Uint8Array) {
      if (calls++ > 0) throw new Error("No space left on device");
      return write.call(this, data.subarray(0, 2));
    };
    try {
      assertThrows(() => file.append(bytes("two\n")), Error, "No space left");
    } finally {
      Deno.FsFile.prototype.writeSync = write;
    }
    assertEquals([calls, file.size, textOrNothing(path)], [2, 4, "one\n"]);
    file.append(bytes("2\n"));
    assertEquals(textOrNothing(path), "one\n2\n");
  }));

Deno.test("a file that is there but cannot be read is not taken for nothing", () =>
  inFolder((path) => {
    Deno.mkdirSync(path);
    assertThrows(() => textOrNothing(path));
  }));
