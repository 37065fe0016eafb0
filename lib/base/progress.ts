import { log, structured } from "./log.ts";
import { writeStandardError as write } from "./standard_error.ts";

/** Called by long work: `done` of `total` (Infinity when unknown) and what is going on. Must be cheap. */
export type OnProgress = (done: number, total: number, note?: string) => void;

/** A progress bar. Disposing finishes its line. */
export interface Progress extends Disposable {
  readonly update: OnProgress;
}

/**
 * A bar for `label`: redrawn in place on a terminal's standard error, in a notebook's cell output when one is running,
 * and a plain line now and then, `pause` ms apart or more, elsewhere (CI); with `LOG_FORMAT=json` such a line is a log's.
 * Nothing goes to standard output.
 */
export function progress(label: string, { quiet = false, pause = 2000 } = {}): Progress {
  if (quiet) return { update() {}, [Symbol.dispose]() {} };
  if (inNotebook()) return notebookBar(label);
  return Deno.stderr.isTerminal() && !structured() ? terminalBar(label) : lineBar(label, pause);
}

/** Whether the code runs inside a Deno Jupyter kernel. */
export function inNotebook(): boolean {
  // The kernel alone gives `Deno.jupyter` a working `broadcast`; elsewhere reading it throws.
  try {
    return typeof Deno.jupyter?.broadcast === "function";
  } catch {
    return false;
  }
}

function describe(started: number, done: number, total: number, note: string): string {
  const seconds = (performance.now() - started) / 1000;
  if (!Number.isFinite(total)) return `${done} ${note} ${clock(seconds)}`;
  const share = total > 0 ? Math.min(1, done / total) : 1;
  const left = share >= 0.05 && share < 1 ? ` ${clock(seconds / share - seconds)} left` : ` ${clock(seconds)}`;
  return `${String(Math.floor(100 * share)).padStart(3)} %${left}${note ? "  " + note : ""}`;
}

function clock(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${seconds.toFixed(0)} s`;
  return `${Math.floor(seconds / 60)} min ${String(Math.floor(seconds % 60)).padStart(2, "0")} s`;
}

function terminalBar(label: string): Progress {
  const started = performance.now();
  let drawn = 0;
  let last = "";
  const draw = (done: number, total: number, note = "") => {
    const share = Number.isFinite(total) && total > 0 ? Math.min(1, done / total) : 0;
    const cells = Math.round(24 * share);
    const line = `${label} ${"━".repeat(cells)}${"┄".repeat(24 - cells)} ${describe(started, done, total, note)}`;
    last = line.slice(0, columns() - 1);
    write(`\r\x1b[K${last}`);
  };
  return {
    update(done, total, note) {
      const now = performance.now();
      if (now - drawn < 80 && done < total) return;
      drawn = now;
      draw(done, total, note);
    },
    [Symbol.dispose]: () => void (last && write("\n")),
  };
}

function columns(): number {
  try {
    return Deno.consoleSize().columns || 100; // a terminal that does not tell says 0
  } catch {
    return 100; // not a console
  }
}

/** A line now and then, at tenths that are `pause` ms apart or more: quick work says nothing. */
function lineBar(label: string, pause: number): Progress {
  const started = performance.now();
  let [tenth, last] = [-1, started];
  return {
    update(done, total, note = "") {
      const now = Number.isFinite(total) && total > 0 ? Math.floor(10 * Math.min(1, done / total)) : 0;
      if (now === tenth || performance.now() - last < pause) return;
      [tenth, last] = [now, performance.now()];
      if (structured()) log("info", label, { done, total, note });
      else write(`${label} ${describe(started, done, total, note)}\n`);
    },
    [Symbol.dispose]() {},
  };
}

function notebookBar(label: string): Progress {
  const started = performance.now();
  const display_id = crypto.randomUUID();
  let drawn = -Infinity;
  let shown = false;
  return {
    update(done, total, note = "") {
      const now = performance.now();
      if (now - drawn < 150 && done < total) return;
      drawn = now;
      const text = `${label} ${describe(started, done, total, note)}`;
      const max = Number.isFinite(total) ? ` max="${total}" value="${done}"` : "";
      const data = { "text/plain": text, "text/html": `<div><progress${max}></progress> ${escapeHtml(text)}</div>` };
      const kind = shown ? "update_display_data" : "display_data";
      shown = true;
      Deno.jupyter.broadcast(kind, { data, metadata: {}, transient: { display_id } });
    },
    [Symbol.dispose]() {},
  };
}

/** Text made safe between HTML tags and inside quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
