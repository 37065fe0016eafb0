import { redact } from "../base/secret.ts";
import type { Notebook } from "./notebook.ts";

/**
 * Takes out of `text` what is this machine's alone: known secrets become `***`, the project's folder becomes relative
 * (`lib/x.ts`), the home folder `~`, the temporary one `$TMPDIR`.
 */
export function scrub(text: string, root = Deno.cwd()): string {
  let clean = redact(text);
  for (const [folder, name] of places(root)) {
    for (const form of new Set([folder, encodeURI(folder), JSON.stringify(folder).slice(1, -1)])) {
      const escaped = form.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
      clean = clean.replace(
        new RegExp(`(?<![\\w.~%-])(?:file://)?${escaped}(?:([/\\\\])|(?![\\w.-]))`, "g"),
        (_found, slash = "") => name === "" ? (slash ? "" : ".") : name + slash,
      );
    }
  }
  return clean;
}

/** A copy of the notebook with all its outputs scrubbed. */
export function scrubNotebook(notebook: Notebook, root = Deno.cwd()): Notebook {
  return {
    ...notebook,
    cells: notebook.cells.map((cell) =>
      cell.cell_type === "code"
        ? { ...cell, metadata: { ...cell.metadata }, outputs: scrubAll(cell.outputs, (text) => scrub(text, root)) }
        : { ...cell, metadata: { ...cell.metadata } }
    ),
  };
}

function scrubAll<T>(value: T, clean: (text: string) => string): T {
  if (typeof value === "string") return clean(value) as T;
  if (Array.isArray(value)) return value.map((inner) => scrubAll(inner, clean)) as T;
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, scrubAll(inner, clean)])) as T;
}

/** Folders of this machine and what they are called in public, the most particular first. */
function places(root: string): [string, string][] {
  const temporary = Deno.env.get("TMPDIR") ?? Deno.env.get("TEMP") ?? "/tmp";
  const named: [string, string][] = [[root, ""], [temporary, "$TMPDIR"], ["/tmp", "$TMPDIR"]];
  for (const name of ["HOME", "USERPROFILE"]) {
    const home = Deno.env.get(name);
    if (home) named.push([home, "~"]);
  }
  return named
    .map(([folder, name]): [string, string] => [folder.replace(/[/\\]+$/, ""), name])
    .filter(([folder], i, all) => folder.length > 1 && all.findIndex(([other]) => other === folder) === i)
    .sort(([a], [b]) => b.length - a.length);
}
