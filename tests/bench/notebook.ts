/**
 * Executing a notebook: ours beside nbclient, interleaved on the same machine, kernel start included.
 *
 *   deno run -A tests/bench/notebook.ts [notebook] [rounds]
 */
import { dirname, resolve } from "node:path";
import { executeNotebook } from "../../lib/report/execute.ts";
import { jupyterEnvironment, writeKernelSpec } from "../../lib/report/kernel_spec.ts";
import { ensurePython } from "../../lib/track/python.ts";

const [notebook = "notebooks/00_quickstart.ipynb", rounds = "3"] = Deno.args;
const { python } = await ensurePython();
await writeKernelSpec();
const script = `
import sys, nbformat, nbclient
notebook = nbformat.read(sys.argv[1], 4)
nbclient.NotebookClient(notebook, kernel_name="candelabra", timeout=600).execute()`;

const seconds = { ours: [] as number[], nbclient: [] as number[] };
for (let round = 0; round < Number(rounds); round++) {
  let started = performance.now();
  const { error } = await executeNotebook(notebook);
  if (error) throw new Error(`${notebook}: ${error.message}`);
  seconds.ours.push((performance.now() - started) / 1000);

  started = performance.now();
  const { success } = await new Deno.Command(python, {
    args: ["-c", script, resolve(notebook)],
    cwd: dirname(resolve(notebook)),
    env: jupyterEnvironment(),
  }).output();
  if (!success) throw new Error("nbclient failed");
  seconds.nbclient.push((performance.now() - started) / 1000);
}
const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1];
const [ours, theirs] = [median(seconds.ours), median(seconds.nbclient)];
console.log(
  `${notebook}: ours ${ours.toFixed(2)} s, nbclient ${theirs.toFixed(2)} s, ratio ${(theirs / ours).toFixed(2)}`,
);
