import { join } from "node:path";
import { assert, assertEquals } from "@std/assert";
import { type Entry, type Journal, openJournal } from "../../lib/track/journal.ts";

function inFolder(test: (folder: string) => void): () => void {
  return () => {
    const folder = Deno.makeTempDirSync();
    try {
      test(join(folder, "run"));
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  };
}

const metric = (step: number): Entry => ({ metrics: { loss: step / 3 }, step, time: step });

function drain(journal: Journal, bytes?: number): Entry[] {
  const all: Entry[] = [];
  for (let unsent = journal.next(bytes); unsent; unsent = journal.next(bytes)) {
    all.push(...unsent.entries);
    unsent.done();
  }
  return all;
}

Deno.test(
  "a journal gives back what was appended, once, in order, in pieces of any size",
  inFolder((folder) => {
    for (const bytes of [1, 50, 1000, undefined]) {
      using journal = openJournal(`${folder}${bytes}`)!;
      const entries = Array.from({ length: 100 }, (_, i) => metric(i));
      entries.slice(0, 60).forEach(journal.append);
      assertEquals(drain(journal, bytes), entries.slice(0, 60));
      entries.slice(60).forEach(journal.append);
      assertEquals(drain(journal, bytes), entries.slice(60));
      assertEquals(journal.next(), undefined);
    }
  }),
);

Deno.test(
  "what was not acknowledged is there after the process died, but for a half-written line",
  inFolder((folder) => {
    {
      using journal = openJournal(folder)!;
      for (let i = 0; i < 5; i++) journal.append(metric(i));
      journal.next(1)!.done();
      journal.next(1); // taken and not acknowledged
      journal.remember({ run: { id: "r", experimentId: "1", artifactUri: "mlflow-artifacts:/1/r" } });
    }
    Deno.writeTextFileSync(join(folder, "journal.jsonl"), '{"metrics":{"loss":', { append: true });
    using again = openJournal(folder)!;
    assertEquals(again.sent.run?.id, "r");
    again.append(metric(5));
    assertEquals(drain(again), [1, 2, 3, 4, 5].map(metric));
  }),
);

Deno.test(
  "one holder at a time",
  inFolder((folder) => {
    const first = openJournal(folder)!;
    assertEquals(openJournal(folder), undefined);
    first[Symbol.dispose]();
    using second = openJournal(folder);
    assert(second);
  }),
);

Deno.test(
  "an artifact's body is kept until it was sent, and the folder goes with the last word",
  inFolder((folder) => {
    const journal = openJournal(folder)!;
    journal.artifact("report.html", new TextEncoder().encode("<p>"));
    const unsent = journal.next()!;
    const [entry] = unsent.entries;
    assert("artifact" in entry && entry.file);
    assertEquals(Deno.readTextFileSync(join(folder, entry.file)), "<p>");
    unsent.done();
    assertEquals([...Deno.readDirSync(folder)].filter(({ name }) => name === entry.file), []);
    journal.remove();
    assertEquals([...Deno.readDirSync(join(folder, ".."))], []);
  }),
);

Deno.test(
  "a journal of many megabytes is emptied once all of it was sent",
  inFolder((folder) => {
    using journal = openJournal(folder)!;
    const text = "x".repeat(1e6);
    for (let i = 0; i < 17; i++) journal.append({ tags: { text, i: String(i) } });
    assertEquals(drain(journal).length, 17);
    assertEquals(Deno.statSync(join(folder, "journal.jsonl")).size, 0);
    journal.append(metric(1));
    assertEquals(drain(journal), [metric(1)]);
  }),
);

Deno.test(
  "where the disk refuses, entries stay in memory and the fault is told",
  inFolder((folder) => {
    Deno.writeTextFileSync(folder, "a file is in the way");
    const faults: string[] = [];
    using journal = openJournal(folder, (error) => faults.push(error.name))!;
    journal.append(metric(1));
    journal.artifact("a.txt", new Uint8Array([1]));
    assertEquals(drain(journal), [metric(1), { artifact: "a.txt", bytes: new Uint8Array([1]) }]);
    assertEquals(faults.length, 1);
  }),
);

Deno.test({
  name: "a disk that fills up in the middle loses nothing",
  ignore: Deno.build.os !== "linux",
  async fn() {
    // A file size limit makes the kernel refuse writes as a full disk does.
    const code = `
      import { openJournal } from ${JSON.stringify(import.meta.resolve("../../lib/track/journal.ts"))};
      const folder = Deno.args[0];
      const faults = [];
      const journal = openJournal(folder, (error) => faults.push(error.message));
      for (let i = 0; i < 200; i++) journal.append({ tags: { text: "x".repeat(1000), i: String(i) } });
      const steps = [];
      for (let unsent = journal.next(); unsent; unsent = journal.next()) {
        steps.push(...unsent.entries.map((entry) => Number(entry.tags.i)));
        unsent.done();
      }
      console.log(JSON.stringify({ steps, faults: faults.length }));
      Deno.exit(0);`;
    const folder = await Deno.makeTempDir();
    try {
      const file = join(folder, "fill.ts");
      await Deno.writeTextFile(file, code);
      const limited = `trap "" XFSZ; ulimit -f 64; exec "$0" run --no-code-cache -A "$1" "$2"`;
      const args = ["-c", limited, Deno.execPath(), file, join(folder, "run")];
      const { stdout, stderr } = await new Deno.Command("bash", { args }).output();
      const text = new TextDecoder().decode(stdout);
      assert(text, new TextDecoder().decode(stderr));
      const { steps, faults } = JSON.parse(text);
      assertEquals(steps, Array.from({ length: 200 }, (_, i) => i));
      assertEquals(faults, 1);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
