import { basename, resolve } from "node:path";
import { exists } from "../base/files.ts";
import { projectPath } from "../base/project.ts";
import { didYouMean } from "../base/suggest.ts";

/**
 * The notebook that a person means: a path from where they are or from the project, or a name in `notebooks/`.
 *
 * @throws {Deno.errors.NotFound} if there is none, naming the nearest
 */
export async function findNotebook(name: string): Promise<string> {
  const own = projectPath("notebooks", name);
  for (const path of [resolve(name), projectPath(name), own, `${own}.ipynb`]) {
    if (await exists(path) && (await Deno.stat(path)).isFile) return path;
  }
  const known = (await allNotebooks()).map((path) => basename(path, ".ipynb"));
  throw new Deno.errors.NotFound(
    `Cannot open "${name}" as there is no such notebook: ${didYouMean(basename(name, ".ipynb"), known)}`,
  );
}

/** The notebooks of the project, in order. */
export async function allNotebooks(): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of Deno.readDir(projectPath("notebooks"))) {
    if (entry.isFile && entry.name.endsWith(".ipynb")) names.push(entry.name);
  }
  return names.sort().map((name) => projectPath("notebooks", name));
}
