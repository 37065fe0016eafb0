import { Buffer } from "node:buffer";
import { basename, extname } from "node:path";
import pl from "nodejs-polars";
import { writeAtomic } from "../base/files.ts";
import { log } from "../base/log.ts";
import { type Candles, type Column, columns, newCandles } from "../market/candles.ts";
import { findColumns } from "./column_names.ts";
import { sniffCsv } from "./csv.ts";
import { type Cells, type Table, tableCandles, type TableOptions, type Unread } from "./table.ts";

/** A column as results are stored. Missing numbers are NaN. */
export type StoredColumn = Float64Array | Float32Array | Int32Array | Uint8Array | BigInt64Array | readonly string[];

/** Columns of one length by name. */
export type StoredColumns = Readonly<Record<string, StoredColumn>>;

/** A polars frame of candles: `timestamp` (Datetime, ms UTC), the `$` columns, `filled`, then the extra columns. */
export function toFrame(candles: Candles): pl.DataFrame {
  return pl.DataFrame([
    pl.Series("timestamp", candles.time, pl.Float64).cast(pl.Int64).cast(pl.Datetime("ms")),
    ...columns.map((name) => pl.Series(name, candles[name], pl.Float64)),
    series("filled", candles.filled).cast(pl.Bool),
    ...Object.entries(candles.extra).map(([name, column]) => pl.Series(name, column, pl.Float64)),
  ]);
}

/**
 * Candles of a polars frame with the columns of `toFrame`, or any that `readTable` understands. Copies; does not
 * clean. What was left out is logged as a warning.
 *
 * @param options.timeframe bar length; the most common distance of two times when left out
 * @throws {RangeError} if it has no rows, a column is missing, times can't be read, or two columns look swapped
 */
export function fromFrame(df: pl.DataFrame, options: { symbol: string; timeframe?: string }): Candles {
  const { candles, notes } = tableCandles(cellsOf(df), `the frame of ${options.symbol}`, options);
  for (const note of notes) log("warn", note, { symbol: options.symbol });
  return candles;
}

/**
 * Reads a user's own candles from CSV (comma, semicolon, tab; with or without a header) or parquet. Columns are found
 * by name, with or without `$`, in any case; times may be s, ms, µs, ns or ISO dates; further numeric columns become
 * `extra`, texts are left out and noted. Nothing is cleaned yet: see `clean`.
 *
 * @param options.symbol name of the market; taken from the file's name when left out
 * @param options.timeframe bar length; the most common distance of two times when left out
 * @throws {Deno.errors.NotFound} if there is no such file
 * @throws {SyntaxError} if a parquet file is damaged or cut short
 * @throws {RangeError} if it is empty, a column is missing or unreadable, or two columns look swapped
 */
export async function readTable(path: string, options: TableOptions = {}): Promise<Table> {
  const { df, notes } = await open(path);
  const table = tableCandles(cellsOf(df), basename(path), options);
  return { candles: table.candles, notes: [...notes, ...table.notes] };
}

/** Writes candles as CSV or parquet (zstd), by the path's ending: `timestamp` in ms, `$` columns, `filled`, extras. */
export async function writeCandles(path: string, candles: Candles): Promise<void> {
  const ms = pl.col("timestamp").cast(pl.Int64);
  await writeFrame(path, toFrame(candles).withColumns(ms, pl.col("filled").cast(pl.UInt8)));
}

/**
 * Reads candles that `writeCandles` wrote to parquet: for caches, where symbol and step are known.
 *
 * @throws {SyntaxError} if the file is damaged, cut short or lacks a column
 */
export async function readCandles(path: string, { symbol, step }: { symbol: string; step: number }): Promise<Candles> {
  const { timestamp, filled, $open, $high, $low, $close, $volume, ...extra } = await readColumns(path);
  const own = { time: timestamp, $open, $high, $low, $close, $volume } as Record<Column | "time", Float64Array>;
  const missing = Object.entries({ ...own, filled }).find(([, column]) => column === undefined);
  if (missing) throw new SyntaxError(`Cannot read ${basename(path)} as stored candles as it has no ${missing[0]}`);
  return newCandles({
    ...{ symbol, step, ...own, filled: filled as Uint8Array },
    extra: extra as Record<string, Float64Array>,
  });
}

/** Times as other programs want them in a file: whole ms, where a float would print as `1514764800000.0`. */
export function wholeMs(times: ArrayLike<number>): BigInt64Array {
  return BigInt64Array.from({ length: times.length }, (_, t) => BigInt(times[t]));
}

/** Writes columns of one length as CSV or parquet (zstd), by the path's ending; atomic. */
export async function writeColumns(path: string, content: StoredColumns): Promise<void> {
  await writeFrame(path, pl.DataFrame(Object.entries(content).map(([name, column]) => series(name, column))));
}

/**
 * Reads a parquet file's columns. Float64, Float32, Int32 and UInt8 come back as they were written, truths as 0 and 1,
 * texts as an array; times become ms UTC and other numbers Float64. A missing number is NaN, a missing text "".
 *
 * @throws {SyntaxError} if the file is damaged or cut short
 */
export async function readColumns(path: string): Promise<Record<string, StoredColumn>> {
  const { df } = await open(path);
  return Object.fromEntries(df.columns.map((name) => [name, storedColumn(df.getColumn(name))]));
}

// ---- files

interface Opened {
  readonly df: pl.DataFrame;
  readonly notes: readonly string[];
}

async function open(path: string): Promise<Opened> {
  const name = basename(path);
  const kind = formatOf(path);
  const bytes = await readFile(path);
  if (kind === "csv") return openCsv(bytes, name);
  if (bytes.length === 0) throw new SyntaxError(`Cannot read ${name} as parquet as the file is empty`);
  try {
    return { df: pl.readParquet(Buffer.from(bytes.buffer)), notes: [] };
  } catch (error) {
    const why = (error as Error).message;
    throw new SyntaxError(`Cannot read ${name} as parquet as the file is damaged or cut short: ${why}`, {
      cause: error,
    });
  }
}

async function readFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Deno.errors.NotFound(`Cannot read ${basename(path)} as there is no such file`, { cause: error });
  }
}

/** The format that a path's ending stands for. @throws {RangeError} if it is another than .csv or .parquet */
export function formatOf(path: string): "csv" | "parquet" {
  const kind = extname(path).toLowerCase();
  if (kind === ".parquet" || kind === ".pq") return "parquet";
  if (kind === ".csv" || kind === ".tsv" || kind === ".txt") return "csv";
  throw new RangeError(
    `Cannot use ${basename(path)} as its ending must be .csv or .parquet: current value is "${kind}"`,
  );
}

const nulls = ["", "NaN", "nan", "NAN", "null", "NULL", "None", "NA", "N/A", "n/a", "-"];

/** Every cell as text: types are told column by column afterwards, so that one odd cell does not stop the reading. */
function openCsv(bytes: Uint8Array<ArrayBuffer>, name: string): Opened {
  const wide = bytes[0] === 0xff && bytes[1] === 0xfe; // Excel's "Unicode text"
  const body = wide ? new TextEncoder().encode(new TextDecoder("utf-16le").decode(bytes)) : bytes;
  const start = new TextDecoder().decode(body.subarray(0, 1 << 16));
  if (start.trim() === "") throw new RangeError(`Cannot read ${name} as candles as it is empty`);
  if (start.includes("\0")) throw new RangeError(`Cannot read ${name} as candles as it is no text: a .csv is wanted`);
  const { separator, skip, names, header } = sniffCsv(start);
  findColumns(names, name); // before polars renames what is there twice
  const notes: string[] = [];
  if (skip > 0) notes.push(`${skip === 1 ? "a line" : `${skip} lines`} before the header left out`);
  if (!header) notes.push(`no header: the columns are taken as ${names.join(", ")}`);
  const read = pl.readCSV(Buffer.from(body), {
    ...{ inferSchemaLength: 0, encoding: "utf8-lossy", truncateRaggedLines: true },
    ...{ sep: separator, skipRows: skip, hasHeader: header, nullValues: nulls },
  });
  const df = read.rename(Object.fromEntries(read.columns.map((column, i) => [column, names[i]])));
  return { df: df.filter(pl.anyHorizontal(df.columns.map((column) => pl.col(column).isNotNull()))), notes };
}

async function writeFrame(path: string, df: pl.DataFrame): Promise<void> {
  await writeAtomic(path, formatOf(path) === "csv" ? df.writeCSV() : df.writeParquet({ compression: "zstd" }));
}

// ---- columns

function cellsOf(df: pl.DataFrame): Cells {
  return {
    names: df.columns,
    rows: df.height,
    numbers(name) {
      const column = df.getColumn(name);
      if (numeric.has(column.dtype.variant)) return { values: floats(column), unread: [] };
      if (column.dtype.variant !== "String") return unreadable(column); // lists, times, categories, …
      const values = floats(column.str.strip());
      const odd = values.reduce((sum, value) => sum + Number(Number.isNaN(value)), 0) - column.nullCount();
      return { values, unread: odd === 0 ? [] : readTexts(column.toArray() as (string | null)[], values) };
    },
    times(name) {
      const column = df.getColumn(name);
      if (column.dtype.variant !== "String") return floats(column);
      const epochs = floats(column.str.strip()); // far quicker than reading text by text, where all are epochs
      return epochs.every((epoch) => epoch >= 1e8) ? epochs : column.toArray() as (string | null)[];
    },
  };
}

const numeric = new Set([
  ...[
    "Int8",
    "Int16",
    "Int32",
    "Int64",
    "UInt8",
    "UInt16",
    "UInt32",
    "UInt64",
    "Float32",
    "Float64",
    "Bool",
    "Decimal",
  ],
  "Null",
]);

function unreadable(column: pl.Series): { values: Float64Array; unread: Unread[] } {
  const text = `a value of type ${column.dtype.variant}`;
  return { values: new Float64Array(column.length).fill(NaN), unread: Array.from(column, (_, row) => ({ row, text })) };
}

/** Reads truths among texts into `values`, and lists the cells that are neither truth nor number. */
function readTexts(texts: readonly (string | null)[], values: Float64Array): Unread[] {
  const unread: Unread[] = [];
  for (const [row, text] of texts.entries()) {
    if (text === null || !Number.isNaN(values[row])) continue;
    if (/^(true|false)$/i.test(text)) values[row] = Number(/^true$/i.test(text));
    else unread.push({ row, text });
  }
  return unread;
}

/** Any column as Float64: times as ms, truths as 0 and 1, what is missing or no number as NaN. */
function floats(column: pl.Series): Float64Array {
  const time = ["Datetime", "Date"].includes(column.dtype.variant);
  const plain = time ? column.cast(pl.Datetime("ms")).cast(pl.Int64) : column;
  const float = plain.cast(pl.Float64, false);
  if (float.nullCount() === 0) return float.toTypedArray() as Float64Array;
  return Float64Array.from(float.toArray() as (number | null)[], (value) => value ?? NaN);
}

function series(name: string, column: StoredColumn): pl.Series {
  if (column instanceof Float64Array) return pl.Series(name, column, pl.Float64);
  if (column instanceof Float32Array) return pl.Series(name, column, pl.Float32);
  if (column instanceof Int32Array) return pl.Series(name, column, pl.Int32);
  if (column instanceof Uint8Array) return pl.Series(name, column as never, pl.UInt8);
  if (column instanceof BigInt64Array) return pl.Series(name, column, pl.Int64);
  return pl.Series(name, column as string[], pl.Utf8);
}

function storedColumn(column: pl.Series): StoredColumn {
  const kind = column.dtype.variant;
  if (kind === "String") return (column.toArray() as (string | null)[]).map((text) => text ?? "");
  if (kind === "Bool") return column.cast(pl.UInt8).toTypedArray() as Uint8Array;
  const kept = ["Float32", "Int32", "UInt8"].includes(kind) && column.nullCount() === 0;
  return kept ? column.toTypedArray() as Float32Array | Int32Array | Uint8Array : floats(column);
}
