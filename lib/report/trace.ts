import { join } from "node:path";
import { type CodeCell, textOf } from "./notebook.ts";

/** A place in a notebook: cell 1 is its first code cell, line 1 the cell's first. */
export interface CellPlace {
  readonly cell: number;
  readonly line?: number;
  readonly column?: number;
}

/** An error's stack with the notebook's own places. */
export interface LocatedTrace {
  readonly lines: readonly string[];
  /** The places of the frames that are cells', innermost first. */
  readonly places: readonly CellPlace[];
}

const frame = /^(\s*at (?:async )?)(?:(.*) \()?<anonymous>:(\d+):(\d+)\)?$/;
// The kernel puts this before a cell's code, on its first line.
const prefix = '"use strict"; void'.length + " 0;".length;

/**
 * Says in a kernel's stack which cell and line each frame is in. The kernel calls every cell `<anonymous>` and counts
 * lines of the JavaScript that the cell became: a named function belongs to the last cell so far that declares it, and
 * lines are led back through the source map that `deno transpile` makes of that cell.
 *
 * @param cells the code cells up to the one that ran, in order
 */
export async function locateTrace(traceback: readonly string[], cells: readonly CodeCell[]): Promise<LocatedTrace> {
  const maps = new Map<number, LineMap>();
  const lines: string[] = [];
  const places: CellPlace[] = [];
  for (const line of traceback.flatMap((text) => text.split("\n"))) {
    const [all, at, name = "", row, column] = line.match(frame) ?? [];
    if (all === undefined) {
      if (!/^Stack trace:$|^\s+at .*\bext:/.test(line)) lines.push(line);
      continue;
    }
    const cell = declaring(name, cells);
    if (!maps.has(cell)) maps.set(cell, await lineMap(textOf(cells[cell - 1].source)));
    const line0 = Number(row) - 1;
    const found = maps.get(cell)!.original(line0, Number(column) - 1 - (line0 === 0 ? prefix : 0));
    places.push({ cell, ...(found && { line: found.line + 1, column: found.column + 1 }) });
    const where = `cell ${cell}${found ? `, line ${found.line + 1}` : ""}`;
    lines.push(name ? `${at}${name} (${where})` : `${at}${where}`);
  }
  return { lines, places };
}

/** The number of the last cell that declares `name`; the last of all for the code outside functions. */
function declaring(name: string, cells: readonly CodeCell[]): number {
  const word = name.match(/([\p{L}\p{N}$_]+)(?: \[as .*\])?$/u)?.[1];
  if (!word) return cells.length;
  const escaped = word.replaceAll("$", "\\$");
  const declares = new RegExp(
    `\\b(?:function\\*?|let|const|var|class)\\s+${escaped}\\b|^\\s*(?:async\\s+|static\\s+|\\*)*${escaped}\\s*\\([^)]*\\)[^;\\n]*\\{`,
    "m",
  );
  for (let i = cells.length; i >= 1; i--) if (declares.test(textOf(cells[i - 1].source))) return i;
  return cells.length;
}

interface Position {
  readonly line: number; // from 0
  readonly column: number; // from 0
}

interface LineMap {
  /** Where a position of the JavaScript was in the TypeScript, or nothing when no line fits. */
  original(line: number, column: number): Position | undefined;
}

async function lineMap(source: string): Promise<LineMap> {
  const folder = await Deno.makeTempDir({ prefix: "trace-" });
  try {
    const path = join(folder, "cell.tsx");
    await Deno.writeTextFile(path, source);
    const { success, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["transpile", "--quiet", "--no-config", "--source-map", "inline", path],
      stdin: "null",
      stderr: "null",
    }).output();
    const [, encoded] = new TextDecoder().decode(stdout).match(/sourceMappingURL=data:[^,]*base64,(\S+)/) ?? [];
    if (!success || !encoded) return { original: () => undefined }; // the trace keeps its cell, without a line
    const rows = decodeMappings(JSON.parse(atob(encoded)).mappings);
    return { original: (line, column) => rows[line]?.findLast((at) => at.generated <= Math.max(0, column)) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Reads a source map's `mappings`. Source: the source map specification, revision 3. */
export function decodeMappings(mappings: string): (Position & { generated: number })[][] {
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  let [line, column] = [0, 0];
  return mappings.split(";").map((row) => {
    let generated = 0;
    return row.split(",").filter((segment) => segment !== "").flatMap((segment) => {
      const fields: number[] = [];
      let [value, shift] = [0, 0];
      for (const digit of segment) {
        const bits = digits.indexOf(digit);
        value += (bits & 31) << shift;
        shift += 5;
        if (bits & 32) continue;
        fields.push(value & 1 ? -(value >>> 1) : value >>> 1);
        [value, shift] = [0, 0];
      }
      generated += fields[0];
      if (fields.length < 4) return [];
      line += fields[2];
      column += fields[3];
      return [{ generated, line, column }];
    });
  });
}
