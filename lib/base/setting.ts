import { didYouMean } from "./suggest.ts";

/** A number that a strategy, a rule or a scenario can be tuned by: sweeps and searches stay within `min`..`max`. */
export interface NumberSetting {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly whole?: boolean; // no fractions
  readonly help: string;
}
/** One of a few words. */
export interface ChoiceSetting {
  readonly default: string;
  readonly choices: readonly string[];
  readonly help: string;
}
/** On or off. */
export interface FlagSetting {
  readonly default: boolean;
  readonly help: string;
}
export type Setting = NumberSetting | ChoiceSetting | FlagSetting;
export type Settings = Readonly<Record<string, number | string | boolean>>;

/**
 * Fills in defaults and checks `given`, whose values may be text as a command line has them (`"12"`, `"true"`).
 *
 * @throws {RangeError} if a name is unknown or a value is not what the setting takes
 */
export function readSettings(owner: string, settings: Readonly<Record<string, Setting>>, given: Settings): Settings {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(settings, name)) {
      const known = Object.keys(settings);
      const help = known.length === 0 ? "it has no settings" : didYouMean(name, known);
      throw new RangeError(`Cannot set "${name}" of ${owner} as it is not one of its settings: ${help}`);
    }
  }
  return Object.fromEntries(
    Object.entries(settings).map(([name, setting]) => [name, read(owner, name, setting, given[name])]),
  );
}

function read(owner: string, name: string, setting: Setting, value: unknown): number | string | boolean {
  if (value === undefined) return setting.default;
  const fail = (wanted: string): never => {
    throw new RangeError(`Cannot set "${name}" of ${owner} as it must be ${wanted}: current value is ${value}`);
  };
  if ("choices" in setting) {
    return setting.choices.find((choice) => choice === value) ?? fail(`one of ${setting.choices.join(", ")}`);
  }
  if ("min" in setting) {
    const { min, max, whole = false } = setting;
    const found = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
    const fits = typeof found === "number" && found >= min && found <= max && (!whole || Number.isInteger(found));
    return fits ? found : fail(`a ${whole ? "whole " : ""}number from ${min} to ${max}`);
  }
  if (value === true || value === "true") return true;
  return value === false || value === "false" ? false : fail("true or false");
}
