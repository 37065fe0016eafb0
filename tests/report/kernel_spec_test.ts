import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { jupyterEnvironment, writeKernelSpec } from "../../lib/report/kernel_spec.ts";
import { writeNotebook } from "../../lib/report/notebook.ts";
import { ensurePython } from "../../lib/track/python.ts";
import { notebookOf } from "./notebook_of.ts";

Deno.test("the kernel's description names this very Deno and stays inside the project", async () => {
  const root = await Deno.makeTempDir();
  const folder = await writeKernelSpec(root);
  const spec = JSON.parse(await Deno.readTextFile(join(folder, "kernels", "candelabra", "kernel.json")));
  assertEquals([spec.argv[0], spec.interrupt_mode, spec.language], [Deno.execPath(), "message", "typescript"]);
  for (const path of Object.values(jupyterEnvironment(root))) assert(path === "1" || path.startsWith(root), path);
  await Deno.remove(root, { recursive: true });
});

Deno.test("Jupyter's own client finds the kernel and gets all 4,000 lines of 40 cells in their cells", async () => {
  const { python } = await ensurePython();
  const root = await Deno.makeTempDir();
  await writeKernelSpec(root);
  const sources = Array.from(
    { length: 40 },
    (_, c) => `for (let i = 0; i < 100; i++) console.log("cell ${c} line", i);`,
  );
  await writeNotebook(join(root, "count.ipynb"), notebookOf(...sources));
  const script = `
import nbformat, nbclient
notebook = nbformat.read("count.ipynb", 4)
nbclient.NotebookClient(notebook, kernel_name="candelabra", timeout=120, iopub_timeout=60).execute()
print(sum(line.startswith(f"cell {i} line") for i, cell in enumerate(notebook.cells)
          for output in cell.outputs if output.output_type == "stream" for line in output.text.split("\\n")))`;
  const { stdout, stderr } = await new Deno.Command(python, {
    args: ["-c", script],
    cwd: root,
    env: jupyterEnvironment(root),
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  assertEquals(decoder.decode(stdout).trim(), "4000", decoder.decode(stderr).slice(-2000));
  await Deno.remove(root, { recursive: true });
});
