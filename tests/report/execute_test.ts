import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { Secret } from "../../lib/base/secret.ts";
import { type Executed, executeNotebook, type ExecuteOptions } from "../../lib/report/execute.ts";
import {
  type CodeCell,
  codeCells,
  type Notebook,
  type Output,
  readNotebook,
  textOf,
} from "../../lib/report/notebook.ts";
import { code, markdown, notebookOf } from "./notebook_of.ts";

/** What a cell printed and showed, as text. */
function shown(executed: Executed, cell: number): string {
  return codeCells(executed.notebook)[cell - 1].outputs.map(textOfOutput).join("");
}
function textOfOutput(output: Output): string {
  if (output.output_type === "stream") return textOf(output.text);
  if (output.output_type === "error") return output.traceback.join("\n");
  // deno-lint-ignore no-control-regex
  return textOf(output.data["text/plain"] as string ?? "").replace(/\x1b\[\d*m/g, "");
}
const run = (notebook: Notebook, options: ExecuteOptions = {}) =>
  executeNotebook(notebook, { cellTimeout: 30_000, ...options });

Deno.test("all 4,000 lines of 40 cells arrive, each in its own cell", async () => {
  const sources = Array.from(
    { length: 40 },
    (_, c) => `for (let i = 0; i < 100; i++) console.log("cell ${c} line", i);`,
  );
  const { notebook, error } = await run(notebookOf(...sources));
  assertEquals(error, undefined);
  codeCells(notebook).forEach((cell, c) => {
    const wanted = Array.from({ length: 100 }, (_, i) => `cell ${c} line ${i}\n`).join("");
    assertEquals(cell.outputs.map(textOfOutput).join(""), wanted);
    assertEquals([cell.outputs.length, cell.execution_count], [1, c + 1]);
  });
});

Deno.test("a cell that prints faster than it can be read loses nothing, and one that prints without end is cut", async () => {
  const executed = await run(notebookOf(
    "for (let i = 0; i < 10_000; i++) console.log(i);",
    'for (let i = 0; i < 30; i++) console.log("x".repeat(50_000));',
  ));
  assertEquals(shown(executed, 1), Array.from({ length: 10_000 }, (_, i) => `${i}\n`).join(""));
  const text = shown(executed, 2);
  assert(text.length < 1_100_000 && text.endsWith("… cut here: a cell's text may be 1000000 characters long\n"));
});

Deno.test("values show themselves, streams keep their kind, an updated display changes in place", async () => {
  const executed = await run(notebookOf(
    '({ [Symbol.for("Jupyter.display")]: () => ({ "text/html": "<b>1</b>", "text/plain": "one" }) })',
    'console.log("out"); console.error("err"); 6 * 7',
    'const show = (kind: "display_data" | "update_display_data", text: string) => Deno.jupyter.broadcast(kind, { data: { "text/plain": text }, metadata: {}, transient: { display_id: "bar" } });\nawait show("display_data", "0 %")',
    'await show("update_display_data", "100 %")',
    'await show("display_data", "gone"); await Deno.jupyter.broadcast("clear_output", { wait: true }); console.log("kept")',
  ));
  assertEquals(executed.error, undefined);
  const [first, second] = codeCells(executed.notebook);
  assertEquals((first.outputs[0] as { data: unknown }).data, { "text/html": "<b>1</b>", "text/plain": "one" });
  assertEquals(second.outputs.map((output) => output.output_type), ["stream", "stream", "execute_result"]);
  assertEquals(shown(executed, 2), "out\nerr\n42");
  assertEquals([shown(executed, 3), shown(executed, 4), shown(executed, 5)], ["100 %", "", "kept\n"]);
});

Deno.test("parameters reach the cells", async () => {
  const notebook = notebookOf(code("let fast = 12;\nlet name = 'a';", ["parameters"]), "`${name} ${fast}`");
  const executed = await run(notebook, { parameters: { fast: 5, name: "b" } });
  assertEquals(shown(executed, 3), '"b 5"');
  await assertRejects(() => run(notebook, { parameters: { slow: 1 } }), RangeError, "slow");
});

Deno.test("a cell that throws ends the run: the cell and line are named, what was done is kept", async () => {
  const executed = await run(notebookOf(
    'console.log("before")',
    markdown("text"),
    'function check(price: number) {\n  // blank lines and types move the lines of the code that runs\n\n  if (price < 0) throw new RangeError("price is negative");\n}',
    "const unused: number = 1;\n\ncheck(-1);",
    'console.log("never")',
  ));
  assertEquals(executed.error, { cell: 3, line: 3, name: "RangeError", message: "price is negative" });
  assertEquals(shown(executed, 1), "before\n");
  assertEquals(
    shown(executed, 3),
    "RangeError: price is negative\n    at check (cell 2, line 4)\n    at cell 3, line 3",
  );
  assertEquals(codeCells(executed.notebook)[3].outputs, []);
});

Deno.test("errors that nothing awaits, thrown text and bad syntax end the run too", async () => {
  for (
    const [source, name, message] of [
      [
        'void Promise.reject(new TypeError("lost")); await new Promise((done) => setTimeout(done, 50))',
        "TypeError",
        "lost",
      ],
      [
        'setTimeout(() => { throw new Error("late") }, 5); await new Promise((done) => setTimeout(done, 50))',
        "Error",
        "late",
      ],
      ['throw "text"', "Error", "text"],
      ["const x = ;", "SyntaxError", "Expression expected"],
    ]
  ) {
    const { error } = await run(notebookOf("1", source));
    assertEquals([error?.cell, error?.name, error?.message], [2, name, message]);
  }
});

Deno.test("a cell may be tagged to throw, or to be left out", async () => {
  const throws = code("throw new Error('expected')", ["raises-exception"]);
  const executed = await run(notebookOf(throws, code("throw 1", ["skip-execution"]), "3"));
  assertEquals(executed.error, undefined);
  assertStringIncludes(shown(executed, 1), "expected");
  assertEquals(shown(executed, 3), "3");
});

Deno.test("a cell that runs too long, a kernel that dies and an interrupt keep the partial notebook", async () => {
  const folder = await Deno.makeTempDir();
  const output = `${folder}/partial.ipynb`;
  const slow = await run(notebookOf("console.log(1)", "console.log(2); for (;;);"), { cellTimeout: 3000, output });
  assertEquals(slow.error, { cell: 2, name: "TimeoutError", message: "Cell 2 ran longer than 3 s" });
  const saved = codeCells(await readNotebook(output));
  assertEquals(saved[0].outputs.map(textOfOutput), ["1\n"]);
  assertEquals(saved[1].outputs.at(-1), (codeCells(slow.notebook)[1] as CodeCell).outputs.at(-1));

  const dead = await run(notebookOf("1", "Deno.exit(3)"));
  assertEquals([dead.error?.cell, dead.error?.name], [2, "KernelDied"]);
  assertStringIncludes(dead.error!.message, "exit code 3");

  const controller = new AbortController();
  const onProgress = (done: number) => void (done === 1 && setTimeout(() => controller.abort(), 50));
  const stopped = await run(notebookOf("1", "await new Promise(() => {})"), { signal: controller.signal, onProgress });
  assertEquals(stopped.error, { cell: 2, name: "Interrupted", message: "The run was interrupted" });
  assertEquals((await run(notebookOf("1"), { signal: controller.signal })).error?.cell, 1);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("the kernel gets no keys, no network, no programs and says what it was refused", async () => {
  Deno.env.set("EXCHANGE_API_SECRET", "hunter2-secret");
  try {
    const executed = await run(notebookOf(
      "[...Object.keys(Deno.env.toObject())].filter((name) => /EXCHANGE|SECRET|KEY/.test(name)).length",
      "await fetch('http://127.0.0.1:9').catch((error) => error.name)", // this machine: refused by nobody listening
      "new Deno.Command('sh')\n.outputSync()",
    ));
    assertEquals([shown(executed, 1), shown(executed, 2)], ["0", '"TypeError"']);
    assertEquals([executed.error?.cell, executed.error?.name], [3, "NotCapable"]);
    const long = 'await Deno.readTextFile("/" + "x".repeat(5000))';
    assertEquals((await run(notebookOf(long))).error?.name, "NotCapable"); // a path that cannot be judged
    const offline = await run(notebookOf("await fetch('http://data.example/')"));
    assertStringIncludes(offline.error!.message, '"net data.example:80" was refused');
  } finally {
    Deno.env.delete("EXCHANGE_API_SECRET");
  }
});

Deno.test("outputs have no secrets and no paths of this machine in them", async () => {
  const secret = new Secret("s3cr3t-value-of-a-test");
  const executed = await run(
    notebookOf(`console.log(${JSON.stringify(secret.reveal())}, Deno.cwd() + "/lib/mod.ts", Deno.cwd())`),
  );
  assertEquals(shown(executed, 1), "*** lib/mod.ts .\n");
});

Deno.test("a kernel is gone when its notebook is done, and when the process that runs it is killed", async () => {
  const folder = await Deno.makeTempDir();
  const pidFile = `${folder}/pid`;
  const source = `Deno.writeTextFileSync(${JSON.stringify(pidFile)}, String(Deno.pid)); for (;;);`;
  const begun = async () => {
    while (!await Deno.readTextFile(pidFile).then((text) => text !== "", () => false)) await pause(50);
  };
  const stop = new AbortController();
  await Promise.all([run(notebookOf(source), { signal: stop.signal }), begun().then(() => stop.abort())]);
  assert(!alive(Number(await Deno.readTextFile(pidFile))));

  await Deno.remove(pidFile);
  const script = `import { executeNotebook } from ${JSON.stringify(import.meta.resolve("../../lib/report/execute.ts"))};
    await executeNotebook(${JSON.stringify(notebookOf(source))});`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", script],
    env: { TMPDIR: folder }, // what it leaves behind when it is killed goes with the folder
    stdin: "null",
  }).spawn();
  await begun();
  const kernel = Number(await Deno.readTextFile(pidFile));
  child.kill("SIGKILL");
  await child.status;
  for (let i = 0; i < 1200 && alive(kernel); i++) await pause(50);
  assert(!alive(kernel), "the kernel outlived the process that started it");
  await Deno.remove(folder, { recursive: true });
});

function alive(pid: number): boolean {
  try {
    Deno.kill(pid, "SIGCONT"); // does nothing to a process that runs
    return true;
  } catch (error) {
    assertMatch(String(error), /NotFound|ESRCH/);
    return false;
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
