import type { Cell, CodeCell, Notebook } from "../../lib/report/notebook.ts";

/** A notebook of code cells, or cells as given. */
export function notebookOf(...cells: (string | Cell)[]): Notebook {
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {},
    cells: cells.map((cell, i) => typeof cell === "string" ? code(cell, [], `cell-${i}`) : cell),
  };
}

export function code(source: string, tags: string[] = [], id = "code"): CodeCell {
  return { cell_type: "code", id, metadata: { tags }, source, execution_count: null, outputs: [] };
}

export function markdown(source: string, tags: string[] = []): Cell {
  return { cell_type: "markdown", id: "text", metadata: { tags }, source };
}
