import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { hashOf } from "../base/hash.ts";
import { type CodeCell, codeCells, hasTag, type Notebook, readNotebook, textOf } from "./notebook.ts";

/** A fault in a notebook's code, at its place. */
export interface CellProblem {
  readonly notebook: string; // path as it was given; of another file where the fault is in what the notebook imports
  readonly cell: number; // code cell, from 1; 0 where the place is not in a cell
  readonly line: number; // in the cell, from 1
  readonly column: number; // from 1
  readonly rule: string; // "TS2322" or "no-unused-vars"
  readonly message: string;
}

/** A notebook's code cells as one module. */
export interface JoinedCells {
  readonly text: string;
  /** For each code cell, the line of the module, from 1, that stands before its first. */
  readonly marks: readonly number[];
}

/**
 * Joins the code cells into one module with a `// --- cell N` line before each, and finds what a kernel would not say:
 * it strips types, gives `undefined` for an export that does not exist and swallows syntax errors.
 *
 * @param folder what relative imports of the cells are relative to
 */
export function joinCells(notebook: Notebook, folder = "."): JoinedCells {
  const lines: string[] = [];
  const marks: number[] = [];
  codeCells(notebook).forEach((cell, i) => {
    if (hasTag(cell, "injected-parameters")) return void marks.push(lines.length);
    lines.push(`// --- cell ${i + 1}`);
    marks.push(lines.length);
    lines.push(...absoluteImports(textOf(cell.source), folder).split("\n"), ...reassigned(cell));
  });
  return { text: [...lines, "export {};", ""].join("\n"), marks };
}

/** A value may be injected for a parameter: without this, `let preset: "quick" | "full" = "quick"` would stay "quick". */
function reassigned(cell: CodeCell): string[] {
  if (!hasTag(cell, "parameters")) return [];
  const names = [...textOf(cell.source).matchAll(/^(?:let|var)\s+([\p{L}$_][\p{L}\p{N}$_]*)/gmu)].map(([, name]) =>
    name
  );
  return names.map((name) => `${name} = JSON.parse("null");`);
}

function absoluteImports(source: string, folder: string): string {
  return source.replace(
    /(\bfrom\s*|\bimport\s*\(?\s*)(["'])(\.\.?\/[^"'\n]+)\2/g,
    (_all, before, quote, path) => `${before}${quote}${pathToFileURL(resolve(folder, path)).href}${quote}`,
  );
}

/**
 * Type-checks and lints the code cells of notebooks with the project's own settings and import map.
 *
 * @param root the folder of deno.json; the joined modules are written to its `.jupyter/cells` for as long as it takes
 */
export async function checkCells(paths: readonly string[], root = Deno.cwd()): Promise<CellProblem[]> {
  if (paths.length === 0) return [];
  const folder = resolve(root, ".jupyter", "cells", hashOf(String(Deno.pid), ...paths).slice(0, 8));
  await Deno.mkdir(folder, { recursive: true });
  try {
    const modules = await Promise.all(paths.map(async (path, i) => {
      const joined = joinCells(await readNotebook(path), dirname(resolve(path)));
      const file = join(folder, `${i}_${basename(path, ".ipynb").replace(/\W/g, "_")}.ts`);
      await Deno.writeTextFile(file, joined.text);
      return { path, file: await Deno.realPath(file), ...joined };
    }));
    const linted = await lintProblems(modules, root, await lintConfig(root, folder));
    const broken = new Set(linted.filter(({ rule }) => rule === "syntax").map(({ notebook }) => notebook));
    const sound = modules.filter((module) => !broken.has(module.path)); // the compiler would stop at the others
    const found = [...linted, ...await typeProblems(sound, root)];
    const order = (problem: CellProblem) => paths.indexOf(problem.notebook) * 1e9 + problem.cell * 1e5 + problem.line;
    return found.sort((a, b) => order(a) - order(b));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** As a compiler says it: `notebooks/a.ipynb:cell 3:2:7 TS2322 Type 'string' is not …`. */
export function formatProblem({ notebook, cell, line, column, rule, message }: CellProblem): string {
  return `${notebook}:${cell > 0 ? `cell ${cell}:` : ""}${line}:${column} ${rule} ${message}`;
}

interface Module extends JoinedCells {
  readonly path: string;
  readonly file: string;
}

async function typeProblems(modules: readonly Module[], root: string): Promise<CellProblem[]> {
  if (modules.length === 0) return [];
  const { success, text } = await deno(["check", ...modules.map((module) => module.file)], root);
  if (success) return [];
  const problems = text.split(/\n(?=TS\d+ \[ERROR\]: )|\n\n/).flatMap((block) => {
    const [, rule, message] = block.match(/(TS\d+) \[ERROR\]: (.*)/) ?? [];
    const at = place(block);
    return rule && at ? [placed(modules, at, rule, message)] : [];
  });
  if (problems.length > 0) return problems;
  // A module that cannot be found stops the check of all: the others again, without the one that asked for it.
  const at = place(text);
  const stopped = placed(
    modules,
    at ?? { file: modules[0].file, line: 1, column: 1 },
    "module",
    (text.match(/error: (.*)/)?.[1] ?? text.trim()).replace(/ at file:\S+$/, ""),
  );
  const others = modules.filter((module) => at && module.path !== stopped.notebook);
  return [stopped, ...(others.length < modules.length ? await typeProblems(others, root) : [])];
}

interface LintReport {
  readonly diagnostics: readonly {
    readonly filename: string;
    readonly range: { readonly start: { readonly line: number; readonly col: number } };
    readonly code: string;
    readonly message: string;
  }[];
  readonly errors: readonly { readonly file_path: string; readonly message: string }[];
}

/** The project's rules for a folder that its own configuration leaves out, in a configuration beside the modules. */
async function lintConfig(root: string, folder: string): Promise<string> {
  const { lint = {} } = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  const path = join(folder, "lint.json");
  await Deno.writeTextFile(path, JSON.stringify({ lint: { rules: lint.rules ?? {} } }));
  return path;
}

async function lintProblems(modules: readonly Module[], root: string, config: string): Promise<CellProblem[]> {
  const files = modules.map((module) => module.file);
  const { output, text } = await deno(["lint", "--json", "--config", config, ...files], root);
  if (!output.startsWith("{")) throw new Error(`Cannot lint the notebooks' cells: ${text.trim()}`);
  const report: LintReport = JSON.parse(output);
  return [
    ...report.errors.map(({ file_path, message }) =>
      placed(modules, place(message) ?? { file: file_path, line: 1, column: 1 }, "syntax", message.split("\n")[0])
    ),
    ...report.diagnostics.map(({ filename, range: { start }, code, message }) =>
      placed(modules, { file: fileURLToPath(filename), line: start.line, column: start.col + 1 }, code, message)
    ),
  ];
}

interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The first `at file:///…:3:7` of a message. */
function place(text: string): Place | undefined {
  const [, url, line, column] = text.match(/at (file:\S+?):(\d+):(\d+)/) ?? [];
  return url ? { file: fileURLToPath(url), line: Number(line), column: Number(column) } : undefined;
}

/** A place in a joined module as a place in its notebook. */
function placed(modules: readonly Module[], { file, line, column }: Place, rule: string, message: string): CellProblem {
  const module = modules.find((module) => module.file === file);
  if (!module) return { notebook: file, cell: 0, line, column, rule, message };
  const cell = module.marks.findLastIndex((mark) => mark < line);
  return { notebook: module.path, cell: cell + 1, line: line - (module.marks[cell] ?? 0), column, rule, message };
}

async function deno(args: readonly string[], root: string) {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const output = new TextDecoder().decode(stdout);
  return { success, output, text: output + new TextDecoder().decode(stderr) };
}

if (import.meta.main) {
  const paths = Deno.args.length > 0 ? Deno.args : [...Deno.readDirSync("notebooks")]
    .filter(({ name }) => name.endsWith(".ipynb")).map(({ name }) => `notebooks/${name}`).sort();
  const problems = await checkCells(paths);
  for (const problem of problems) console.error(formatProblem(problem));
  console.error(
    `Checked the cells of ${paths.length} notebooks: ${problems.length} ${
      problems.length === 1 ? "problem" : "problems"
    }`,
  );
  if (problems.length > 0) Deno.exit(1);
}
