import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { type CellProblem, checkCells, formatProblem, joinCells } from "../../lib/report/check_cells.ts";
import { type Notebook, writeNotebook } from "../../lib/report/notebook.ts";
import { code, markdown, notebookOf } from "./notebook_of.ts";

async function problemsOf(...notebooks: Notebook[]): Promise<CellProblem[]> {
  const folder = await Deno.makeTempDir();
  const paths = notebooks.map((_, i) => join(folder, `n${i}.ipynb`));
  await Deno.writeTextFile(join(folder, "helper.ts"), "export const two = 2;\n");
  for (const [i, notebook] of notebooks.entries()) await writeNotebook(paths[i], notebook);
  try {
    const found = await checkCells(paths);
    return found.map((problem) => ({ ...problem, notebook: problem.notebook.replace(`${folder}/`, "") }));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
const short = (problems: CellProblem[]) =>
  problems.map(({ notebook, cell, line, column, rule }) => [notebook, cell, line, column, rule]);

Deno.test("faults come back with notebook, cell, line and column; sound cells have none", async () => {
  const sound = notebookOf(
    markdown("# Sound: imports of the project and beside the notebook, top-level await, parameters"),
    'import { rng } from "candelabra-base/random.ts";'.replace("candelabra-base", join(Deno.cwd(), "lib/base")),
    'import { two } from "./helper.ts";\nimport { assert } from "@std/assert";',
    code('let preset: "quick" | "full" = "quick";\nlet fast = 12;', ["parameters"]),
    'assert(preset === "full" || fast > two);\nawait Promise.resolve(rng(1)());',
  );
  const problems = await problemsOf(
    sound,
    notebookOf("const a = 1;", markdown("text"), 'console.log(a);\n\nconst b: number = "x";\nconsole.log(b);'),
    notebookOf('import { three } from "./helper.ts";\nconsole.log(three);', "const unused = 4;"),
  );
  assertEquals(short(problems), [
    ["n1.ipynb", 2, 3, 7, "TS2322"],
    ["n2.ipynb", 1, 1, 10, "TS2305"],
    ["n2.ipynb", 2, 1, 7, "no-unused-vars"],
  ]);
  assertStringIncludes(formatProblem(problems[0]), "n1.ipynb:cell 2:3:7 TS2322 Type 'string' is not assignable");
});

Deno.test("bad syntax and a missing module in one notebook do not hide the faults of another", async () => {
  const problems = await problemsOf(
    notebookOf("1 + 1;", "const x = ;"),
    notebookOf("2;", 'import { x } from "./missing.ts";\nconsole.log(x);'),
    notebookOf('const y: number = "";\nconsole.log(y);'),
  );
  assertEquals(short(problems), [
    ["n0.ipynb", 2, 1, 11, "syntax"],
    ["n1.ipynb", 2, 1, 19, "TS2307"],
    ["n2.ipynb", 1, 1, 7, "TS2322"],
  ]);
});

Deno.test("an injected cell is left out: it declares again what the parameters cell declares", () => {
  const joined = joinCells(
    notebookOf(code("let a = 1;", ["parameters"]), code("let a = 2;", ["injected-parameters"]), "a;"),
  );
  assertEquals(joined.text, '// --- cell 1\nlet a = 1;\na = JSON.parse("null");\n// --- cell 3\na;\nexport {};\n');
  assertEquals(joinCells(notebookOf()).text, "export {};\n");
});
