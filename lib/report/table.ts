import { type Displayable, displayed } from "../base/display.ts";
import { escapeHtml } from "../base/progress.ts";
import { didYouMean } from "../base/suggest.ts";
import { date, digitsFor, duration, number } from "./format.ts";
import { theme } from "./theme.ts";

/** What a cell may hold. Times are ms UTC in a column whose unit is `"date"`. */
export type Cell = number | bigint | string | boolean | Date | null | undefined;

/** How a column is shown; only `key` is needed. */
export interface Column<Key extends string = string> {
  readonly key: Key;
  readonly label?: string; // without it made of the key: `entryTime` → "Entry time"
  /** `%` (of shares), `date` and `duration` (of ms), a currency, or any unit written into the heading. */
  readonly unit?: string;
  /** Decimals; without it by the column's largest value, the same in all rows; `each` by every value of its own. */
  readonly digits?: number | "each";
  readonly align?: "left" | "right";
  readonly sign?: boolean; // a plus before positive numbers
}

/** How a table is shown. */
export interface TableOptions<Key extends string = string> {
  readonly columns?: readonly (Key | Column<Key>)[]; // all keys of the first row without it
  readonly units?: Readonly<Partial<Record<Key, string>>>;
  readonly align?: Readonly<Partial<Record<Key, "left" | "right">>>;
  readonly labels?: Readonly<Partial<Record<Key, string>>>;
  readonly sort?: Key | `-${Key}`; // with a minus the largest first
  readonly caption?: string;
  readonly limit?: number; // rows shown, the first; default 20
}

/** A row: any record of cells. */
export type Row<Key extends string = string> = { readonly [K in Key]?: Cell };

/** A table that shows itself: sortable in the report, aligned text in a terminal. */
export interface Table extends Displayable {
  readonly html: string;
  readonly text: string;
}

/**
 * Rows as a table with right-aligned numbers of equal decimals, a real minus and red where money or a return is
 * negative, human dates, and what was left out said under it.
 *
 * @throws {RangeError} if a column or the sort key is in no row
 */
export function table<R extends object>(
  rows: readonly R[],
  options: TableOptions<keyof R & string> = {},
): Table {
  const shown = prepare(rows, options);
  const content = { html: tableHtml(shown), text: tableText(shown) };
  return displayed(content, () => ({ "text/html": content.html, "text/plain": content.text })) as Table;
}

/** The same as text for a terminal: columns aligned, a rule under the heading, no colour. */
export function formatTable<R extends object>(
  rows: readonly R[],
  options: TableOptions<keyof R & string> = {},
): string {
  return tableText(prepare(rows, options));
}

/** A small table of names and values: `keyValues({ Bars: 20111, Fee: "10 bps" })`. */
export function keyValues(values: Readonly<Record<string, Cell>>, { units = {}, caption }: {
  readonly units?: Readonly<Record<string, string>>;
  readonly caption?: string;
} = {}): Table {
  const cells = Object.entries(values).map(([name, value]) => {
    const { kind, cells: [cell] } = prepareColumn({ key: name, unit: units[name] ?? "" }, [value]);
    const unit = kind === "percent" ? "%" : kind === "plain" || kind === "money" ? units[name] : undefined;
    return { name, shown: { ...cell, text: unit && cell.text !== "–" ? `${cell.text}\u00a0${unit}` : cell.text } };
  });
  const body = cells.map(({ name, shown }) =>
    `<tr><th scope="row">${escapeHtml(name)}</th>${cellHtml(shown, "right")}</tr>`
  ).join("");
  const html = `<div class="table-scroll"><table class="table pairs">${
    captionHtml(caption)
  }<tbody>${body}</tbody></table></div>`;
  const width = Math.max(0, ...cells.map(({ name }) => name.length));
  const lines = cells.map(({ name, shown }) => `${name.padEnd(width)}  ${terminal(shown.text)}`);
  const content = { html, text: [...(caption ? [caption] : []), ...lines].join("\n") };
  return displayed(content, () => ({ "text/html": content.html, "text/plain": content.text })) as Table;
}

/** Tables beside each other where there is room. */
export function besideEachOther(tables: readonly Table[]): Table {
  const content = {
    html: `<div class="table-groups">${tables.map(({ html }) => html).join("")}</div>`,
    text: tables.map(({ text }) => text).join("\n\n"),
  };
  return displayed(content, () => ({ "text/html": content.html, "text/plain": content.text })) as Table;
}

/** Style of tables; goes after `themeCss()`. The page's script sorts by `data-sort`, or by text without it. */
export function tableCss(): string {
  return `.table-scroll{overflow-x:auto;margin:1.25rem 0;max-width:100%;background:linear-gradient(to left,var(--paper) 40%,transparent) right/48px calc(100% + 4px) no-repeat local,linear-gradient(to left,color-mix(in srgb,var(--ink) 22%,transparent),transparent) right/14px calc(100% - 4px) no-repeat scroll}
.table{border-collapse:collapse;font-size:.85rem;line-height:1.35;font-variant-numeric:tabular-nums;color:var(--ink)}
.table caption{text-align:left;font-weight:600;padding:0 0 .4rem}
.table th,.table td{padding:.32rem .8rem;border-bottom:1px solid var(--grid);text-align:right;white-space:nowrap;font-weight:400}
.table caption span{display:block;position:sticky;left:0;width:fit-content;max-width:calc(100vw - 32px)}
.table .left{text-align:left}
.table .long{white-space:normal;overflow-wrap:anywhere;min-width:min(20em,50vw)}
.table thead th{white-space:normal;color:var(--muted);border-bottom:1.5px solid var(--muted);vertical-align:bottom}
.table th:first-child,.table td:first-child{padding-left:0}
.table th[scope=row]{text-align:left}
.table tbody tr:hover{background:var(--panel)}
.table .negative{color:var(--loss)!important}
.table tfoot td{color:var(--muted);text-align:left;border-bottom:0}
.table.pairs .long{min-width:0}
.table.pairs th{color:var(--muted);padding-right:1.5rem;overflow-wrap:anywhere}
.table-groups{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,300px),1fr));gap:.4rem 2.5rem;align-items:start;margin:1.25rem 0}
.table-groups .table-scroll{margin:.4rem 0}
.table-groups .table{width:100%}
@media screen and (max-width:700px){.table th,.table td{padding-left:.5rem;padding-right:.5rem}.table.pairs th,.table.pairs td{white-space:normal}.table.pairs td{overflow-wrap:anywhere}.table.pairs th{padding-right:.8rem}
.table:not(.pairs):not(.plain) tr>:first-child{position:sticky;left:0;background:var(--paper);z-index:1}.table:not(.pairs):not(.plain) tr>:first-child:not(.long):not(.date){max-width:40vw;white-space:normal;overflow-wrap:break-word}}
`;
}

type Kind = "text" | "plain" | "percent" | "money" | "date" | "duration";

interface ShownCell {
  readonly text: string;
  readonly sort: string; // empty: by the text
  readonly negative: boolean;
}

interface ShownColumn {
  readonly label: string;
  readonly kind: Kind;
  readonly align: "left" | "right";
  readonly cells: readonly ShownCell[];
}

interface Shown {
  readonly columns: readonly ShownColumn[];
  readonly rows: number; // shown
  readonly total: number;
  readonly caption: string | undefined;
}

function prepare<R extends object>(rows: readonly R[], options: TableOptions<keyof R & string>): Shown {
  const { units = {}, align = {}, labels = {}, sort, caption, limit = 20 } = options;
  const known = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const columns = (options.columns ?? known as (keyof R & string)[]).map((
    one,
  ) => (typeof one === "string" ? { key: one } : one)) as Column[];
  for (const { key } of rows.length > 0 ? columns : []) {
    if (!known.includes(key)) {
      throw new RangeError(`Cannot show the column "${key}" as no row has it: ${didYouMean(key, known)}`);
    }
  }
  const sorted = sort === undefined ? rows : sortRows(rows, sort, known);
  const some = sorted.slice(0, Math.max(0, limit)) as readonly Row[];
  return {
    columns: columns.map((column) => {
      const unit = column.unit ?? (units as Row)[column.key] as string | undefined;
      const side = column.align ?? (align as Row)[column.key] as "left" | "right" | undefined;
      const label = column.label ?? (labels as Row)[column.key] as string | undefined;
      const full = {
        ...column,
        ...(unit !== undefined && { unit }),
        ...(side && { align: side }),
        ...(label !== undefined && { label }),
      };
      return prepareColumn(full, some.map((row) => row[column.key]));
    }),
    rows: some.length,
    total: rows.length,
    caption,
  };
}

function sortRows<R extends object>(rows: readonly R[], sort: string, known: readonly string[]): readonly R[] {
  const key = sort.startsWith("-") && !known.includes(sort) ? sort.slice(1) : sort;
  if (rows.length > 0 && !known.includes(key)) {
    throw new RangeError(`Cannot sort by "${key}" as no row has it: ${didYouMean(key, known)}`);
  }
  const direction = key === sort ? 1 : -1;
  const missing = (value: Cell) => value === null || value === undefined || Number.isNaN(value);
  return rows.toSorted((a, b) => {
    const [x, y] = [(a as Row)[key], (b as Row)[key]];
    if (missing(x) || missing(y)) return Number(missing(x)) - Number(missing(y)); // last in both directions
    return direction *
      (typeof x === "string" || typeof y === "string"
        ? String(x).localeCompare(String(y), "en")
        : Number(x) - Number(y));
  });
}

function prepareColumn(column: Column, values: readonly Cell[]): ShownColumn {
  const { key, unit, sign = false } = column;
  const numbers = values.filter((value): value is number => typeof value === "number" && Number.isFinite(value));
  const numeric = values.some((value) => typeof value === "number" || typeof value === "bigint");
  const kind: Kind = values.some((value) => value instanceof Date) || unit === "date"
    ? "date"
    : unit === "%"
    ? "percent"
    : unit === "duration"
    ? "duration"
    : !numeric
    ? "text"
    : unit !== undefined && /^[A-Z]{3,5}$/.test(unit)
    ? "money"
    : "plain";
  const clock = kind === "date" && values.some((value) => Number(value) % 864e5 !== 0 && value !== null);
  const digits = column.digits ??
    columnDigits(kind === "percent" ? numbers.map((share) => 100 * share) : numbers, kind);
  const label = (column.label ?? heading(key)) +
    (unit && (kind === "money" || kind === "plain") ? `, ${unit}` : kind === "percent" ? ", %" : "");
  return {
    label,
    kind,
    align: column.align ?? (kind === "text" || kind === "date" ? "left" : "right"),
    cells: values.map((value) => showCell(value, kind, digits, sign, clock, numbers.every(Number.isInteger))),
  };
}

function showCell(
  value: Cell,
  kind: Kind,
  places: number | "each",
  sign: boolean,
  clock: boolean, // the column has times of day, so midnight is written out too
  whole: boolean, // all of the column's numbers are whole, so none has decimals
): ShownCell {
  if (value === null || value === undefined || Number.isNaN(value)) {
    return { text: "–", sort: "", negative: false }; // sorts last in both directions
  }
  if (typeof value === "boolean") return { text: value ? "yes" : "no", sort: "", negative: false };
  if (typeof value === "string") return { text: value, sort: "", negative: false };
  const plain = Number(value);
  const shown = kind === "percent" ? 100 * plain : plain;
  const digits = places === "each" ? columnDigits([shown], kind, whole) : places;
  const negative = plain < 0 && (kind === "percent" || kind === "money");
  const text = {
    text: () => String(value),
    plain: () => number(shown, { digits, sign }),
    percent: () => number(shown, { digits, sign }),
    money: () => number(shown, { digits, sign }),
    date: () => date(plain) + (clock && plain % 864e5 === 0 ? " 00:00" : ""),
    duration: () => duration(plain),
  }[kind]();
  return { text, sort: String(plain), negative: negative && /[1-9∞]/.test(text) };
}

/** Decimals for all of a column: what its largest value needs, money in cents below 10,000. */
function columnDigits(numbers: readonly number[], kind: Kind, whole = numbers.every(Number.isInteger)): number {
  if (numbers.length === 0) return 0;
  const largest = Math.max(...numbers.map(Math.abs));
  if (kind === "money") return largest >= 10_000 ? 0 : largest >= 1 ? 2 : digitsFor(largest);
  if (kind === "percent") return largest >= 1000 ? 0 : largest >= 1 ? 1 : 2;
  if (whole) return 0;
  return largest >= 1 ? (largest >= 1000 ? 0 : largest >= 100 ? 1 : 2) : Math.max(2, digitsFor(largest) - 1);
}

/** `entryTime` → `Entry time`, `max_drawdown` → `Max drawdown`; a name that begins with a sign stays. */
function heading(key: string): string {
  if (!/^[a-z]/i.test(key)) return key;
  const words = key.replace(/_/g, " ").replace(/([a-z\d])([A-Z])(?=[a-z])/g, (_all, a, b) => `${a} ${b.toLowerCase()}`);
  return words[0].toUpperCase() + words.slice(1);
}

function tableHtml({ columns, rows, total, caption }: Shown): string {
  const head = columns.map(({ label, kind, align }) =>
    `<th scope="col" data-type="${kind === "text" ? "text" : "number"}"${
      align === "left" ? ' class="left" style="text-align:left"' : ""
    }>${escapeHtml(label)}</th>`
  );
  const body = Array.from(
    { length: rows },
    (_, i) => `<tr>${columns.map(({ cells, align, kind }) => cellHtml(cells[i], align, kind)).join("")}</tr>`,
  );
  const foot = rows < total || total === 0
    ? `<tfoot><tr><td colspan="${Math.max(1, columns.length)}">${countText(rows, total)}</td></tr></tfoot>`
    : "";
  return `<div class="table-scroll"><table class="table" data-rows="${total}">${captionHtml(caption)}<thead><tr>${
    head.join("")
  }</tr></thead><tbody>${body.join("\n")}</tbody>${foot}</table></div>`;
}

function cellHtml({ text, sort, negative }: ShownCell, align: "left" | "right", kind?: Kind): string {
  const names = [
    align === "left" && "left",
    kind === "date" && "date",
    text.length > LONG && "long",
    negative && "negative",
  ].filter(Boolean).join(
    " ",
  );
  // For JupyterLab, which has no style sheet of ours and strips var(); the page's own rule is the stronger.
  const rules = [align === "left" && "text-align:left", negative && `color:${theme.light.loss}`].filter(Boolean).join(
    ";",
  );
  const style = rules && ` style="${rules}"`;
  return `<td${names && ` class="${names}"`}${sort && ` data-sort="${escapeHtml(sort)}"`}${style}>${
    escapeHtml(text)
  }</td>`;
}

/** Texts longer than this fold in the page. */
const LONG = 32;

function captionHtml(caption: string | undefined): string {
  return caption ? `<caption><span>${escapeHtml(caption)}</span></caption>` : "";
}

function tableText({ columns, rows, total, caption }: Shown): string {
  const widths = columns.map(({ label, cells }) => Math.max(label.length, ...cells.map(({ text }) => text.length)));
  const line = (texts: readonly string[]) =>
    texts.map((text, i) => (columns[i].align === "left" ? text.padEnd(widths[i]) : text.padStart(widths[i]))).join("  ")
      .trimEnd();
  return [
    ...(caption ? [caption] : []),
    line(columns.map(({ label }) => label)),
    widths.map((width) => "─".repeat(width)).join("  "),
    ...Array.from({ length: rows }, (_, i) => line(columns.map(({ cells }) => terminal(cells[i].text)))),
    ...(rows < total || total === 0 ? [countText(rows, total)] : []),
  ].join("\n");
}

/** A terminal's own spaces, so that what is copied or searched there matches. */
function terminal(text: string): string {
  return text.replaceAll("\u00a0", " ");
}

function countText(rows: number, total: number): string {
  return total === 0 ? "no rows" : `the first ${number(rows)} of ${number(total)} rows`;
}
