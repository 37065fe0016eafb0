import { Command } from "commander";
import { formatDate } from "../base/time.ts";
import { loadConfig } from "../config/load.ts";
import { optionPaths } from "../config/schema.ts";
import { writeCandles, writeColumns } from "../data/frames.ts";
import { sampleCatalogue } from "../data/sample.ts";
import { featureSets } from "../features/sets.ts";
import { indicators } from "../features/indicators/mod.ts";
import { describeLeak } from "../features/leaks.ts";
import { columnOf } from "../features/matrix.ts";
import { checkLeaksStage, featuresStage } from "../pipeline/features.ts";
import { checkModuleLeaks } from "../pipeline/leaks_module.ts";
import { fetchStage } from "../pipeline/fetch.ts";
import { spanText } from "../pipeline/market.ts";
import { formatTable } from "../report/table.ts";
import { riskRules } from "../risk/mod.ts";
import { scenarios } from "../scenarios/mod.ts";
import { strategies } from "../strategies/mod.ts";
import { bar, type ConfigOptions, configured, type Context, print, resolve } from "./command.ts";

/** `lab fetch`: candles of an exchange into the cache. */
export function fetchCommand(context: Context): Command {
  interface Options {
    exchange: string;
    symbol: string;
    timeframe: string;
    since: string;
    until?: string;
    endpoint?: string;
    output?: string;
    json?: boolean;
  }
  return new Command("fetch")
    .description("fetch candles from an exchange; only what is not there yet")
    .requiredOption("--exchange <name>", "exchange, as ccxt names it: binance, kraken, coinbase, …")
    .requiredOption("--symbol <symbol>", "market: BTC/USDT")
    .option("--timeframe <length>", "bar length: 1m, 15m, 1h, 1d", "1h")
    .requiredOption("--since <date>", "first bar: 2023-01-01")
    .option("--until <date>", "bars that open before it; now unless given")
    .option("--endpoint <url>", "another address for the exchange's API: a proxy, a test server")
    .option("--output <file>", "write the cleaned candles to a .csv or .parquet file as well")
    .option("--json", "print JSON, and nothing else, on standard output")
    .addHelpText(
      "after",
      "\nExample:\n  lab fetch --exchange binance --symbol BTC/USDT --timeframe 1h --since 2023-01-01",
    )
    .action(async (options: Options) => {
      const { settings } = loadConfig();
      const fetched = await fetchStage(options, settings, {
        signal: context.signal,
        progress: (label) => bar(label, options),
      });
      const { candles, ...counts } = fetched;
      if (options.output) await writeCandles(options.output, candles);
      const span = candles.length > 0
        ? `${formatDate(candles.time[0])} to ${formatDate(candles.time[candles.length - 1])}`
        : "none";
      print(options, { symbol: candles.symbol, bars: candles.length, span, ...counts }, () =>
        [
          `${candles.length.toLocaleString("en-US")} bars of ${candles.symbol} ${options.timeframe}, ${span}`,
          `${fetched.fetched.toLocaleString("en-US")} fetched now, ${
            fetched.cached.toLocaleString("en-US")
          } were there; ` +
          `${fetched.requests} requests, ${fetched.retries} tried again`,
          `Use them: deno task lab backtest --input ${candles.symbol} --timeframe ${options.timeframe}`,
        ].join("\n"));
    });
}

/** `lab features`: features of candles into a file. */
export function featuresCommand(context: Context): Command {
  return configured(new Command("features"))
    .description("compute features of candles and write them to a file")
    .option("--spec <features>", 'features or sets of them: core44, or "rsi(14), $close/return"')
    .option("--output <file>", "FILE.parquet or FILE.csv")
    .option("--scaled", "write them scaled, as a network sees them")
    .action(async (options: ConfigOptions & { spec?: string; output?: string; scaled?: boolean }) => {
      const set = options.spec === undefined ? options.set : [...options.set, `features.spec=${options.spec}`];
      const { config } = resolve({ ...options, set });
      const result = await featuresStage(config, { signal: context.signal, progress: (label) => bar(label, options) });
      const matrix = options.scaled ? result.scaled : result.matrix;
      if (options.output) {
        const columns = matrix.names.map((name, f) => [name, Float64Array.from(columnOf(matrix, f))] as const);
        await writeColumns(options.output, { timestamp: matrix.time, ...Object.fromEntries(columns) });
      }
      const { market, split } = result.source;
      const facts = {
        data: result.source.name,
        bars: market.length,
        span: spanText(market, { from: 0, to: market.length }),
        features: matrix.names,
        warmup: matrix.warmup,
        hash: result.hash,
        cached: result.cached,
        guarded: result.matrix.guarded,
        scaler_fitted_on: spanText(market, { from: Math.max(split.train.from, matrix.warmup), to: split.train.to }),
        ...(options.output ? { output: options.output } : {}),
      };
      print(options, facts, () =>
        [
          `${matrix.names.length} features of ${facts.data}, ${facts.bars.toLocaleString("en-US")} bars, ${facts.span}`,
          `warm-up ${matrix.warmup} bars; hash ${result.hash.slice(0, 16)}; ${
            result.cached ? "read from" : "kept in"
          } data/features`,
          ...Object.entries(facts.guarded).map(([name, count]) => `${name}: divided by zero at ${count} bars, 0 there`),
          options.output ? `Written to ${options.output}` : "Nothing written: name a file with --output",
        ].join("\n"));
    });
}

/** `lab check-leaks`: whether features look ahead. */
export function checkLeaksCommand(context: Context): Command {
  return configured(new Command("check-leaks"))
    .description("check that features do not look ahead, bit for bit; exit code 1 if one does")
    .option("--features <features>", "features or sets of them")
    .option("--module <file>", "a TypeScript module of your own: export default (candles) => ({ name: column, … })")
    .action(async (options: ConfigOptions & { features?: string; module?: string }) => {
      const set = options.features === undefined ? options.set : [...options.set, `features.spec=${options.features}`];
      const { config } = resolve({ ...options, set });
      const deps = { signal: context.signal, progress: (label: string) => bar(label, options) };
      const found = options.module
        ? await checkModuleLeaks(config, options.module, deps)
        : await checkLeaksStage(config, deps);
      const { features, columns } = found;
      if (!features.passed || !columns.passed) context.exit(1);
      print(options, { data: found.source.name, features, columns }, () =>
        [
          `${features.passed ? "✓" : "✗"} ${features.label}: ${features.verdict}`,
          ...features.leaks.map((leak) => `  ${leak.feature} ${describeLeak(leak)}`),
          `${columns.passed ? "✓" : "?"} ${columns.label}: ${columns.verdict}`,
          ...columns.suspicions.map(({ column, reason }) => `  ${column}: ${reason}`),
        ].join("\n"));
    });
}

/** `lab list`: what there is, by kind. */
export function listCommand(): Command {
  return new Command("list")
    .description("list what there is: samples, indicators, features, strategies, scenarios, rules, settings")
    .argument("[kind]", "samples | indicators | features | strategies | scenarios | rules | settings")
    .option("--json", "print JSON, and nothing else, on standard output")
    .action((kind: string | undefined, options: { json?: boolean }) => {
      const kinds = Object.keys(lists);
      if (kind !== undefined && !Object.hasOwn(lists, kind)) {
        throw new RangeError(`Cannot list "${kind}" as it must be one of ${kinds.join(", ")}`);
      }
      const chosen = kind === undefined ? kinds : [kind];
      const tables = Object.fromEntries(chosen.map((name) => [name, lists[name]()]));
      print(
        options,
        kind === undefined ? tables : tables[kind],
        () => Object.entries(tables).map(([name, rows]) => formatTable(rows, { caption: name })).join("\n\n"),
      );
    });
}

const lists: Readonly<Record<string, () => Record<string, string | number>[]>> = {
  samples: () => sampleCatalogue().map(({ name, symbol, timeframe, bars }) => ({ name, symbol, timeframe, bars })),
  indicators: () =>
    Object.entries(indicators).map(([name, { inputs, params, outputs, warmup }]) => ({
      name,
      parameters: Object.entries(params).map(([key, value]) => `${key}=${value}`).join(", "),
      inputs: inputs.join(" "),
      outputs: outputs.join(" "),
      warmup: warmup(params),
    })),
  features: () =>
    Object.entries(featureSets).map(([name, specs]) => ({ name, count: specs.length, features: specs.join(", ") })),
  strategies: () =>
    Object.entries(strategies).map(([name, { help, settings }]) => ({
      name,
      what: help,
      settings: Object.entries(settings).map(([key, setting]) => `${key}=${setting.default}`).join(", "),
    })),
  rules: () =>
    Object.entries(riskRules).map(([name, { kind, help, settings }]) => ({
      name,
      kind,
      what: help,
      settings: Object.entries(settings).map(([key, setting]) => `${key}=${setting.default}`).join(", "),
    })),
  scenarios: () =>
    Object.entries(scenarios).map(([name, { help, settings }]) => ({
      name,
      what: help,
      settings: Object.entries(settings).map(([key, setting]) => `${key}=${setting.default}`).join(", "),
    })),
  settings: () =>
    [...optionPaths].map(([path, option]) => ({ setting: path, default: String(option.default), what: option.help })),
};

/** `lab config`: settings as they are resolved, and where each came from. */
export function configCommand(): Command {
  return configured(new Command("config"))
    .description("show the settings as resolved, and where each came from")
    .action((options: ConfigOptions) => {
      const { config, preset, origins, settings } = resolve(options);
      const rows = Object.entries(config).flatMap(([section, keys]) =>
        Object.entries(keys).map(([key, value]) => ({
          setting: `${section}.${key}`,
          value: String(value),
          from: origins[`${section}.${key}`] ?? "default",
        }))
      );
      print(options, { preset, config, origins, settings }, () => formatTable(rows, { caption: `preset ${preset}` }));
    });
}
