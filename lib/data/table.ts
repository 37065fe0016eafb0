import { parseTimeframe } from "../base/time.ts";
import { type Candles, type Column, columns, newCandles } from "../market/candles.ts";
import { type ColumnRoles, findColumns } from "./column_names.ts";
import { checkPlausible } from "./plausible.ts";
import { inferStep, readTimes } from "./times.ts";

/** Bars as they stand in a table, not yet cleaned, and what a reader should know of them. */
export interface Table {
  readonly candles: Candles; // possibly unsorted, with NaN where a cell was empty
  readonly notes: readonly string[]; // `column "exchange" is not numeric and was left out`
}

/** A table's cells, column by column, whatever holds them. */
export interface Cells {
  readonly names: readonly string[];
  readonly rows: number;
  /** The column as numbers, NaN where empty or no number, and the cells that hold something else. */
  numbers(name: string): { readonly values: Float64Array; readonly unread: readonly Unread[] };
  /** The column as epochs or texts. */
  times(name: string): ArrayLike<number | string | null>;
}

/** A cell that could not be read as a number. */
export interface Unread {
  readonly row: number; // 0 is the first under the header
  readonly text: string;
}

/** What the table does not say itself. */
export interface TableOptions {
  readonly symbol?: string | undefined; // taken from `source` when left out
  readonly timeframe?: string | undefined; // the most common distance of two times when left out
}

/**
 * Makes candles of a table whose columns are found by name.
 *
 * @param source what the table is called in messages, such as its file's name
 * @throws {RangeError} if it has no rows, a column is missing, holds nothing readable, or two look swapped
 */
export function tableCandles(cells: Cells, source: string, { symbol, timeframe }: TableOptions = {}): Table {
  if (cells.rows === 0) throw new RangeError(`Cannot read ${source} as candles as it has no rows`);
  const roles = findColumns(cells.names, source);
  const notes: string[] = [];
  const { time, pick } = readTimeColumn(cells, roles.time, source, notes);
  const prices = readPrices(cells, roles, source, notes, pick);
  const extra = readExtra(cells, roles, notes, pick);
  const step = timeframe === undefined ? inferStep(time) : parseTimeframe(timeframe);
  if (Number.isNaN(step)) {
    const found = time.length === 1 ? "one bar" : "bars of one time only";
    throw new RangeError(`Cannot read ${source} as candles as at least 2 bars are needed: it has ${found}`);
  }
  const own = { symbol: symbol ?? symbolIn(source), step, time, ...prices, extra };
  if (roles.filled === undefined) return { candles: newCandles(own), notes };
  const filled = Uint8Array.from(pick(cells.numbers(roles.filled).values), (value) => (value > 0 ? 1 : 0));
  return { candles: newCandles({ ...own, filled }), notes };
}

/** `"coinbase_BTC-USD_1h.csv"` → `"BTC/USD"`; the name without its ending when no pair can be seen in it. */
export function symbolIn(source: string): string {
  const stem = source.replace(/\.[a-z]+$/i, "");
  const quote = "USDT|USDC|BUSD|FDUSD|TUSD|USD|EUR|GBP|JPY|KRW|TRY|DAI|BTC|ETH|BNB";
  const pair = stem.match(new RegExp(`(?:^|[^A-Z0-9])([A-Z0-9]{2,10}?)[-_]?(${quote})(?:$|[^A-Z0-9])`));
  return pair ? `${pair[1]}/${pair[2]}` : stem;
}

type Pick = (column: Float64Array) => Float64Array;

/** Times, and what keeps the rows of another column that have one. */
function readTimeColumn(
  cells: Cells,
  name: string,
  source: string,
  notes: string[],
): { time: Float64Array; pick: Pick } {
  const { time, units, unread } = readTimes(cells.times(name));
  if (unread.length === cells.rows) {
    throw new RangeError(
      `Cannot read ${source} as candles as column "${name}" holds no times; wanted are epochs in s, ms, µs or ns, or ` +
        `dates like 2023-01-31 or 2023-01-31T12:00Z: current value is ${JSON.stringify(cells.times(name)[0])}`,
    );
  }
  if (units.length > 1) notes.push(`times in ${units.join(" and ")} were brought to ms`);
  if (unread.length === 0) return { time, pick: (column) => column };
  notes.push(`${count(unread.length, "row")} without a readable time left out: ${rowNumbers(unread)}`);
  const kept = Uint32Array.from([...time.keys()].filter((row) => !Number.isNaN(time[row])));
  const pick: Pick = (column) => Float64Array.from(kept, (row) => column[row]);
  return { time: pick(time), pick };
}

function readPrices(cells: Cells, roles: ColumnRoles, source: string, notes: string[], pick: Pick) {
  const prices = {} as Record<Column, Float64Array>;
  for (const column of columns) {
    const name = roles.prices[column];
    const { values, unread } = cells.numbers(name);
    if (unread.length > 0 && values.every(Number.isNaN)) {
      throw new RangeError(
        `Cannot read ${source} as candles as column "${name}" must be numbers: ` +
          `current value is ${JSON.stringify(unread[0].text)} (row ${unread[0].row + 1})`,
      );
    }
    if (unread.length > 0) notes.push(unreadNote(name, unread));
    prices[column] = pick(values);
  }
  checkPlausible(prices, source);
  return prices;
}

/** Every further numeric column; one that is mostly text is left out and noted, as are further times. */
function readExtra(cells: Cells, roles: ColumnRoles, notes: string[], pick: Pick): Record<string, Float64Array> {
  const extra: Record<string, Float64Array> = {};
  for (const name of roles.others) {
    const { values, unread } = cells.numbers(name);
    const known = values.reduce((sum, value) => sum + Number(!Number.isNaN(value)), 0);
    if (unread.length > known) notes.push(`column "${name}" is not numeric and was left out`);
    else if (known === 0) notes.push(`column "${name}" is empty and was left out`);
    else extra[name] = pick(values);
    if (unread.length > 0 && unread.length <= known) notes.push(unreadNote(name, unread));
  }
  for (const name of roles.left) notes.push(`column "${name}" is a further time and was left out`);
  return extra;
}

function unreadNote(name: string, unread: readonly Unread[]): string {
  const examples = unread.slice(0, 3).map(({ row, text }) => `row ${row + 1} ${JSON.stringify(text)}`).join(", ");
  return `column "${name}" has ${count(unread.length, "cell")} that ${unread.length === 1 ? "is" : "are"} no number ` +
    `and count${unread.length === 1 ? "s" : ""} as missing: ${examples}`;
}

const rowNumbers = (rows: readonly number[]) =>
  rows.slice(0, 3).map((row) => `row ${row + 1}`).join(", ") + (rows.length > 3 ? ", …" : "");
const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? "" : "s"}`;
