import { join, resolve } from "node:path";

/** A path inside the project, wherever the process was started: a notebook's kernel runs in the notebook's folder. */
export function projectPath(...parts: string[]): string {
  return resolve(import.meta.dirname === undefined ? "." : join(import.meta.dirname, "..", ".."), ...parts);
}
