import { Command } from "commander";
import { didYouMean } from "../base/suggest.ts";
import type { Setting } from "../base/setting.ts";
import { optionPaths } from "../config/schema.ts";
import { listCaches } from "../data/cache.ts";
import { sampleCatalogue } from "../data/sample.ts";
import { indicators } from "../features/indicators/mod.ts";
import { featureSets } from "../features/sets.ts";
import { samplers } from "../hyperopt/samplers.ts";
import { schedulers } from "../hyperopt/schedulers.ts";
import { writeParameter } from "../hyperopt/space_text.ts";
import { spaces } from "../hyperopt/spaces.ts";
import { formatTable } from "../report/table.ts";
import { riskRules } from "../risk/mod.ts";
import { scenarios } from "../scenarios/mod.ts";
import { strategies } from "../strategies/mod.ts";
import { print } from "./command.ts";

/** `lab list`: what there is, by kind. */
export function listCommand(): Command {
  const kinds = Object.keys(lists);
  return new Command("list")
    .description(`list what there is, by kind: ${kinds.join(", ")}`)
    .argument("[kind]", kinds.join(" | "))
    .argument("[name]", `settings of one of the ${Object.keys(tuned).join(", ")}: what each means and takes`)
    .option("--json", "print JSON, and nothing else, on standard output")
    .action(async (kind: string | undefined, of: string | undefined, options: { json?: boolean }) => {
      if (kind !== undefined && !Object.hasOwn(lists, kind)) {
        throw new RangeError(`Cannot list "${kind}" as there is no such kind: ${didYouMean(kind, kinds)}`);
      }
      if (kind !== undefined && of !== undefined) {
        const rows = settingRows(kind, of);
        const shown = rows.map((row) => ({ ...row, default: String(row.default) })); // 0.02 is not 0.0 among 250s
        return print(options, rows, () => tableOf(`${of}: ${tuned[kind][of].help}`, shown));
      }
      const tables: Record<string, Row[]> = {};
      for (const name of kind === undefined ? kinds : [kind]) tables[name] = await lists[name]();
      print(
        options,
        kind === undefined ? tables : tables[kind],
        () => Object.entries(tables).map(([name, rows]) => tableOf(name, rows)).join("\n\n"),
      );
    });
}

/** A value of a row is text or a number; several, and settings by name, are joined in a table. */
type Row = Readonly<Record<string, string | number | readonly string[] | Readonly<Record<string, unknown>>>>;

const lists: Readonly<Record<string, () => Row[] | Promise<Row[]>>> = {
  samples: () => sampleCatalogue().map(({ name, symbol, timeframe, bars }) => ({ name, symbol, timeframe, bars })),
  fetched: async () =>
    (await listCaches("data/raw")).map(({ symbol, timeframe, exchange }) => ({ symbol, timeframe, exchange })),
  indicators: () =>
    Object.entries(indicators).map(([name, { inputs, params, outputs, warmup }]) => ({
      name,
      parameters: params,
      inputs,
      outputs,
      warmup: warmup(params),
    })),
  features: () => Object.entries(featureSets).map(([name, specs]) => ({ name, count: specs.length, features: specs })),
  strategies: () =>
    Object.entries(strategies).map(([name, { help, settings }]) => ({
      name,
      what: help,
      settings: defaultsOf(settings),
    })),
  scenarios: () =>
    Object.entries(scenarios).map(([name, { help, settings }]) => ({
      name,
      what: help,
      settings: defaultsOf(settings),
    })),
  rules: () =>
    Object.entries(riskRules).map(([name, { kind, help, settings }]) => ({
      name,
      kind,
      what: help,
      settings: defaultsOf(settings),
    })),
  samplers: () => helpOf(samplers),
  schedulers: () => helpOf(schedulers),
  spaces: () =>
    Object.entries(spaces).flatMap(([preset, space]) =>
      Object.entries(space).map(([setting, parameter]) => ({ preset, setting, searched: writeParameter(parameter) }))
    ),
  settings: () =>
    [...optionPaths].map(([path, option]) => ({ setting: path, default: String(option.default), what: option.help })),
};

/** Kinds of things that have settings. */
const tuned: Readonly<
  Record<
    string,
    Readonly<Record<string, { readonly help: string; readonly settings: Readonly<Record<string, Setting>> }>>
  >
> = { strategies, scenarios, rules: riskRules };

/** The settings of one of a kind. */
function settingRows(kind: string, name: string): Row[] {
  if (!Object.hasOwn(tuned, kind)) {
    throw new RangeError(
      `Cannot list "${name}" of ${kind} alone as the kind must be ${
        Object.keys(tuned).join(", ")
      }: lab list ${kind} has all`,
    );
  }
  if (!Object.hasOwn(tuned[kind], name)) {
    throw new RangeError(
      `Cannot list "${name}" as it is none of the ${kind}: ${didYouMean(name, Object.keys(tuned[kind]))}`,
    );
  }
  return Object.entries(tuned[kind][name].settings).map(([setting, one]) => ({
    setting,
    default: typeof one.default === "boolean" ? String(one.default) : one.default,
    takes: "choices" in one
      ? one.choices.join(" | ")
      : "min" in one
      ? `${one.whole ? "whole, " : ""}${one.min} to ${one.max}`
      : "true | false",
    what: one.help,
  }));
}

const helpOf = (table: Readonly<Record<string, { readonly help: string }>>) =>
  Object.entries(table).map(([name, { help }]) => ({ name, what: help }));

const defaultsOf = (settings: Readonly<Record<string, { readonly default: unknown }>>) =>
  Object.fromEntries(Object.entries(settings).map(([key, setting]) => [key, setting.default]));

function tableOf(name: string, rows: readonly Row[]): string {
  if (rows.length === 0) return `${name}: none`;
  const shown = rows.map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, cellOf(value)])));
  return formatTable(shown, { caption: name, limit: Infinity });
}

function cellOf(value: Row[string]): string | number {
  if (typeof value !== "object") return value;
  if (Array.isArray(value)) {
    const text = value.join(", ");
    return text.length > 90 ? `${text.slice(0, text.lastIndexOf(", ", 90))}, …` : text;
  }
  return Object.entries(value).map(([key, one]) => `${key}=${one}`).join(", ");
}
