import type { TimeRange } from "../base/time.ts";
import { type Candles, columns, firstBarAt, newCandles, slice } from "../market/candles.ts";

/** Raw bars of nothing. */
export function noBars(symbol: string, step: number): Candles {
  const column = () => new Float64Array(0);
  const prices = { $open: column(), $high: column(), $low: column(), $close: column(), $volume: column() };
  return newCandles({ symbol, step, time: column(), ...prices });
}

/** The month (UTC) that bars fall in, `"2023-01"`, with its bars. `bars` are in order of time. */
export function byMonth(bars: Candles): Map<string, Candles> {
  const parts = new Map<string, Candles>();
  for (let from = 0; from < bars.length;) {
    const month = new Date(bars.time[from]).toISOString().slice(0, 7);
    const to = firstBarAt(bars, monthSpan(month).to);
    parts.set(month, slice(bars, from, to));
    from = to;
  }
  return parts;
}

/** First moment of a month and of the next, ms UTC. */
export function monthSpan(month: string): TimeRange {
  const [year, number] = month.split("-").map(Number);
  return { from: Date.UTC(year, number - 1), to: Date.UTC(year, number) };
}

/** The bars of both in order of time; where both have one, that of `newer`. */
export function merge(older: Candles, newer: Candles): Candles {
  const taken: { source: Candles; row: number }[] = [];
  for (let a = 0, b = 0; a < older.length || b < newer.length;) {
    const [left, right] = [older.time[a] ?? Infinity, newer.time[b] ?? Infinity];
    taken.push(left < right ? { source: older, row: a } : { source: newer, row: b });
    if (left <= right) a++;
    if (right <= left) b++;
  }
  const column = (name: "time" | (typeof columns)[number]) =>
    Float64Array.from(taken, ({ source, row }) => source[name][row]);
  const prices = Object.fromEntries(columns.map((name) => [name, column(name)])) as Record<
    typeof columns[number],
    Float64Array
  >;
  return newCandles({ symbol: newer.symbol, step: newer.step, time: column("time"), ...prices });
}

/** Parts that follow each other as one, cut to `range`. */
export function joined(symbol: string, step: number, parts: readonly Candles[], range: TimeRange): Candles {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const column = (name: "time" | (typeof columns)[number]) => {
    const whole = new Float64Array(length);
    let at = 0;
    for (const part of parts) {
      whole.set(part[name], at);
      at += part.length;
    }
    return whole;
  };
  const prices = Object.fromEntries(columns.map((name) => [name, column(name)])) as Record<
    typeof columns[number],
    Float64Array
  >;
  const all = newCandles({ symbol, step, time: column("time"), ...prices });
  return slice(all, firstBarAt(all, range.from), firstBarAt(all, range.to));
}
