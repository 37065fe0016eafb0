import { basename, join, relative } from "node:path";
import { writeAtomic } from "../base/files.ts";
import { log } from "../base/log.ts";
import { projectPath } from "../base/project.ts";
import { flatten, type LoadedConfig } from "../config/load.ts";
import { type CellError, executeNotebook } from "../report/execute.ts";
import { renderReport, summaryOf } from "../report/html.ts";
import { writeIndex } from "../report/index_page.ts";
import {
  declaredParameters,
  injectParameters,
  type Notebook,
  type Parameters,
  readNotebook,
} from "../report/notebook.ts";
import type { Summary } from "../report/summary.ts";
import { gitState } from "../track/git.ts";
import { barOf, type Deps } from "./deps.ts";
import { ARTIFACTS } from "./keep.ts";
import { findNotebook } from "./notebooks.ts";
import { tracked, type Tracking } from "./tracked.ts";

/** One notebook made into a report. */
export interface ReportResult {
  readonly notebook: string; // path in the project
  readonly title: string;
  readonly report: string; // path of the page in the project: reports/….html
  readonly finding: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly seconds: number; // of the notebook's cells
  readonly run: { readonly id: string; readonly url: string | undefined };
  readonly error?: CellError;
  /** What the notebook kept, by name: small JSON only. */
  readonly kept: Readonly<Record<string, unknown>>;
}

export interface ReportOptions {
  /** Further parameters, by the names that a notebook's parameters cell declares. */
  readonly parameters?: Parameters;
  /** Folder of the pages. */
  readonly folder?: string;
}

/**
 * Executes notebooks, makes each a self-contained page in `reports/`, and records each as an MLflow run: page, executed
 * notebook, numbers, settings. A cell that throws still gives a page, with the error on it, and a failed run; `error`
 * says so. The index is written last.
 *
 * @throws {RangeError} if there is no such notebook or it does not declare a parameter
 */
export async function reportStage(
  paths: readonly string[],
  loaded: LoadedConfig,
  options: ReportOptions = {},
  deps: Deps = {},
): Promise<ReportResult[]> {
  const folder = options.folder ?? projectPath("reports");
  const found = await Promise.all(paths.map(findNotebook));
  const notebooks = await Promise.all(found.map((path) => readNotebook(path)));
  for (const notebook of notebooks) injectParameters(notebook, options.parameters ?? {}); // a wrong one is told first
  await writeIndex(folder); // a folder that can't be written is told before the work, not after it
  const results: ReportResult[] = [];
  try {
    for (const [i, path] of found.entries()) {
      deps.signal?.throwIfAborted();
      results.push(await reportOne(path, notebooks[i], loaded, { ...options, folder }, deps));
    }
  } finally {
    await writeIndex(folder);
  }
  return results;
}

async function reportOne(
  path: string,
  notebook: Notebook,
  loaded: LoadedConfig,
  options: ReportOptions & { readonly folder: string },
  deps: Deps,
): Promise<ReportResult> {
  const name = basename(path, ".ipynb");
  const shown = relative(projectPath(), path).replaceAll("\\", "/");
  const given = Object.entries(options.parameters ?? {}).flatMap((
    [key, value],
  ) => ["-p", `${key}=${JSON.stringify(value)}`]);
  const facts = { kind: "report" as const, name: `report ${name}`, command: ["report", shown, ...given] };
  return await tracked(loaded, facts, async (run) => {
    const artifacts = await Deno.makeTempDir({ prefix: "candelabra-" });
    using bar = barOf(deps, name);
    try {
      const executed = await executeNotebook(path, {
        parameters: { ...settingsFor(notebook, shown, loaded), ...options.parameters },
        cellTimeout: 1000 * loaded.config.report.timeout,
        env: { [ARTIFACTS]: artifacts },
        onProgress: bar.update,
        ...(deps.signal ? { signal: deps.signal } : {}),
      });
      if (deps.signal?.aborted) {
        await run.artifact(`${name}.ipynb`, JSON.stringify(executed.notebook, null, 1) + "\n"); // as far as it came
        throw deps.signal.reason;
      }
      const said = summaryOf(executed.notebook);
      const metrics = numbersOf(said);
      const commit = await gitState(projectPath());
      const time = new Date();
      const tracks = loaded.config.run.track;
      const file = join(options.folder, `${name}-${tracks ? shortId(run.id) : "untracked"}.html`);
      const page = await renderReport(executed.notebook, {
        name,
        provenance: {
          ...said?.provenance,
          "notebook": shown,
          "preset": loaded.preset,
          ...(commit ? { commit: commit.commit + (commit.dirty ? " (with uncommitted changes)" : "") } : {}),
          ...(run.url ? { run: run.id } : tracks ? { run: `${run.id} (not sent yet)` } : {}),
        },
        config: flatten(loaded.config),
        time: time.getTime(),
        ...(run.url ? { runUrl: run.url } : {}),
        ...(executed.error ? { error: executed.error } : {}),
        ...(said?.watermark ? { watermark: said.watermark } : {}),
      });
      await run.artifact(`${name}.html`, page); // before the folder, which may be full by now
      await writeAtomic(file, page);
      deps.onEvent?.({ kind: "page", path: relative(projectPath(), file).replaceAll("\\", "/") });
      await run.artifact(`${name}.ipynb`, JSON.stringify(executed.notebook, null, 1) + "\n");
      const kept = await sendKept(run, artifacts);
      run.result(metrics);
      run.tags({ "candelabra.report": basename(file), ...tagsOf(said) });
      if (executed.error) {
        const { cell, line, message } = executed.error;
        run.fail(`cell ${cell}${line ? `, line ${line}` : ""}: ${message}`);
        log("error", `${shown}: cell ${cell}${line ? `, line ${line}` : ""}: ${executed.error.name}: ${message}`);
      }
      return {
        notebook: shown,
        title: titleOf(notebook) ?? name,
        report: relative(projectPath(), file).replaceAll("\\", "/"),
        finding: said?.finding ?? "",
        metrics,
        seconds: executed.seconds,
        run: { id: run.id, url: run.url },
        ...(executed.error ? { error: executed.error } : {}),
        kept,
      };
    } finally {
      await Deno.remove(artifacts, { recursive: true });
    }
  }, deps);
}

/** The first letters of a run's id; one that MLflow has not taken has a name of its own until then. */
const shortId = (id: string) => id.replace(/^local-/, "").slice(0, 8);

/** `preset` and `set`, where the notebook declares them: every setting that is not a default or the preset's. */
function settingsFor(notebook: Notebook, name: string, { config, preset, origins }: LoadedConfig): Parameters {
  const declared = new Set(declaredParameters(notebook).map(({ name }) => name));
  const values = flatten(config);
  const changed = Object.entries(origins).filter(([, origin]) => ["environment", "file", "--set"].includes(origin));
  const lost = changed.map(([setting]) => setting).filter((setting) =>
    !["run.track", "run.experiment"].includes(setting)
  );
  if (lost.length > 0 && !declared.has("set")) {
    log("warn", `${name} has no parameter "set", so it goes without the settings ${lost.join(", ")}`);
  }
  return {
    ...(declared.has("preset") ? { preset } : {}),
    ...(declared.has("set") ? { set: changed.map(([setting]) => `${setting}=${values[setting]}`) } : {}),
  };
}

/** A summary's numbers; JSON has made null of those that are none. */
function numbersOf(said: Summary | undefined): Record<string, number> {
  const metrics: Readonly<Record<string, number | null>> = said?.metrics ?? {};
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, value ?? NaN]));
}

function titleOf({ cells }: Notebook): string | undefined {
  for (const cell of cells) {
    if (cell.cell_type !== "markdown") continue;
    const text = typeof cell.source === "string" ? cell.source : cell.source.join("");
    const found = text.match(/^#\s+(.+)$/m)?.[1];
    if (found) return found.trim();
  }
}

function tagsOf(said: Summary | undefined): Record<string, string> {
  const tags: Record<string, string> = {};
  if (said?.provenance["data hash"]) tags["candelabra.data_hash"] = said.provenance["data hash"];
  if (said?.finding) tags["mlflow.note.content"] = said.finding; // the run's description on MLflow's pages
  if (said?.provenance["features hash"]) tags["candelabra.feature_hash"] = said.provenance["features hash"];
  return tags;
}

/** Puts what a notebook kept into the run, and returns the JSON among it. */
async function sendKept(run: Tracking, folder: string): Promise<Record<string, unknown>> {
  const kept: Record<string, unknown> = {};
  for await (const { name } of Deno.readDir(folder)) {
    const body = await Deno.readFile(join(folder, name));
    await run.artifact(`results/${name}`, body);
    if (name.endsWith(".json")) kept[name] = JSON.parse(new TextDecoder().decode(body));
  }
  return kept;
}
