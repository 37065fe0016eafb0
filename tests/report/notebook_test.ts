import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  codeCells,
  declaredParameters,
  injectParameters,
  parseNotebook,
  readNotebook,
  textOf,
  writeNotebook,
} from "../../lib/report/notebook.ts";
import { code, markdown, notebookOf } from "./notebook_of.ts";

const declaring = code('let fast = 12; // bars\nlet name: string = "a;b"; // it\'s a name\nconst list = [1, 2];', [
  "parameters",
]);

Deno.test("a notebook reads back as it was written", async () => {
  const folder = await Deno.makeTempDir();
  const notebook = notebookOf(markdown("# Title"), "1 + 1");
  await writeNotebook(`${folder}/a/b.ipynb`, notebook);
  assertEquals(await readNotebook(`${folder}/a/b.ipynb`), notebook);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("what is no notebook is refused by name", async () => {
  assertThrows(() => parseNotebook("", "x.ipynb"), SyntaxError, "Cannot read x.ipynb as a notebook must be JSON");
  assertThrows(() => parseNotebook("{}"), SyntaxError, "nbformat is undefined");
  assertThrows(() => parseNotebook('{"nbformat":3,"cells":[]}'), SyntaxError, "current value of nbformat is 3");
  assertThrows(() => parseNotebook('{"nbformat":4,"cells":[{"cell_type":"code"}]}'), SyntaxError, "entry 1");
  await assertRejects(() => readNotebook("does-not-exist.ipynb"), Deno.errors.NotFound);
});

Deno.test("a notebook without cells and one with missing fields are read", () => {
  assertEquals(codeCells(parseNotebook('{"nbformat":4,"cells":[]}')), []);
  const [cell] = codeCells(parseNotebook('{"nbformat":4,"cells":[{"cell_type":"code","source":["a\\n","b"]}]}'));
  assertEquals([textOf(cell.source), cell.outputs, cell.execution_count], ["a\nb", [], null]);
});

Deno.test("empty code cells are not counted, as Jupyter does not number them", () => {
  assertEquals(codeCells(notebookOf("", "  \n", "1", markdown("x"), "2")).map((cell) => cell.source), ["1", "2"]);
});

Deno.test("the parameters cell declares names with their plain defaults", () => {
  assertEquals(declaredParameters(notebookOf(declaring)), [
    { name: "fast", value: 12 },
    { name: "name", value: "a;b" },
    { name: "list", value: [1, 2] },
  ]);
  const others = code("let big = 1_000_000;\nlet f = () => 3;\nlet none = null;\n// let no = 1", ["parameters"]);
  assertEquals(declaredParameters(notebookOf(others)), [
    { name: "big", value: 1_000_000 },
    { name: "f" },
    { name: "none", value: null },
  ]);
});

Deno.test("values are injected in a cell of their own after the parameters cell, as papermill does", () => {
  const notebook = notebookOf(markdown("# A"), declaring, "fast");
  const injected = injectParameters(notebook, { fast: 5, name: 'x"</script>' });
  assertEquals(injected.cells.length, 4);
  assertEquals(injected.cells[2].metadata.tags, ["injected-parameters"]);
  assertEquals(injected.cells[2].source, 'let fast = 5;\nlet name = "x\\"</script>";');
  assertEquals(notebook.cells.length, 3); // the input is untouched
  const again = injectParameters(injected, { fast: 6 });
  assertEquals(again.cells.length, 4);
  assertEquals(again.cells[2].source, "let fast = 6;");
  assertEquals(injectParameters(injected, {}).cells.length, 3);
});

Deno.test("a parameter that is not declared is refused with the nearest that is", () => {
  assertThrows(() => injectParameters(notebookOf(declaring), { fats: 1 }), RangeError, 'nearest is "fast"');
  assertThrows(() => injectParameters(notebookOf("1"), { fast: 1 }), RangeError, "no cell tagged parameters");
});

Deno.test("a value of another type than the default, or none of JSON's, is refused", () => {
  assertThrows(() => injectParameters(notebookOf(declaring), { fast: "12" }), TypeError, "must be a number");
  assertThrows(() => injectParameters(notebookOf(declaring), { list: 3 }), TypeError, "must be a list");
  assertThrows(() => injectParameters(notebookOf(declaring), { fast: NaN }), TypeError, "current value is NaN");
  assertThrows(() => injectParameters(notebookOf(declaring), { fast: (() => 1) as never }), TypeError, "undefined");
  assert(injectParameters(notebookOf(code("let x = null", ["parameters"])), { x: 4 }));
});
