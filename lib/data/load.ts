import { basename, resolve } from "node:path";
import type { Displayable } from "../base/display.ts";
import { exists } from "../base/files.ts";
import { projectPath } from "../base/project.ts";
import { didYouMean, nearest } from "../base/suggest.ts";
import { formatDate, formatTimeframe, parseTimeframe, parseTimerange, type TimeRange } from "../base/time.ts";
import { type Candles, firstBarAt, slice } from "../market/candles.ts";
import { type CacheKey, listCaches, openCache } from "./cache.ts";
import type { CleaningReport, GapPolicy } from "./cleaning_report.ts";
import { readTable } from "./frames.ts";
import { cleanThroughStore } from "./processed.ts";
import { resample } from "./resample.ts";
import { readSample, type Sample, sampleCatalogue, sampleOrigin } from "./sample.ts";

/** What to load, and how. */
export interface LoadOptions {
  readonly timerange?: string | TimeRange; // `20180131-20180301`: only bars that open in it
  readonly timeframe?: string; // a longer one than the source's is made by resampling
  readonly exchange?: string; // which one, where a symbol was fetched from several
  readonly gaps?: GapPolicy;
  readonly symbol?: string; // what a file's bars are called; else taken from its name
  readonly folder?: string; // holds raw/ and processed/; relative to the project
}

/** Clean candles, what was done to make them so, and where they come from. */
export interface Loaded {
  readonly candles: Candles;
  readonly report: CleaningReport & Displayable;
  readonly origin: string; // for people, without paths of the machine
  readonly name: string; // "coinbase BTC/USD 1h"
}

/** Raw bars that were found for an input. */
interface Source {
  readonly raw: Candles;
  readonly notes: readonly string[];
  readonly origin: string;
  readonly label: string; // the name without its timeframe
}

/**
 * Candles ready for use, of
 * - a file: `FILE.csv` or `FILE.parquet`, with columns as `readTable` knows them;
 * - a bundled sample, by its name (`coinbase_BTC-USD_1h`) or its symbol (`BTC/USD`, timeframe 1h or 1d);
 * - a symbol that was fetched into `folder`/raw, which goes before a sample of the same symbol.
 *
 * They are cleaned first, whole, then resampled, then cut to the time range. Cleaned candles are kept under
 * `folder`/processed by the hash of the raw ones, and read from there the next time.
 *
 * @throws {RangeError} if the input is none of these (naming the nearest, and how to fetch it), is ambiguous, or holds
 *   less than 2 bars of the time range
 * @throws {SyntaxError} if a file is damaged
 */
export async function loadCandles(input: string, options: LoadOptions = {}): Promise<Loaded> {
  const { timerange, timeframe, gaps = "fill", folder = "data" } = options;
  const range = typeof timerange === "string" ? parseTimerange(timerange) : timerange;
  if (timeframe !== undefined) parseTimeframe(timeframe); // before anything is read
  const { raw, notes, origin, label } = await find(input, options, folder);
  const { candles: whole, report } = await cleanThroughStore(raw, { gaps, notes, folder, label });
  const candles = timeframe === undefined ? whole : resample(whole, timeframe);
  const own = formatTimeframe(raw.step);
  const made = candles.step === raw.step ? "" : `, made of ${own} bars`;
  return {
    candles: range ? within(candles, range) : candles,
    ...{ report, origin: `${origin}${made}`, name: `${label} ${formatTimeframe(candles.step)}` },
  };
}

async function find(input: string, options: LoadOptions, folder: string): Promise<Source> {
  const file = await fileAt(input);
  if (file !== undefined) {
    const { candles, notes } = await readTable(file, options.symbol === undefined ? {} : { symbol: options.symbol });
    const label = basename(file).replace(/\.[a-z]+$/i, "");
    return { raw: candles, notes, origin: `the file ${basename(file)}`, label };
  }
  const sample = sampleCatalogue().find(({ name }) => name.toLowerCase() === input.toLowerCase());
  if (sample) return await openSample(sample);
  const same = ({ symbol, exchange }: CacheKey) =>
    symbol.toLowerCase() === input.toLowerCase() && exchange === (options.exchange ?? exchange);
  const fetched = (await listCaches(`${folder}/raw`)).filter(same);
  const cached = pick(fetched, options, input);
  if (cached) return await openFetched(cached, `${folder}/raw`);
  const bundled = suitable(sampleCatalogue().filter(same), options.timeframe)[0];
  if (bundled) return await openSample(bundled);
  throw await unknown(input, options, [...fetched, ...sampleCatalogue().filter(same)], folder);
}

/** The path of an input that is a file, or looks like one: relative to the working folder, then to the project. */
async function fileAt(input: string): Promise<string | undefined> {
  const places = [resolve(input), projectPath(input)];
  for (const place of places) {
    if ((await exists(place)) && (await Deno.stat(place)).isFile) return place;
  }
  if (!/\.(csv|tsv|txt|parquet|pq)$/i.test(input)) return undefined;
  const names: string[] = [];
  for (const place of places.map((path) => resolve(path, ".."))) {
    if (await exists(place)) { for await (const { name, isFile } of Deno.readDir(place)) if (isFile) names.push(name); }
  }
  const close = nearest(basename(input), names);
  throw new Deno.errors.NotFound(
    `Cannot load "${basename(input)}" as there is no such file${close ? `; nearest is "${close}"` : ""}`,
  );
}

/** Those whose bars are, or add up to, bars of `timeframe`; the longest first. */
function suitable<T extends CacheKey>(found: readonly T[], timeframe: string | undefined): T[] {
  if (timeframe === undefined) return [...found];
  const step = (key: T) => parseTimeframe(key.timeframe);
  return found.filter((key) => parseTimeframe(timeframe) % step(key) === 0).sort((a, b) => step(b) - step(a));
}

/** The one to read among markets that were fetched. */
function pick(fetched: readonly CacheKey[], { timeframe }: LoadOptions, input: string): CacheKey | undefined {
  const exchanges = [...new Set(fetched.map(({ exchange }) => exchange))];
  if (exchanges.length > 1) {
    throw new RangeError(
      `Cannot load "${input}" as it was fetched from ${exchanges.join(" and ")}: say which exchange`,
    );
  }
  if (timeframe === undefined && fetched.length > 1) {
    const known = fetched.map((key) => key.timeframe).join(", ");
    throw new RangeError(`Cannot load "${input}" as it was fetched in several timeframes: say which of ${known}`);
  }
  return suitable(fetched, timeframe)[0];
}

async function openSample(sample: Sample): Promise<Source> {
  const label = `${sample.exchange} ${sample.symbol}`;
  const origin = `the bundled sample ${sample.name} (${sampleOrigin})`;
  return { raw: await readSample(sample), notes: [], origin, label };
}

async function openFetched(key: CacheKey, folder: string): Promise<Source> {
  const always = { from: -Infinity, to: Infinity };
  const damaged: string[] = [];
  const cache = openCache(folder, key, (note) => damaged.push(note));
  await cache.mend(always);
  if (damaged.length > 0) {
    throw new SyntaxError(`Cannot load ${key.symbol} as ${damaged.join("; ")}: ${fetchCommand(key)}`);
  }
  const raw = await cache.read(always);
  const label = `${key.exchange} ${key.symbol}`;
  return { raw, notes: [], origin: `fetched from ${key.exchange} through ccxt`, label };
}

async function unknown(input: string, options: LoadOptions, found: readonly CacheKey[], folder: string) {
  const { exchange = "binance", timeframe = "1h" } = options;
  if (found.length > 0) {
    const known = found.map((key) => `${key.exchange} ${key.timeframe}`).join(", ");
    return new RangeError(
      `Cannot load "${input}" as bars of ${timeframe} as they can't be made of those there are: ${known}; ` +
        fetchCommand({ exchange, symbol: found[0].symbol, timeframe }),
    );
  }
  const names = [
    ...(await listCaches(`${folder}/raw`)).map(({ symbol }) => symbol),
    ...sampleCatalogue().flatMap(({ symbol, name }) => [symbol, name]),
  ];
  const hint = /^[\w-]+\/[\w:-]+$/.test(input)
    ? `; ${fetchCommand({ exchange, symbol: input.toUpperCase(), timeframe })}`
    : "";
  const from = options.exchange === undefined ? "" : ` from ${options.exchange}`;
  return new RangeError(
    `Cannot load "${input}"${from} as it is no file, bundled sample or fetched symbol; ` +
      `${didYouMean(input, [...new Set(names)])}${hint}`,
  );
}

const fetchCommand = ({ exchange, symbol, timeframe }: CacheKey) =>
  `fetch it with: deno task lab fetch --exchange ${exchange} --symbol ${symbol} --timeframe ${timeframe} --since 2023-01-01`;

function within(candles: Candles, range: TimeRange): Candles {
  const cut = slice(candles, firstBarAt(candles, range.from), firstBarAt(candles, range.to));
  if (cut.length >= 2) return cut;
  const [first, last] = [candles.time[0], candles.time[candles.length - 1]].map(formatDate);
  throw new RangeError(
    `Cannot load ${candles.symbol} of that time range as at least 2 bars must open in it: ` +
      `${cut.length} do, of ${first} to ${last}`,
  );
}
