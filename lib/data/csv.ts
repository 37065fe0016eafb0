import { looksLikeHeader } from "./column_names.ts";

/** How a CSV file is laid out, told from its first lines. */
export interface CsvLayout {
  readonly separator: string;
  readonly skip: number; // lines before the header
  readonly names: readonly string[];
  readonly header: boolean; // false: `names` are the columns in the order that exchanges use
}

const ordered = ["timestamp", "open", "high", "low", "close", "volume"];
const binance = [
  ...ordered,
  ...["close_time", "quote_volume", "trades", "taker_buy_volume", "taker_buy_quote_volume", "ignore"],
];

/**
 * Tells separator, header and lines before the header (CryptoDataDownload writes its address there) from the start of
 * a file. A file without a header is taken when it has 6 numeric columns (ccxt's order) or 12 (Binance's dumps).
 */
export function sniffCsv(start: string): CsvLayout {
  const lines = start.replace(/^\ufeff/, "").split(/\r?\n/);
  const separator = [",", ";", "\t", "|"].map((sign) => ({ sign, count: cells(lines, sign) }))
    .reduce((best, next) => (next.count > best.count ? next : best)).sign;
  const split = (line: string) => line.split(separator).map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"));
  const at = lines.slice(0, 10).findIndex((line) => looksLikeHeader(split(line)));
  if (at >= 0) return { separator, skip: at, names: split(lines[at]), header: true };
  const first = split(lines[0]);
  const numeric = first.every((cell) => cell !== "" && !Number.isNaN(Number(cell)));
  const names = numeric && first.length === 6 ? ordered : numeric && first.length === 12 ? binance : undefined;
  return { separator, skip: 0, names: names ?? first, header: names === undefined };
}

const cells = (lines: readonly string[], sign: string) =>
  Math.max(...lines.slice(0, 10).map((line) => line.split(sign).length));
