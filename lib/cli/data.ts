import { Command } from "commander";
import { formatDate } from "../base/time.ts";
import { loadConfig } from "../config/load.ts";
import { formatOf, wholeMs, writeCandles, writeColumns } from "../data/frames.ts";
import { describeLeak } from "../features/leaks.ts";
import { columnOf } from "../features/matrix.ts";
import { checkLeaksStage, featuresStage } from "../pipeline/features.ts";
import { checkModuleLeaks } from "../pipeline/leaks_module.ts";
import { fetchStage } from "../pipeline/fetch.ts";
import { spanText } from "../pipeline/market.ts";
import { number } from "../report/format.ts";
import { cleaningFacts, cleaningLines } from "./cleaning.ts";
import { type ConfigOptions, configured, type Context, depsOf, print, resolve } from "./command.ts";

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
      if (options.output) formatOf(options.output); // a wrong ending is told before the work
      const { settings } = loadConfig();
      const { candles, cleaned, ...counts } = await fetchStage(options, settings, depsOf(context, options));
      const found = cleaned ? [{ ...cleaned, name: candles.symbol, origin: options.exchange }] : [];
      if (options.output) await writeCandles(options.output, cleaned?.candles ?? candles);
      const span = candles.length > 0
        ? `${formatDate(candles.time[0])} to ${formatDate(candles.time[candles.length - 1])}`
        : "none";
      const facts = { symbol: candles.symbol, bars: candles.length, span, ...counts, cleaning: cleaningFacts(found) };
      print(options, facts, () =>
        [
          `${number(candles.length, { digits: 0 })} bars of ${candles.symbol} ${options.timeframe}, ${span}`,
          `${number(counts.fetched, { digits: 0 })} fetched now, ${number(counts.cached, { digits: 0 })} were there; ` +
          `${counts.requests} requests, ${counts.retries} tried again`,
          ...cleaningLines(found),
          ...(options.output ? [`Written to ${options.output}`] : []),
          `Use them: deno task lab backtest --input ${candles.symbol} --timeframe ${options.timeframe}`,
        ].join("\n"));
    });
}

/** `lab features`: features of candles into a file. */
export function featuresCommand(context: Context): Command {
  return configured(new Command("features"), { trading: false, tracking: false })
    .description("compute features of candles and write them to a file")
    .option("--spec <features>", "features or sets of them: core44, or 'rsi(14), $close/return'")
    .option("--output <file>", "FILE.parquet or FILE.csv")
    .option("--scaled", "write them scaled, as a network sees them; the scaler sees training bars only")
    .addHelpText(
      "after",
      "\nExamples:\n  lab features --input my.csv --spec core44 --output features.parquet\n" +
        "  lab features --input BTC/USD --spec 'rsi(14), sma(20)/$close' --output features.csv",
    )
    .action(async (options: ConfigOptions & { spec?: string; output?: string; scaled?: boolean }) => {
      if (options.output) formatOf(options.output); // a wrong ending is told before the work
      const set = options.spec === undefined ? options.set : [...options.set, `features.spec=${options.spec}`];
      const { config } = resolve({ ...options, set });
      const result = await featuresStage(config, depsOf(context, options));
      const matrix = options.scaled ? result.scaled : result.matrix;
      if (options.output) {
        const columns = matrix.names.map((name, f) => [name, Float64Array.from(columnOf(matrix, f))] as const);
        await writeColumns(options.output, { timestamp: wholeMs(matrix.time), ...Object.fromEntries(columns) });
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
        cleaning: cleaningFacts(result.source.loaded),
        scaler_fitted_on: spanText(market, { from: Math.max(split.train.from, matrix.warmup), to: split.train.to }),
        ...(options.output ? { output: options.output } : {}),
      };
      print(options, facts, () =>
        [
          `${matrix.names.length} ${matrix.names.length === 1 ? "feature" : "features"} of ${facts.data}, ${
            number(facts.bars, { digits: 0 })
          } bars, ${facts.span}`,
          `warm-up ${matrix.warmup} bars; hash ${result.hash.slice(0, 16)}; ${
            result.cached ? "read from data/features" : result.note ? "computed" : "computed, kept in data/features"
          }`,
          ...cleaningLines(result.source.loaded),
          ...Object.entries(facts.guarded).map(([name, count]) => `${name}: divided by zero at ${count} bars, 0 there`),
          options.output ? `Written to ${options.output}` : "Nothing written: name a file with --output",
        ].join("\n"));
    });
}

/** `lab check-leaks`: whether features look ahead. */
export function checkLeaksCommand(context: Context): Command {
  return configured(new Command("check-leaks"), { trading: false, tracking: false })
    .description("check that features do not look ahead, bit for bit; exit code 1 if one does")
    .option("--features <features>", "features or sets of them")
    .option("--module <file>", "a TypeScript module of your own: export default (candles) => ({ name: column, … })")
    .addHelpText(
      "after",
      '\nExamples:\n  lab check-leaks --input my.csv --features "core44, my_column"\n' +
        "  lab check-leaks --input my.csv --module my_features.ts\n\n" +
        "my_features.ts: export default (candles) => ({ body: candles.$close.map((close, t) => close - candles.$open[t]) })\n" +
        "candles has $open, $high, $low, $close, $volume, time (ms), length (bars), and columns of your own in extra.",
    )
    .action(async (options: ConfigOptions & { features?: string; module?: string }) => {
      const set = options.features === undefined ? options.set : [...options.set, `features.spec=${options.features}`];
      const { config } = resolve({ ...options, set });
      const deps = depsOf(context, options);
      const found = options.module
        ? await checkModuleLeaks(config, options.module, deps)
        : await checkLeaksStage(config, deps);
      const { features, columns } = found;
      if (!features.passed || !columns.passed) context.exit(1);
      const { name, loaded } = found.source;
      print(options, { data: name, cleaning: cleaningFacts(loaded), features, columns }, () =>
        [
          ...cleaningLines(loaded),
          `${features.passed ? "✓" : "✗"} ${features.label}: ${features.verdict}`,
          ...features.leaks.map((leak) => `  ${leak.feature} ${describeLeak(leak)}`),
          `${columns.passed ? "✓" : "?"} ${columns.label}: ${columns.verdict}`,
          ...columns.suspicions.slice(3).map(({ reason }) => `  ${reason}`), // the verdict names three
        ].join("\n"));
    });
}
