import { sampleCatalogue } from "../data/sample.ts";
import type { OptionKind } from "../config/option.ts";
import { flatten, loadConfig } from "../config/load.ts";
import { presets } from "../config/presets.ts";
import { schema } from "../config/schema.ts";
import { strategies } from "../strategies/mod.ts";
import type { Setting } from "../base/setting.ts";
import { type Stage, type StageOption, stages, unavailable } from "./stages.ts";

/** What a form needs to know of a field. */
export interface Field {
  readonly name: string; // "ppo.gamma", "model"
  readonly help: string;
  readonly kind: OptionKind;
  readonly default: string; // as it is written
  readonly required: boolean;
  readonly example: string;
  readonly suggestions: readonly string[];
  /** What each of the choices means. */
  readonly notes: Readonly<Record<string, string>>;
  /** Shown only where another field has this value: a strategy's own settings. */
  readonly when?: { readonly field: string; readonly is: string };
}

/** A stage with its form. */
export interface StageForm extends Pick<Stage, "name" | "title" | "summary" | "group" | "settings"> {
  readonly unavailable: string; // why it can't be started; "" when it can
  readonly options: readonly Field[];
  readonly sections: readonly { readonly name: string; readonly fields: readonly Field[] }[];
}

/** All stages with their forms, made of the settings' own table. */
export async function stageForms(): Promise<StageForm[]> {
  return await Promise.all(stages.map(async (stage) => {
    const { name, title, summary, group, settings } = stage;
    const options = Object.entries(await stage.options());
    return {
      ...{ name, title, summary, group, settings, unavailable: unavailable(stage) ?? "" },
      options: options.map(([key, option]) => fieldOf(key, option)),
      sections: stage.sections.flatMap((section) => {
        const fields = fieldsOf(section);
        return fields.length > 0 ? [{ name: section, fields }] : [];
      }),
    };
  }));
}

/** Settings as they are with a preset and some changes to it: by name, as they are written. */
export function settingsOf(preset: string, set: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { config } = loadConfig({ preset, set: Object.entries(set).map(([path, value]) => `${path}=${value}`) });
  return Object.fromEntries(
    Object.entries(flatten(config)).map(([name, value]) => [name, value === "null" ? "none" : value]), // as one writes it
  );
}

/** Names of the presets. */
export const presetNames = (): string[] => Object.keys(presets);

function fieldsOf(section: string): Field[] {
  if (section === "strategy") return strategyFields();
  const options: Readonly<Record<string, StageOption>> =
    (schema as Record<string, Record<string, StageOption>>)[section] ?? {};
  return Object.entries(options).map(([key, option]) => fieldOf(`${section}.${key}`, option));
}

function strategyFields(): Field[] {
  const names = Object.keys(strategies);
  const name = "strategy.name";
  const notes = Object.fromEntries(names.map((one) => [one, strategies[one].help]));
  const first = fieldOf(name, {
    default: "momentum",
    help: "",
    kind: { type: "choice", choices: names },
    read: String,
  });
  const own = Object.entries(strategies).flatMap(([strategy, { settings }]) =>
    Object.entries(settings).map(([key, setting]) => ({
      ...fieldOf(`strategy.${key}`, {
        default: setting.default,
        help: setting.help,
        kind: kindOf(setting),
        read: String,
      }),
      when: { field: name, is: strategy },
    }))
  );
  return [{ ...first, notes }, ...own];
}

function kindOf(setting: Setting): OptionKind {
  if ("choices" in setting) return { type: "choice", choices: setting.choices };
  if (!("min" in setting)) return { type: "flag" };
  return { type: "number", min: setting.min, max: setting.max, whole: setting.whole ?? false };
}

function fieldOf(name: string, { default: standard, help, kind, required = false, example = "" }: StageOption): Field {
  return {
    name,
    help,
    kind: finite(kind),
    default: Array.isArray(standard) ? standard.join(", ") : standard === null ? "none" : String(standard),
    required,
    example,
    suggestions: suggestions[name]?.() ?? [],
    notes: {},
  };
}

/** Bounds that JSON can say. */
function finite(kind: OptionKind): OptionKind {
  if (kind.type === "list" || kind.type === "optional") return { ...kind, item: finite(kind.item) };
  if (kind.type !== "number") return kind;
  const { min, max } = kind;
  return { ...kind, min: Math.max(min, -Number.MAX_VALUE), max: Math.min(max, Number.MAX_VALUE) };
}

const suggestions: Readonly<Record<string, () => string[]>> = {
  "data.input": () => sampleCatalogue().map(({ name }) => name),
  "data.timeframe": () => ["1m", "5m", "15m", "1h", "4h", "1d"],
  "features.spec": () => ["quick", "core44", "rsi(14), $close/return"],
  "env.actions": () => ["discrete", "flat_long", "box", "-1, -0.5, 0, 0.5, 1"],
  exchange: () => ["binance", "bitstamp", "coinbase", "kraken", "okx"],
  symbol: () => ["BTC/USDT", "ETH/USDT", "SOL/USDT"],
  timeframe: () => ["1m", "15m", "1h", "4h", "1d"],
  model: () => ["candelabra@champion", "candelabra@challenger"],
};
