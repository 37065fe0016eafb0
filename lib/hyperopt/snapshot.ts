import { dirname, join } from "node:path";
import { exists } from "../base/files.ts";

/** Copies what a trial wrote down so far, unless that was done: what others may start from while it goes on. */
export async function snapshotTrial(path: string, to: string): Promise<void> {
  if (await exists(to)) return;
  const half = `${to}.half`;
  await Deno.mkdir(dirname(to), { recursive: true });
  if (await exists(half)) await Deno.remove(half, { recursive: true });
  await Deno.mkdir(half);
  for await (const { name, isFile } of Deno.readDir(path)) {
    if (isFile && !name.endsWith(".tmp")) await Deno.copyFile(join(path, name), join(half, name));
  }
  await Deno.rename(half, to);
}
