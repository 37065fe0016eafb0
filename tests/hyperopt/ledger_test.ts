import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { countTrials, openLedger, verifyLedger } from "../../lib/hyperopt/ledger.ts";

const study = { kind: "study", study: "s", space: "a = float(0, 1)", settings: { seed: 7 } } as const;
let clock = Date.UTC(2026, 0, 1);
const now = () => clock += 1000;

async function withFolder(work: (path: string) => void | Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    await work(join(folder, "study", "ledger.jsonl"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function write(path: string, trials: number) {
  using ledger = openLedger(path, now);
  ledger.append(study);
  for (let trial = 0; trial < trials; trial++) ledger.append({ kind: "trial", trial, params: { a: trial / 10 } });
}

Deno.test("a ledger counts every trial: finished, pruned, failed, deleted, running, and each exploit", () =>
  withFolder((path) => {
    write(path, 5);
    using ledger = openLedger(path, now);
    ledger.append({ kind: "end", trial: 0, state: "finished", value: 1, sharpe: 0.05, bars: 100 });
    ledger.append({ kind: "end", trial: 1, state: "pruned", value: 0.2, sharpe: 0.01, bars: 30 });
    ledger.append({ kind: "end", trial: 2, state: "failed", note: "out of memory" });
    ledger.append({ kind: "exploit", trial: 3, from: 0, params: { a: 0.3 } });
    ledger.append({ kind: "deleted", trial: 0, note: "looked wrong" });
    assertEquals(countTrials(ledger.lines), {
      trials: 6,
      finished: 1,
      pruned: 1,
      failed: 1,
      deleted: 1,
      running: 2,
      exploits: 1,
      sharpes: [0.05, 0.01],
    });
  }));

Deno.test("the hold-out is opened once per study; a second time is refused and says when the first was", () =>
  withFolder((path) => {
    write(path, 2);
    clock = Date.UTC(2026, 0, 2);
    {
      using ledger = openLedger(path, now);
      ledger.openHoldout(1, "the winner");
    }
    using ledger = openLedger(path, now);
    assertThrows(() => ledger.openHoldout(0, "another"), RangeError, "2026-01-02T00:00:01.000Z for trial 1");
    assertEquals(countTrials(ledger.lines).holdout, { at: "2026-01-02T00:00:01.000Z", trial: 1, reason: "the winner" });
  }));

Deno.test("any byte that is changed, dropped or moved is found, with its line", () =>
  withFolder((path) => {
    write(path, 6);
    const text = Deno.readTextFileSync(path);
    const lines = text.trimEnd().split("\n");
    const faultOf = (changed: readonly string[]) => {
      Deno.writeTextFileSync(path, changed.join("\n") + "\n");
      return verifyLedger(path).fault?.line;
    };
    assertEquals(faultOf(lines), undefined);
    assertEquals(faultOf(lines.with(3, lines[3].replace('"a":0.2', '"a":0.9'))), 4, "a value");
    assertEquals(faultOf(lines.with(3, lines[3].replace(":", ": "))), 4, "a space");
    assertEquals(faultOf(lines.toSpliced(2, 1)), 3, "a line dropped");
    assertEquals(faultOf(lines.toSpliced(2, 0, lines[2])), 4, "a line twice");
    assertEquals(faultOf([lines[0], lines[2], lines[1], ...lines.slice(3)]), 2, "two lines swapped");
    assertEquals(faultOf(lines.with(0, "not JSON")), 1);
    for (let at = 0; at < text.length - 1; at += 37) {
      if (text[at] === "\n") continue;
      Deno.writeTextFileSync(path, text.slice(0, at) + (text[at] === "0" ? "1" : "0") + text.slice(at + 1));
      assertEquals(verifyLedger(path).fault?.line, text.slice(0, at).split("\n").length, `byte ${at}`);
    }
    assertThrows(() => openLedger(path), RangeError, "as it was written");
  }));

Deno.test("lines cut off the end show against a head that was kept elsewhere", () =>
  withFolder((path) => {
    write(path, 4);
    const { head } = verifyLedger(path);
    const lines = Deno.readTextFileSync(path).trimEnd().split("\n");
    Deno.writeTextFileSync(path, lines.slice(0, 3).join("\n") + "\n");
    assertEquals(verifyLedger(path).fault, undefined, "alone it looks whole");
    assertEquals(verifyLedger(path, head).fault?.line, 4);
  }));

Deno.test("half a line that a dying process left is cut off, wherever it was cut, and the ledger goes on", () =>
  withFolder((path) => {
    write(path, 3);
    const text = Deno.readTextFileSync(path);
    const last = text.trimEnd().lastIndexOf("\n") + 1;
    for (let at = last; at < text.length; at += 11) {
      Deno.writeTextFileSync(path, text.slice(0, at));
      using ledger = openLedger(path, now);
      assertEquals(ledger.lines.length, 3);
      ledger.append({ kind: "trial", trial: 2, params: { a: 0.7 } });
      assertEquals(verifyLedger(path).lines.length, 4);
      assertEquals(verifyLedger(path).fault, undefined);
    }
  }));

Deno.test("two writers are refused, also from another process, until the first has ended", () =>
  withFolder(async (path) => {
    write(path, 1);
    const module = JSON.stringify(import.meta.resolve("../../lib/hyperopt/ledger.ts"));
    const program = `import { openLedger } from ${module}; openLedger(${JSON.stringify(path)}); console.log("held");
      await new Promise((resolve) => setTimeout(resolve, 60_000));`;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["eval", program],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const reader = child.stdout.getReader();
    try {
      const said = await reader.read();
      assert(new TextDecoder().decode(said.value).includes("held"));
      assertThrows(() => openLedger(path), RangeError, "another one does");
    } finally {
      child.kill("SIGKILL");
      await child.status;
      await reader.cancel();
    }
    using ledger = openLedger(path);
    assertEquals(ledger.lines.length, 2);
  }));

Deno.test("what makes no sense is not written: a trial twice, an end before its beginning, a study in the middle", () =>
  withFolder((path) => {
    using ledger = openLedger(path, now);
    const refuse = (entry: Parameters<typeof ledger.append>[0], why: string) =>
      assertThrows(() => ledger.append(entry), RangeError, why);
    refuse({ kind: "trial", trial: 0, params: {} }, "first line must say what the study is");
    ledger.append(study);
    refuse(study, "must be the first line");
    refuse({ kind: "end", trial: 0, state: "failed" }, "trial 0 must have begun");
    ledger.append({ kind: "trial", trial: 0, params: {} });
    refuse({ kind: "trial", trial: 0, params: {} }, "it has begun");
    ledger.append({ kind: "end", trial: 0, state: "failed" });
    refuse({ kind: "end", trial: 0, state: "finished" }, "it has ended");
    assertEquals(ledger.lines.length, 3);
  }));
