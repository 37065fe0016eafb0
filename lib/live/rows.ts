import type { NewBar } from "../market/growing.ts";
import { isBar } from "../market/growing.ts";
import type { Bar } from "../data/stream.ts";

/** The bars of all assets that opened at one time. */
export interface Row {
  readonly time: number; // open, ms UTC
  readonly bars: readonly NewBar[]; // [K]
  /** When the last of them came in, `performance.now()`, ms. */
  readonly received: number;
}

/** The last row that there is already. */
export interface Known {
  readonly time: number; // open, ms UTC
  readonly closes: readonly number[]; // [K]
}

/** Bars that may be missing in a row before a time is taken for wrong. */
const LONGEST_GAP = 1e5;

/** Puts the bars of K assets together. */
export interface Rows {
  /**
   * Takes a bar as a stream gives it.
   *
   * @returns rows that are complete by it, oldest first; mostly none or one
   */
  add(symbol: string, bar: Bar, received: number): Row[];
  /** The next row was taken otherwise: bars of its time that are there or still to come are left out. */
  skip(): void;
  /** What was wrong with the stream so far: bars that came twice or late, had numbers that are none, were missing. */
  readonly faults: { readonly late: number; readonly damaged: number; readonly missing: number };
}

/**
 * A row is complete once every asset has its bar. It begins with the first time that all have a bar of. A bar that is
 * none (NaN, low above high) and one that the stream left out are made of the close before, without volume and marked
 * `filled`, as the gap policy of cleaning has it; one that is not newer than the last is left out. All are counted.
 *
 * @param known the last row of before: rows go on after it
 */
export function openRows(symbols: readonly string[], step: number, known?: Known): Rows {
  const after = known?.time ?? -Infinity;
  const K = symbols.length;
  const waiting: { readonly bar: NewBar; readonly time: number; readonly received: number }[][] = symbols.map(() => []);
  const last = new Float64Array(K).fill(after);
  const close = Float64Array.from(known?.closes ?? symbols.map(() => NaN));
  const faults = { late: 0, damaged: 0, missing: 0 };
  let next = Number.isFinite(after) ? after + step : NaN; // time of the next row

  const put = (k: number, time: number, bar: NewBar, received: number) => {
    waiting[k].push({ time, bar, received });
    last[k] = time;
    close[k] = bar.close;
  };
  const stand = (k: number): NewBar => {
    const price = close[k];
    return { open: price, high: price, low: price, close: price, volume: 0, filled: true };
  };
  const complete = (): Row[] => {
    const rows: Row[] = [];
    while (waiting.every((one) => one.length > 0)) {
      if (Number.isNaN(next)) next = Math.max(...waiting.map(([first]) => first.time));
      for (const one of waiting) while (one.length > 0 && one[0].time < next) one.shift();
      if (!waiting.every((one) => one.length > 0)) break;
      const row = waiting.map((one) => one.shift()!);
      rows.push({ time: next, bars: row.map(({ bar }) => bar), received: Math.max(...row.map((one) => one.received)) });
      next += step;
    }
    return rows;
  };
  return {
    faults,
    skip: () => void (next += step),
    add(symbol, bar, received) {
      const k = symbols.indexOf(symbol);
      if (k < 0) return [];
      const { time } = bar;
      if (!(time > last[k]) || !Number.isInteger(time)) {
        faults.late++;
        return [];
      }
      const off = last[k] > -Infinity && ((time - last[k]) % step !== 0 || time - last[k] > LONGEST_GAP * step);
      const sound = isBar(bar) && !off;
      if (!sound) faults.damaged++;
      if (off) return [];
      if (Number.isNaN(close[k])) {
        if (sound) put(k, time, bar, received);
        return complete();
      }
      for (let at = last[k] + step; at < time; at += step) {
        faults.missing++;
        put(k, at, stand(k), received);
      }
      put(k, time, sound ? bar : stand(k), received);
      return complete();
    },
  };
}
