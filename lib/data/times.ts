import { parseDate } from "../base/time.ts";

/** Times of a table as ms since 1970 UTC; NaN where a cell could not be read. */
export interface ReadTimes {
  readonly time: Float64Array;
  readonly units: readonly string[]; // what the cells held: "s", "ms", "µs", "ns", "ISO"
  readonly unread: readonly number[]; // rows
}

/**
 * Reads epochs in s, ms, µs or ns (told apart by size, value by value, as Binance's own files change from ms to µs)
 * and dates as `parseDate` knows them. Epochs must lie after March 1973: smaller numbers are no times of candles.
 */
export function readTimes(cells: ArrayLike<number | string | null>): ReadTimes {
  const time = new Float64Array(cells.length).fill(NaN);
  const units = new Set<string>();
  const unread: number[] = [];
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i];
    const epoch = typeof cell === "number"
      ? cell
      : cell !== null && /^\s*\d+(\.\d+)?\s*$/.test(cell)
      ? Number(cell)
      : NaN;
    const compact = typeof cell === "string" && /^\s*(19|20)\d{6}\s*$/.test(cell); // 20230131
    const unit = compact || Number.isNaN(epoch) ? undefined : unitOf(epoch);
    if (unit) time[i] = Math.round(epoch / perMs[unit]);
    else if (typeof cell === "string") time[i] = date(cell.trim());
    if (Number.isNaN(time[i])) unread.push(i);
    else units.add(unit ?? "ISO");
  }
  return { time, units: [...units], unread };
}

const perMs = { s: 1e-3, ms: 1, "µs": 1e3, ns: 1e6 };

function unitOf(epoch: number): keyof typeof perMs | undefined {
  if (epoch < 1e8) return undefined;
  return epoch < 1e11 ? "s" : epoch < 1e14 ? "ms" : epoch < 1e17 ? "µs" : epoch < 1e20 ? "ns" : undefined;
}

function date(text: string): number {
  const hour = text.match(/^(\d{4}-\d\d-\d\d) (\d\d)-([AP])M$/); // CryptoDataDownload's older files
  if (hour) return parseDate(hour[1]) + (Number(hour[2]) % 12 + (hour[3] === "P" ? 12 : 0)) * 36e5;
  try {
    return parseDate(text.replace(/ (UTC|GMT)$/i, "Z"));
  } catch (error) {
    if (error instanceof RangeError) return NaN; // counted by the caller
    throw error;
  }
}

/**
 * The most common distance of neighbouring times once they are sorted, ms; the shorter of two equally common ones.
 * NaN when there are not two different times.
 */
export function inferStep(time: Float64Array): number {
  const sorted = time.filter(Number.isFinite).sort();
  const counts = new Map<number, number>();
  for (let i = 1; i < sorted.length; i++) {
    const distance = sorted[i] - sorted[i - 1];
    if (distance > 0) counts.set(distance, (counts.get(distance) ?? 0) + 1);
  }
  let [best, most] = [NaN, 0];
  for (const [distance, count] of counts) {
    if (count > most || (count === most && distance < best)) [best, most] = [distance, count];
  }
  return best;
}
