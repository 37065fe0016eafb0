import { didYouMean } from "../base/suggest.ts";
import { writeAtomic } from "../base/files.ts";

/** Text as a notebook stores it: whole, or line by line. */
export type MultilineText = string | readonly string[];

/** Representations of one output by MIME type. */
export type MimeData = Record<string, unknown>;

/** What a code cell left: text, a value, or an error. */
export type Output =
  | { output_type: "stream"; name: "stdout" | "stderr"; text: MultilineText }
  | { output_type: "display_data"; data: MimeData; metadata: Record<string, unknown> }
  | {
    output_type: "execute_result";
    data: MimeData;
    metadata: Record<string, unknown>;
    execution_count: number | null;
  }
  | { output_type: "error"; ename: string; evalue: string; traceback: string[] };

export interface CellMetadata {
  tags?: string[];
  [key: string]: unknown;
}

export interface CodeCell {
  cell_type: "code";
  id?: string;
  metadata: CellMetadata;
  source: MultilineText;
  execution_count: number | null;
  outputs: Output[];
}

export interface TextCell {
  cell_type: "markdown" | "raw";
  id?: string;
  metadata: CellMetadata;
  source: MultilineText;
}

export type Cell = CodeCell | TextCell;

/** A Jupyter notebook, format 4. */
export interface Notebook {
  nbformat: number;
  nbformat_minor: number;
  metadata: Record<string, unknown>;
  cells: Cell[];
}

/** A value that JSON can write, the only kind that a notebook can be given. */
export type ParameterValue = string | number | boolean | null | readonly ParameterValue[] | {
  readonly [key: string]: ParameterValue;
};
export type Parameters = Readonly<Record<string, ParameterValue>>;

/** The whole text of a source or an output. */
export function textOf(text: MultilineText): string {
  return typeof text === "string" ? text : text.join("");
}

export function hasTag(cell: Cell, tag: string): boolean {
  return cell.metadata.tags?.includes(tag) ?? false;
}

/** Code cells with something in them, in order: cell 1 is the first, as `In [1]` after a run from the top. */
export function codeCells(notebook: Notebook): CodeCell[] {
  return notebook.cells.filter((cell): cell is CodeCell =>
    cell.cell_type === "code" && textOf(cell.source).trim() !== ""
  );
}

/**
 * Reads the text of an .ipynb file.
 *
 * @param name what to call it in errors
 * @throws {SyntaxError} if it is not JSON, not a notebook of format 4, or has cells without a source
 */
export function parseNotebook(text: string, name = "notebook"): Notebook {
  let content: Partial<Notebook>;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`Cannot read ${name} as a notebook must be JSON: ${(error as Error).message}`);
  }
  if (content?.nbformat !== 4 || !Array.isArray(content.cells)) {
    throw new SyntaxError(
      `Cannot read ${name} as a notebook must have "nbformat": 4 and "cells": current value of nbformat is ${content?.nbformat}`,
    );
  }
  for (const [i, cell] of content.cells.entries()) {
    const known = ["code", "markdown", "raw"].includes(cell?.cell_type);
    if (!known || !(typeof cell.source === "string" || Array.isArray(cell.source))) {
      throw new SyntaxError(`Cannot read ${name} as entry ${i + 1} of "cells" must have a cell_type and a source`);
    }
    cell.metadata ??= {};
    if (cell.cell_type === "code") {
      cell.outputs ??= [];
      cell.execution_count ??= null;
    }
  }
  return { nbformat_minor: 5, metadata: {}, ...content } as Notebook;
}

/** Reads an .ipynb file. */
export async function readNotebook(path: string): Promise<Notebook> {
  return parseNotebook(await Deno.readTextFile(path), path);
}

/** Writes a notebook as Jupyter does (one space of indent), whole or not at all. */
export async function writeNotebook(path: string, notebook: Notebook): Promise<void> {
  await writeAtomic(path, JSON.stringify(notebook, null, 1) + "\n");
}

/** A parameter that a notebook declares, with its default where that is a plain JSON value. */
export interface DeclaredParameter {
  readonly name: string;
  readonly value?: ParameterValue;
}

/**
 * What the cell tagged `parameters` declares: each `let name = …`, `const name = …` or `var name = …` that starts a
 * line. Several names in one statement are not looked for.
 */
export function declaredParameters(notebook: Notebook): DeclaredParameter[] {
  const cell = notebook.cells.find((cell) => cell.cell_type === "code" && hasTag(cell, "parameters"));
  if (!cell) return [];
  const declaration = /^(?:let|const|var)\s+([\p{L}$_][\p{L}\p{N}$_]*)\s*(?::[^=\n]+)?=\s*(.*)$/gmu;
  return [...textOf(cell.source).matchAll(declaration)].map(([, name, rest]) => {
    const [, literal = rest] = rest.match(/^("(?:[^"\\]|\\.)*"|[^"'`]*?)\s*;?\s*(?:\/\/.*)?$/) ?? [];
    try {
      return { name, value: JSON.parse(literal.replace(/(?<=\d)_(?=\d)/g, "")) };
    } catch {
      return { name }; // an expression: any value may take its place
    }
  });
}

/**
 * A copy of `notebook` with the values in a cell tagged `injected-parameters` after the one tagged `parameters`, as
 * papermill does. One that is there already is replaced.
 *
 * @throws {RangeError} for a name that the parameters cell does not declare
 * @throws {TypeError} for a value of another type than the default, or that JSON cannot write
 */
export function injectParameters(notebook: Notebook, parameters: Parameters): Notebook {
  const copy = structuredClone(notebook);
  copy.cells = copy.cells.filter((cell) => !hasTag(cell, "injected-parameters"));
  const names = Object.keys(parameters);
  if (names.length === 0) return copy;
  const declared = new Map(declaredParameters(copy).map((parameter) => [parameter.name, parameter]));
  for (const [name, value] of Object.entries(parameters)) check(name, value, declared);
  const at = copy.cells.findIndex((cell) => cell.cell_type === "code" && hasTag(cell, "parameters"));
  copy.cells.splice(at + 1, 0, {
    cell_type: "code",
    id: "injected-parameters",
    metadata: { tags: ["injected-parameters"] },
    execution_count: null,
    outputs: [],
    source: names.map((name) => `let ${name} = ${JSON.stringify(parameters[name])};`).join("\n"),
  });
  return copy;
}

function check(name: string, value: ParameterValue, declared: ReadonlyMap<string, DeclaredParameter>): void {
  const parameter = declared.get(name);
  if (!parameter) {
    throw new RangeError(
      `Cannot set the notebook's parameter "${name}" as ${
        declared.size === 0
          ? "the notebook has no cell tagged parameters that declares one"
          : `its parameters cell declares no such name: ${didYouMean(name, declared.keys())}`
      }`,
    );
  }
  const written = JSON.stringify(value) as string | undefined;
  const lossless = typeof value === "number" ? Number.isFinite(value) : written !== undefined;
  const before = parameter.value;
  const wanted = before === undefined || before === null ? undefined : kindOf(before);
  if (!lossless || (wanted && value !== null && kindOf(value) !== wanted)) {
    throw new TypeError(
      `Cannot set the notebook's parameter "${name}" as it must be ${
        wanted ? `${wanted}, as its default ${JSON.stringify(before)} is` : "a value that JSON can write"
      }: current value is ${typeof value === "number" ? value : written}`,
    );
  }
}

function kindOf(value: ParameterValue): string {
  if (Array.isArray(value)) return "a list";
  return value === null ? "null" : typeof value === "object" ? "an object" : `a ${typeof value}`;
}
