import { dirname, resolve } from "node:path";
import { exists } from "../base/files.ts";
import type { OnProgress } from "../base/progress.ts";
import { Kernel, KernelDied, type Message } from "./kernel.ts";
import {
  type CodeCell,
  codeCells,
  hasTag,
  injectParameters,
  type MimeData,
  type Notebook,
  type Output,
  type Parameters,
  readNotebook,
  textOf,
  writeNotebook,
} from "./notebook.ts";
import { scrubNotebook } from "./scrub.ts";
import { locateTrace } from "./trace.ts";

/** How a notebook is run. */
export interface ExecuteOptions {
  /** Values for names that the cell tagged `parameters` declares. */
  readonly parameters?: Parameters;
  /** Where the kernel runs; the notebook's own folder, or the current one for a notebook in memory. */
  readonly cwd?: string;
  /** The project's folder: the nearest above `cwd` with a deno.json. */
  readonly root?: string;
  /** Longest time for one cell, ms. */
  readonly cellTimeout?: number;
  /** Variables for the kernel beside the allowed ones (`kernelEnvironment`). Secrets are refused. */
  readonly env?: Readonly<Record<string, string>>;
  /** Hosts beside this machine that cells may reach, and programs that they may start. None by default. */
  readonly net?: readonly string[];
  readonly run?: readonly string[];
  /** Called as cells begin: how many are done, of how many, and the one that runs. */
  readonly onProgress?: OnProgress;
  /** Ends the run: the cell is marked, the notebook so far is kept. */
  readonly signal?: AbortSignal;
  /** Where to write the notebook after each cell, so that a crash of this process too leaves what was done. */
  readonly output?: string;
}

/** Why a notebook was not run to its end. */
export interface CellError {
  /** Number of the code cell, from 1, as `In [1]` of a notebook run from the top. */
  readonly cell: number;
  /** Line in that cell, from 1, where it is known. */
  readonly line?: number;
  readonly name: string;
  readonly message: string;
}

export interface Executed {
  /** A copy with the outputs; cells after a failed one have none. */
  readonly notebook: Notebook;
  readonly error?: CellError;
  /** Time of all cells, s. */
  readonly seconds: number;
}

/** A cell can't print more than this, characters: a report is for reading. */
const longestStream = 1_000_000;

/**
 * Runs a notebook's code cells from the top on a kernel of their own. All output of a cell arrives in that cell: after
 * each one the kernel is made to send a mark, and what comes before the mark belongs to the cell.
 *
 * Never throws for what a cell does: `error` says which cell failed (an exception, also in a timer or a promise that
 * nothing awaits; `cellTimeout`; a dead kernel; `signal`), and `notebook` holds everything up to it. A cell tagged
 * `raises-exception` may throw; one tagged `skip-execution` is left out. The kernel has no secrets in its environment,
 * reaches this machine only, and is gone when this returns.
 *
 * @throws {RangeError | TypeError} for a parameter that the notebook does not declare or of another type
 * @throws {SyntaxError} if the file is no notebook
 */
export async function executeNotebook(source: string | Notebook, options: ExecuteOptions = {}): Promise<Executed> {
  const { cellTimeout = 600_000, onProgress, signal, output } = options;
  const cwd = resolve(options.cwd ?? (typeof source === "string" ? dirname(source) : "."));
  const root = resolve(options.root ?? await projectAbove(cwd));
  const original = typeof source === "string" ? await readNotebook(source) : source;
  const notebook = injectParameters(original, options.parameters ?? {});
  const cells = codeCells(notebook);
  for (const cell of notebook.cells) if (cell.cell_type === "code") clear(cell);

  const started = performance.now();
  const save = async () => void (output && await writeNotebook(output, scrubNotebook(notebook, root)));
  let error: CellError | undefined;
  let at = 0;
  const interrupted = Promise.withResolvers<never>();
  interrupted.promise.catch(() => {});
  const interrupt = () => interrupted.reject(new Stopped("Interrupted", "The run was interrupted"));
  if (signal?.aborted) interrupt();
  signal?.addEventListener("abort", interrupt);
  try {
    const guard = { root, cwd, net: options.net ?? [], run: options.run ?? [] };
    await using kernel = await Kernel.start({ cwd, guard, ...(options.env && { env: options.env }) });
    const displays: Displays = new Map();
    for (; at < cells.length && !error; at++) {
      const cell = cells[at];
      onProgress?.(at, cells.length, headline(cell));
      if (hasTag(cell, "skip-execution")) continue;
      const timeout = timer(cellTimeout, at + 1);
      try {
        const failed = await Promise.race([runCell(kernel, cell, displays), interrupted.promise, timeout.promise]);
        const described = failed && await describe(failed, cells.slice(0, at + 1), kernel);
        if (described && !hasTag(cell, "raises-exception")) error = described;
      } finally {
        timeout.clear();
      }
      await save();
    }
    if (!error) onProgress?.(cells.length, cells.length);
  } catch (thrown) {
    if (!(thrown instanceof KernelDied || thrown instanceof Stopped)) throw thrown;
    error = { cell: at + 1, name: thrown.name, message: thrown.message };
    const line = `${error.name}: ${error.message}`;
    cells[at]?.outputs.push({ output_type: "error", ename: error.name, evalue: error.message, traceback: [line] });
    await save();
  } finally {
    signal?.removeEventListener("abort", interrupt);
  }
  const seconds = (performance.now() - started) / 1000;
  return { notebook: scrubNotebook(notebook, root), ...(error && { error }), seconds };
}

/** The run was ended from outside. */
class Stopped extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

type ErrorOutput = Extract<Output, { output_type: "error" }>;
type Shown = Extract<Output, { data: MimeData }>;
/** Outputs by the id under which a later cell may change them. */
type Displays = Map<string, Shown[]>;

/** Runs one cell, fills its outputs, and gives the error it ended with. */
async function runCell(kernel: Kernel, cell: CodeCell, displays: Displays): Promise<ErrorOutput | undefined> {
  const mark = crypto.randomUUID();
  const printed = Promise.withResolvers<void>();
  const shown = Promise.withResolvers<void>();
  const failures: ErrorOutput[] = [];
  const collect = collector(cell.outputs, displays);
  let result: Message | undefined;
  let heard = performance.now();
  kernel.onBroadcast = (message) => {
    heard = performance.now();
    const { type, content } = message;
    const { mark: found, uncaught } = content.metadata ?? {};
    if (type === "error") failures.push(errorOutput(content));
    else if (found === mark) shown.resolve();
    else if (uncaught) {
      failures.push(errorOutput({ ename: uncaught.name, evalue: uncaught.message, traceback: [uncaught.stack] }));
    } else if (type === "stream" && content.text.includes(mark)) {
      const text = content.text.slice(0, content.text.indexOf(mark));
      if (text !== "") collect({ ...message, content: { ...content, text } });
      printed.resolve();
    } else if (type === "execute_result") result = message; // it may overtake what the cell printed before it
    else collect(message);
  };
  const started = new Date();
  const { content } = await kernel.execute(textOf(cell.source));
  cell.execution_count = content.execution_count ?? null;
  // What is printed and what is shown come by two ways through the kernel: the mark takes both.
  const send =
    `console.log("${mark}");await Deno.jupyter.broadcast("display_data",{data:{},metadata:{mark:"${mark}"}})`;
  await kernel.execute(send, { silent: true });
  const silence = Promise.withResolvers<never>();
  const watch = setInterval(() => {
    if (performance.now() - heard < 20_000) return;
    silence.reject(
      new Stopped("OutputLost", "The cell printed faster than its output could be read: some of it is lost"),
    );
  }, 1000);
  try {
    await Promise.race([Promise.all([printed.promise, shown.promise]), kernel.dead, silence.promise]);
  } finally {
    clearInterval(watch);
    if (result) collect(result);
  }
  kernel.onBroadcast = () => {};
  cell.metadata.execution = {
    "iopub.execute_input": started.toISOString(),
    "shell.execute_reply": new Date().toISOString(),
  };
  if (content.status === "error" && failures.length === 0) failures.push(errorOutput(content));
  cell.outputs.push(...failures);
  return failures[0];
}

/** Adds what a kernel broadcasts to a cell's outputs as Jupyter's clients do. */
function collector(outputs: Output[], displays: Displays): (message: Message) => void {
  let clearFirst = false;
  let printed = 0;
  const add = (output: Output) => {
    if (clearFirst) outputs.length = 0;
    clearFirst = false;
    outputs.push(output);
  };
  return ({ type, content }) => {
    if (type === "stream") {
      const text: string = printed < longestStream ? content.text : "";
      printed += content.text.length;
      const over = printed >= longestStream && text !== "";
      const kept = over ? `${text}\n… cut here: a cell's text may be ${longestStream} characters long\n` : text;
      const last = outputs.at(-1);
      if (!clearFirst && last?.output_type === "stream" && last.name === content.name) last.text += kept;
      else if (kept !== "") add({ output_type: "stream", name: content.name, text: kept });
    } else if (type === "display_data" || type === "execute_result") {
      const shown = { data: content.data, metadata: content.metadata ?? {} };
      const output: Shown = type === "display_data"
        ? { output_type: type, ...shown }
        : { output_type: type, ...shown, execution_count: content.execution_count };
      add(output);
      const id = content.transient?.display_id;
      if (id) displays.set(id, [...displays.get(id) ?? [], output]);
    } else if (type === "update_display_data") {
      for (const output of displays.get(content.transient?.display_id) ?? []) {
        output.data = content.data;
        output.metadata = content.metadata ?? {};
      }
    } else if (type === "clear_output") {
      if (content.wait) clearFirst = true;
      else outputs.length = 0;
    }
  };
}

/** Deno puts a syntax error's whole text into the name; a thrown value that is no error has none. */
function errorOutput(content: { ename?: string; evalue?: string; traceback?: string[] }): ErrorOutput {
  const { ename = "Error", evalue = "", traceback = [] } = content;
  const [, name, rest] = ename.match(/^([A-Za-z]*Error): ([\s\S]*)$/) ?? [];
  if (name) return { output_type: "error", ename: name, evalue: rest.split("\n")[0], traceback: ename.split("\n") };
  const plain = /^[\w.]+$/.test(ename) ? ename : "Error";
  return {
    output_type: "error",
    ename: plain,
    evalue,
    traceback: traceback.length > 0 ? traceback : [`${plain}: ${evalue}`],
  };
}

/** Gives the error's output its places in the notebook and says what it means. */
async function describe(failed: ErrorOutput, cells: readonly CodeCell[], kernel: Kernel): Promise<CellError> {
  const syntax = failed.ename === "SyntaxError" ? failed.traceback.at(-1)?.match(/repl\.tsx:(\d+):\d+/) : undefined;
  const { lines, places } = syntax
    ? { lines: failed.traceback.slice(0, -1), places: [{ cell: cells.length, line: Number(syntax[1]) }] }
    : await locateTrace(failed.traceback, cells);
  const refusal = failed.ename === "NotCapable" ? kernel.refused.at(-1) : undefined;
  const why = refusal
    ? `A notebook gets no keys and reaches this machine only: "${refusal}" was refused. Data come by \`deno task lab fetch\`.`
    : "";
  failed.traceback = [...lines, ...(why ? [why] : [])];
  const line = places.find((place) => place.cell === cells.length)?.line;
  return {
    cell: cells.length,
    ...(line !== undefined && { line }),
    name: failed.ename,
    message: why ? `${failed.evalue}. ${why}` : failed.evalue,
  };
}

function timer(ms: number, cell: number): { promise: Promise<never>; clear: () => void } {
  const { promise, reject } = Promise.withResolvers<never>();
  const text = `Cell ${cell} ran longer than ${ms / 1000} s`;
  const id = setTimeout(() => reject(new Stopped("TimeoutError", text)), ms);
  return { promise, clear: () => clearTimeout(id) };
}

function clear(cell: CodeCell): void {
  cell.outputs = [];
  cell.execution_count = null;
  delete cell.metadata.execution;
}

function headline(cell: CodeCell): string {
  const line = textOf(cell.source).split("\n").find((line) => line.trim() !== "") ?? "";
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}

/** The nearest folder from `folder` upwards that has a deno.json; `folder` itself where there is none. */
async function projectAbove(folder: string): Promise<string> {
  for (let here = folder;; here = dirname(here)) {
    if (await exists(resolve(here, "deno.json"))) return here;
    if (here === dirname(here)) return folder;
  }
}
