import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "node:path";
import { openJournal, readJournal } from "../../lib/live/journal.ts";

/** A folder that is gone at the end. */
async function scratch(): Promise<{ readonly path: string } & AsyncDisposable> {
  const folder = await Deno.makeTempDir();
  return { path: join(folder, "journal.jsonl"), [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

const recordsOf = (path: string) => Array.from(readJournal(path), ({ record }) => record);
const nasty = [{ text: "a\nb\u2028\u00e9" }, { number: 0.1 + 0.2, tiny: 5e-324, none: null }, [], {
  long: "x".repeat(2e6),
}];

Deno.test("a journal gives back what was written, bit for bit, and goes on where it ended", async () => {
  await using file = await scratch();
  {
    using journal = openJournal(file.path);
    for (const record of nasty) journal.append(record);
    journal.sync();
  }
  assertEquals(recordsOf(file.path), nasty);
  const { end, sum } = Array.from(readJournal(file.path)).at(-1)!;
  {
    using journal = openJournal(file.path, { end, sum });
    journal.append({ more: 1 });
  }
  assertEquals(recordsOf(file.path), [...nasty, { more: 1 }]);
});

Deno.test("wherever a last line was cut off, it is left out and what came before it stays", async () => {
  await using file = await scratch();
  {
    using journal = openJournal(file.path);
    for (let i = 0; i < 3; i++) journal.append({ i });
  }
  const whole = await Deno.readFile(file.path);
  const ends = Array.from(readJournal(file.path), ({ end }) => end);
  for (let size = 0; size < whole.length; size++) {
    await Deno.writeFile(file.path, whole.subarray(0, size));
    const entries = Array.from(readJournal(file.path));
    assertEquals(entries.length, ends.filter((end) => end <= size).length);
    const { end, sum } = entries.at(-1) ?? { end: 0, sum: 0 };
    using journal = openJournal(file.path, { end, sum });
    journal.append("on");
    assertEquals(recordsOf(file.path), [...entries.map(({ record }) => record), "on"]);
  }
});

Deno.test("a journal in which something was changed, taken out or put in is refused, with the line", async () => {
  await using file = await scratch();
  {
    using journal = openJournal(file.path);
    for (let i = 0; i < 4; i++) journal.append({ equity: 100 + i });
  }
  const lines = (await Deno.readTextFile(file.path)).trimEnd().split("\n");
  const tampered = {
    changed: lines.with(1, lines[1].replace("101", "999")),
    "taken out": lines.toSpliced(1, 1),
    "put in": lines.toSpliced(1, 0, lines[1]),
    turned: [lines[0], lines[2], lines[1], lines[3]],
  };
  for (const [what, now] of Object.entries(tampered)) {
    await Deno.writeTextFile(file.path, now.join("\n") + "\n");
    const error = assertThrows(() => recordsOf(file.path), SyntaxError);
    assertStringIncludes(error.message, `line ${what === "put in" ? 3 : 2} is damaged`);
  }
});

Deno.test({
  name: "a disk that is full is said, and the journal ends where it did",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", join(import.meta.dirname!, "full_disk_process.ts"), "/dev/full"],
    }).output();
    const lines = new TextDecoder().decode(stdout).trim().split("\n");
    assertEquals(lines.length, 2);
    for (const line of lines) {
      assertStringIncludes(line, "Cannot write the journal as the disk does not take it: No space left");
    }
  },
});
