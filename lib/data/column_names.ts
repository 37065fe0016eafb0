import { didYouMean } from "../base/suggest.ts";
import type { Column } from "../market/candles.ts";

/** What a column of a table is taken for. */
export interface ColumnRoles {
  readonly time: string; // the column that holds the bars' open times
  readonly prices: Readonly<Record<Column, string>>;
  readonly filled: string | undefined;
  readonly others: readonly string[]; // candidates for `extra`
  readonly left: readonly string[]; // further times, which are no features
}

const timeNames = [
  ...[
    "timestamp",
    "open_time",
    "opentime",
    "time",
    "datetime",
    "date_time",
    "unix",
    "unix_timestamp",
    "ts",
    "time_open",
  ],
  ...["unixtime", "epoch", "open_timestamp", "period_start", "date", "index_level_0"],
];
const closingTimes = ["close_time", "closetime", "time_close"];
const aliases: Readonly<Record<Column, readonly string[]>> = {
  $open: ["open", "o", "open_price", "price_open"],
  $high: ["high", "h", "high_price", "price_high"],
  $low: ["low", "l", "low_price", "price_low"],
  $close: ["close", "c", "close_price", "price_close"],
  $volume: ["volume", "vol", "v", "base_volume", "volume_base", "volume_traded"],
};
const quotes = new Set([
  "usd",
  "usdt",
  "usdc",
  "busd",
  "fdusd",
  "eur",
  "gbp",
  "jpy",
  "krw",
  "try",
  "dai",
  "tusd",
  "quote",
]);

/**
 * Finds the columns of candles by name: with or without `$`, in any case, under the names that exchanges, freqtrade,
 * pandas and CryptoDataDownload use. An exact `$close` wins over `close`, which is then a column of the user's own.
 *
 * @throws {RangeError} if one is missing or two are equally good, naming what is there and what is nearest
 */
export function findColumns(names: readonly string[], source: string): ColumnRoles {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new RangeError(`Cannot read ${source} as candles as it has two columns named "${twice}"`);
  }
  const plain = new Map(names.map((name) => [name, normal(name)]));
  const find = (wanted: readonly string[]) => {
    for (const alias of wanted) {
      const found = names.find((name) => plain.get(name) === alias);
      if (found !== undefined) return found;
    }
  };
  const price = (column: Column) => {
    if (names.includes(column)) return column;
    return find(aliases[column]) ?? (column === "$volume" ? baseVolume(names) : undefined);
  };
  const prices = Object.fromEntries((Object.keys(aliases) as Column[]).map((column) => [column, price(column)]));
  const time = find(timeNames) ?? (["", "index"].includes(names[0]) ? names[0] : undefined);
  const missing = Object.entries({ timestamp: time, ...prices }).filter(([, name]) => name === undefined);
  if (missing.length > 0 || time === undefined) {
    const hints = missing.map(([wanted]) => `"${wanted}"`).join(", ");
    throw new RangeError(
      `Cannot read ${source} as candles as it has no column ${hints}; wanted are timestamp, $open, $high, $low, ` +
        `$close and $volume, with or without $, in any case; ${didYouMean(missing[0][0].replace("$", ""), names)}`,
    );
  }
  const taken = new Set<string | undefined>([time, ...Object.values(prices)]);
  const filled = find(["filled", "is_filled"]);
  const left = names.filter((name) =>
    !taken.has(name) && [...timeNames, ...closingTimes].includes(plain.get(name) as string)
  );
  const others = names.filter((name) => !taken.has(name) && name !== filled && !left.includes(name));
  return { time, prices: prices as Record<Column, string>, filled, others, left };
}

/** Whether a row of cells is a header that names a close price and a volume or a time. */
export function looksLikeHeader(cells: readonly string[]): boolean {
  const names = cells.map(normal);
  return aliases.$close.some((name) => names.includes(name)) &&
    (timeNames.some((name) => names.includes(name)) || names.some((name) => name.startsWith("vol")));
}

/** `" $Open Price"` → `open_price`. */
function normal(name: string): string {
  return name.trim().toLowerCase().replace(/^\$/, "").replace(/[\s_.()\-]+/g, "_").replace(/^_|_$/g, "");
}

/** CryptoDataDownload has `Volume BTC` and `Volume USD`: the one that is not in a quote currency. */
function baseVolume(names: readonly string[]): string | undefined {
  const found = names.filter((name) => /^vol(ume)?_/.test(normal(name)) && !quotes.has(normal(name).split("_")[1]));
  return found.length === 1 ? found[0] : undefined;
}
