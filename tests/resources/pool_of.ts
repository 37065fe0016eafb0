import { fileURLToPath } from "node:url";
import { openPool, type Pool, type PoolOptions } from "../../lib/resources/pool.ts";

/** The tests' worker. */
export const workerCommand = {
  command: Deno.execPath(),
  args: ["run", "--quiet", "-A", "--no-check", fileURLToPath(import.meta.resolve("./worker_child.ts"))],
};

/** A pool of the tests' workers. */
export function poolOf(workers: number, options: Partial<PoolOptions> = {}): Pool {
  return openPool({ ...workerCommand, workers, ...options });
}

/** Whether a process runs: one that has ended and was not asked how counts as gone. */
export function alive(pid: number): boolean {
  // By `cat`: Deno keeps `/proc` from all but `--allow-all`.
  const { stdout } = new Deno.Command("cat", { args: [`/proc/${pid}/stat`], stderr: "null" }).outputSync();
  const stat = new TextDecoder().decode(stdout);
  return stat !== "" && !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
}

/** Waits until `holds`, two minutes at most. */
export async function until(holds: () => boolean): Promise<void> {
  for (const begun = performance.now(); performance.now() - begun < 120_000 && !holds();) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
