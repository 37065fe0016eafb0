import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { projectPath } from "../../base/project.ts";

/**
 * The command line of a trial process. It may read the code and the sweep's own folder, write to that folder and nowhere
 * else, and reach no network: candles of the test part are out of its reach twice, as they are in no file it is given.
 *
 * @param folder of the sweep: its candles and checkpoints
 */
export function trialCommand(folder: string): { readonly command: string; readonly args: readonly string[] } {
  const code = ["lib", "node_modules", "deno.json", "deno.lock", "package.json"].map((name) => projectPath(name));
  return {
    command: Deno.execPath(),
    args: [
      ...["run", "--quiet", "--no-prompt", `--config=${projectPath("deno.json")}`],
      `--allow-read=${[...code, folder].join(",")}`,
      `--allow-write=${folder}`,
      ...["--allow-env", "--allow-sys", "--allow-ffi"],
      fileURLToPath(new URL("./trial_worker.ts", import.meta.url)),
    ],
  };
}

/** Where a sweep keeps the candles of its trials, and a trial its checkpoint. */
export const sweepPaths = (folder: string) => ({
  market: join(folder, "market"),
  trial: (trial: number) => join(folder, "trials", String(trial)),
});
