import { statSync } from "node:fs";
import { isAbsolute, relative, resolve as resolvePath } from "node:path";
import { Command, Option } from "commander";
import { type Progress, progress } from "../base/progress.ts";
import { projectPath } from "../base/project.ts";
import { redact } from "../base/secret.ts";
import { loadConfig, type LoadedConfig } from "../config/load.ts";
import { presets } from "../config/presets.ts";
import type { Config, PartialConfig } from "../config/schema.ts";
import type { Deps } from "../pipeline/deps.ts";
import { onEvent } from "./events.ts";

/** What every command gets. */
export interface Context {
  /** Ctrl-C. */
  readonly signal: AbortSignal;
  /** Sets the exit code of a command that did its work but has bad news. */
  exit(code: number): void;
}

/** Options that `configured` adds, as commander names them. */
export interface ConfigOptions {
  readonly preset?: string;
  readonly set: readonly string[];
  readonly seed?: string;
  readonly input?: string;
  readonly timeframe?: string;
  readonly timerange?: string;
  readonly period?: string;
  readonly strategy?: string;
  readonly fee?: string;
  readonly config?: string;
  readonly track?: boolean; // true unless --no-track
  readonly json?: boolean;
}

/** Short options and the settings they stand for. */
const shortcuts = {
  input: "data.input",
  timeframe: "data.timeframe",
  timerange: "data.timerange",
  period: "backtest.period",
  strategy: "strategy.name",
  fee: "costs.transaction_fee",
  seed: "run.seed",
} as const;

/** Parts of `configured` that a command may go without. */
export interface Parts {
  /** `--period`, `--fee`: false where nothing is traded. */
  readonly trading?: boolean;
  /** `--strategy`: false where something else decides. */
  readonly strategy?: boolean;
  /** `--no-track`: false where there is no run. */
  readonly tracking?: boolean;
}

/** Adds the options by which any setting can be changed. */
export function configured(
  command: Command,
  { trading = true, strategy = trading, tracking = true }: Parts = {},
): Command {
  const collect = (value: string, all: readonly string[]) => [...all, value];
  command
    .option("--preset <name>", `starting point: ${Object.keys(presets).join(", ")}`)
    .addOption(
      new Option("--set <setting=value>", "change a setting, such as costs.transaction_fee=5; may be repeated")
        .argParser(collect).default([], "none"),
    )
    .option(
      "--input <file|symbol>",
      "CSV or parquet file, a bundled sample's symbol, or a fetched one; several with commas",
    )
    .option("--timeframe <length>", "bar length of a symbol: 1m, 1h, 1d")
    .option("--timerange <span>", "20180131-20180301, 20180131- or -20180301");
  if (trading) command.option("--period <part>", "part of the bars that is traded: test, validation, train, all");
  if (strategy) command.option("--strategy <name>", "strategy; its parameters by --set strategy.<name>=<value>");
  if (trading) command.option("--fee <bps>", "taker fee per side, bps");
  command
    .option("--seed <number>", "seed of everything random")
    .option("--config <file>", "settings of an earlier run, as its config.json has them");
  if (tracking) command.option("--no-track", "do not write an MLflow run");
  return command.option("--json", "print JSON, and nothing else, on standard output");
}

/**
 * Resolves a command's options into settings.
 *
 * @param base settings that stand below `--config`'s: those of a model
 */
export function resolve(options: ConfigOptions, base: PartialConfig = {}): LoadedConfig {
  const short = Object.entries(shortcuts).flatMap(([name, path]) => {
    const value = options[name as keyof typeof shortcuts];
    return value === undefined ? [] : [`${path}=${value}`];
  });
  const set = [...short, ...options.set, ...(options.track === false ? ["run.track=false"] : [])];
  const loaded = loadConfig({
    ...(options.preset === undefined ? {} : { preset: options.preset }),
    values: options.config === undefined ? base : readConfigFile(options.config),
    set,
  });
  const { config } = loaded;
  return { ...loaded, config: { ...config, data: { ...config.data, input: config.data.input.map(fromProject) } } };
}

/** A file's path from the project, wherever the user is: so a run's record means the same to everyone. */
function fromProject(input: string): string {
  const path = resolvePath(input);
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  return isFile && !isAbsolute(input) ? relative(projectPath(), path).replaceAll("\\", "/") : input;
}

function readConfigFile(path: string): PartialConfig {
  try {
    return JSON.parse(Deno.readTextFileSync(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new Deno.errors.NotFound(`Cannot read settings from "${path}" as there is no such file`, { cause: error });
    }
    throw new SyntaxError(`Cannot read settings from "${path}" as it must be JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Prints a result: JSON alone with `--json`, text otherwise. */
export function print(options: { readonly json?: boolean }, value: unknown, text: () => string): void {
  console.log(redact(options.json ? JSON.stringify(value, jsonNumbers, 2) : text()));
}

/** Where a run is, for the end of a text; nothing without tracking. */
export function runLines(
  { id, url }: { readonly id: string; readonly url: string | undefined },
  { run: { track } }: Config,
): string[] {
  if (!track) return [];
  return [
    "",
    url ? `Run ${id}: ${url}` : `Run ${id} waits in mlflow_runs/.unsent and is sent when the tracker is back`,
  ];
}

/** NaN and infinities as text: JSON has no numbers for them. */
function jsonNumbers(_key: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return ArrayBuffer.isView(value) ? Array.from(value as Float64Array) : value;
}

/** A progress bar for `label`; none when only JSON is wanted and nobody is at a terminal. Events are told in any case. */
export function bar(label: string, options: { readonly json?: boolean }): Progress {
  const shown = progress(label, { quiet: Boolean(options.json) && !Deno.stderr.isTerminal() });
  if (!onEvent) return shown;
  return {
    update(done, total, note = "") {
      shown.update(done, total, note);
      onEvent?.({ kind: "progress", label, done, total, note });
    },
    [Symbol.dispose]: () => shown[Symbol.dispose](),
  };
}

/** What a command gives the stage it runs: Ctrl-C, progress bars, and the way to somebody who watches. */
export function depsOf({ signal }: Context, options: { readonly json?: boolean }): Deps {
  return { signal, progress: (label) => bar(label, options), ...(onEvent ? { onEvent } : {}) };
}
