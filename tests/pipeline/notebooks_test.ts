import { assertEquals, assertRejects } from "@std/assert";
import { projectPath } from "../../lib/base/project.ts";
import { allNotebooks, findNotebook } from "../../lib/pipeline/notebooks.ts";

Deno.test("a notebook is found by its path, its file in notebooks/, or its bare name; else the nearest is named", async () => {
  const wanted = projectPath("notebooks", "03_backtest.ipynb");
  for (const name of [wanted, "notebooks/03_backtest.ipynb", "03_backtest.ipynb", "03_backtest"]) {
    assertEquals(await findNotebook(name), wanted);
  }
  await assertRejects(() => findNotebook("03_backtst"), Deno.errors.NotFound, 'nearest is "03_backtest"');
  await assertRejects(() => findNotebook("notebooks"), Deno.errors.NotFound); // a folder
});

Deno.test("the project's notebooks come in order", async () => {
  const names = await allNotebooks();
  assertEquals(names, [...names].sort());
  assertEquals(names[0], projectPath("notebooks", "00_quickstart.ipynb"));
});
