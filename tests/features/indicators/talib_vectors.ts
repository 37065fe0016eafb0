import type { Params } from "../../../lib/features/indicators/mod.ts";
import { type Candles, newCandles } from "../../../lib/market/candles.ts";

/** What TA-Lib says: see tests/vectors/talib.py. */
interface Stored {
  readonly origin: string;
  readonly series: Record<string, Record<"open" | "high" | "low" | "close" | "volume", (number | null)[]>>;
  readonly cases: Record<string, {
    readonly params: Record<string, Params>;
    readonly values: Record<string, Record<string, (number | null)[][]>>;
  }>;
  readonly long: Record<string, { readonly every: number; readonly values: Record<string, (number | null)[][]> }>;
}

/** One indicator with one set of parameters on one series. */
export interface Vector {
  readonly label: string;
  readonly name: string;
  readonly params: Params;
  readonly candles: Candles;
  /** One a output, NaN where it has none. [T] each */
  readonly expected: readonly Float64Array[];
}

const packed = await Deno.open(new URL("../../vectors/talib.json.gz", import.meta.url));
const stored: Stored = await new Response(packed.readable.pipeThrough(new DecompressionStream("gzip"))).json();

const numbers = (values: readonly (number | null)[]) => Float64Array.from(values, (value) => value ?? NaN);

/** Real and nasty candles, by name. */
export const talibSeries: Readonly<Record<string, Candles>> = Object.fromEntries(
  Object.entries(stored.series).map(([symbol, { open, high, low, close, volume }]) => [
    symbol,
    newCandles({
      symbol,
      step: 60_000,
      time: Float64Array.from(open, (_, t) => 60_000 * t),
      ...{ $open: numbers(open), $high: numbers(high), $low: numbers(low), $close: numbers(close) },
      $volume: numbers(volume),
    }),
  ]),
);

/** TA-Lib's numbers, 12 digits of them: every indicator with every set of parameters on every series. */
export const talibVectors: readonly Vector[] = Object.entries(stored.cases).flatMap(([kind, { params, values }]) =>
  Object.entries(values).flatMap(([symbol, byName]) =>
    Object.entries(byName).map(([name, expected]) => ({
      label: `${name}, ${kind} parameters, ${symbol}`,
      name,
      params: params[name],
      candles: talibSeries[symbol],
      expected: expected.map(numbers),
    }))
  )
);

/** TA-Lib's numbers at every nth bar of whole samples, at the defaults. */
export const talibLong = Object.entries(stored.long).map(([sample, { every, values }]) => ({
  sample,
  every,
  expected: Object.fromEntries(Object.entries(values).map(([name, columns]) => [name, columns.map(numbers)])),
}));

/** "TA-Lib 0.8.1" */
export const talibVersion = stored.origin;

/**
 * The largest error of an indicator's outputs relative to TA-Lib's value, Infinity where one has a value and the other
 * has none. An error near zero is taken relative to a thousandth of the output's largest value on that series, as there
 * the digits of both are those of a difference.
 */
export function largestError(actual: readonly Float64Array[], expected: readonly Float64Array[]): number {
  let worst = 0;
  for (const [k, wanted] of expected.entries()) {
    const floor = 1e-3 * wanted.reduce((most, x) => Math.max(most, Math.abs(x) || 0), 0);
    for (const [t, x] of wanted.entries()) {
      const found = actual[k][t];
      if (found === x || (Number.isNaN(found) && Number.isNaN(x))) continue;
      const error = Math.abs(found - x) / Math.max(Math.abs(x), floor);
      worst = error <= worst ? worst : Number.isNaN(error) ? Infinity : error;
    }
  }
  return worst;
}
