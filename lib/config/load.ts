import { projectPath } from "../base/project.ts";
import { didYouMean } from "../base/suggest.ts";
import { EVENTS, LEASH, readEnvironment, type Settings, settingsOf } from "./environment.ts";
import { type PresetName, presets } from "./presets.ts";
import { type Config, defaults, optionPaths, type PartialConfig } from "./schema.ts";

/** Where a setting's value came from. */
export type Origin = "default" | `preset ${string}` | "environment" | "file" | "--set";

/** Settings resolved, and what the environment says of services. */
export interface LoadedConfig {
  readonly config: Config;
  readonly preset: PresetName;
  readonly settings: Settings;
  /** By path; what is not in here is a default. */
  readonly origins: Readonly<Record<string, Origin>>;
}

export interface LoadOptions {
  readonly preset?: string;
  /** `section.key=value`, the last one wins. */
  readonly set?: readonly string[];
  /** Settings of an earlier run, in full: they stand above presets and the environment. */
  readonly values?: PartialConfig;
  /** Where `.env` is looked for; the project's folder unless given. */
  readonly folder?: string;
  /** Variables of the environment; the process's own unless given. */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Defaults ← preset ← `.env` ← `.env.<ENV>` ← environment (`CANDELABRA_DATA_TIMEFRAME=4h` is `data.timeframe`) ←
 * `values` ← `--set`.
 *
 * @throws {RangeError} for an unknown preset or setting, or a value that does not fit, naming where it came from
 */
export function loadConfig(options: LoadOptions = {}): LoadedConfig {
  const { preset = "quick", set = [], values = {}, folder = projectPath(), environment } = options;
  if (!Object.hasOwn(presets, preset)) {
    throw new RangeError(
      `Cannot use the preset "${preset}" as there is none of that name: ${didYouMean(preset, Object.keys(presets))}`,
    );
  }
  const config = structuredClone(defaults()) as unknown as Record<string, Record<string, unknown>>;
  const origins: Record<string, Origin> = {};

  const put = (path: string, value: unknown, origin: Origin) => {
    const [section = "", key = ""] = path.split(".");
    config[section]![key] = readAt(path, value, origin);
    origins[path] = origin;
  };
  const putAll = (sections: PartialConfig, origin: Origin) => {
    for (const [section, keys] of Object.entries(sections)) {
      for (const [key, value] of Object.entries(keys)) put(`${section}.${key}`, value, origin);
    }
  };

  putAll(presets[preset as PresetName], `preset ${preset}`);
  const variables = environment ?? readEnvironment(folder);
  for (const [name, value] of Object.entries(variables)) {
    if (name.startsWith("CANDELABRA_") && name !== EVENTS && name !== LEASH) {
      put(pathOfVariable(name), value, "environment");
    }
  }
  putAll(values, "file");
  for (const entry of set) {
    const at = entry.indexOf("=");
    if (at < 1) throw new RangeError(`Cannot read --set ${entry} as it must be like costs.transaction_fee=5`);
    put(entry.slice(0, at).trim(), entry.slice(at + 1).trim(), "--set");
  }
  return {
    config: config as unknown as Config,
    preset: preset as PresetName,
    settings: settingsOf(variables),
    origins,
  };
}

/** Settings as `section.key=value` lines that `--set` takes back: how a run is handed to a notebook. */
export function flatten(config: Config): Record<string, string> {
  return Object.fromEntries(
    Object.entries(config).flatMap(([section, keys]) =>
      Object.entries(keys).map((
        [key, value],
      ) => [`${section}.${key}`, Array.isArray(value) ? value.join(", ") : String(value)])
    ),
  );
}

function readAt(path: string, value: unknown, origin: Origin): unknown {
  if (path.startsWith("strategy.") && path.length > "strategy.".length) return readOpen(path, value);
  const option = optionPaths.get(path);
  if (!option) {
    throw new RangeError(
      `Cannot set "${path}" (${origin}) as there is no such setting: ${
        didYouMean(partOf(path) ?? path, [...optionPaths.keys(), "strategy.name"])
      }`,
    );
  }
  try {
    return option.read(value);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RangeError(
      `Cannot set "${path}" (${origin}) as it ${error.message}: current value is ${JSON.stringify(value)}`,
    );
  }
}

/** The first setting of the section whose name has the mistyped one as a word: `transaction_fee` for `fee`. */
function partOf(path: string): string | undefined {
  const [section, key = ""] = path.toLowerCase().split(".");
  return [...optionPaths.keys()].find((option) => {
    const [of, name] = option.split(".");
    return of === section && name.split("_").includes(key);
  });
}

/** A value of an open section: a number where it reads as one. */
function readOpen(path: string, value: unknown): string | number {
  if (typeof value === "number") return value;
  if (typeof value !== "string" || value === "") {
    throw new RangeError(
      `Cannot set "${path}" as it must be a number or a word: current value is ${JSON.stringify(value)}`,
    );
  }
  return path === "strategy.name" || Number.isNaN(Number(value)) ? value : Number(value);
}

function pathOfVariable(name: string): string {
  const known = [...optionPaths.keys(), "strategy.name"];
  const found = known.find((path) => variableOf(path) === name);
  if (found) return found;
  throw new RangeError(
    `Cannot use the environment variable ${name} as it names no setting: ${didYouMean(name, known.map(variableOf))}`,
  );
}

/** `data.timeframe` → `CANDELABRA_DATA_TIMEFRAME`. */
const variableOf = (path: string) => `CANDELABRA_${path.replace(".", "_").toUpperCase()}`;
