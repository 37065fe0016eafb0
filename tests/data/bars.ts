import { type CandleColumns, type Candles, newCandles } from "../../lib/market/candles.ts";

export const hour = 36e5;
export const start = Date.UTC(2020, 0, 1);

/** Hourly bars of 2020 that close at `closes`, open where the one before closed, with volume 10; columns may be replaced. */
export function bars(closes: readonly number[], replaced: Partial<CandleColumns> = {}): Candles {
  const $close = Float64Array.from(closes);
  const $open = Float64Array.from(closes, (close, t) => closes[t - 1] ?? close);
  return newCandles({
    ...{ symbol: "BTC/USDT", step: hour, $open, $close },
    time: Float64Array.from(closes, (_, t) => start + t * hour),
    $high: Float64Array.from(closes, (close, t) => 1.1 * Math.max(close, $open[t])),
    $low: Float64Array.from(closes, (close, t) => 0.9 * Math.min(close, $open[t])),
    $volume: new Float64Array(closes.length).fill(10),
    ...replaced,
  });
}

/** Hours after the start, as times. */
export const hours = (...at: readonly number[]) => Float64Array.from(at, (n) => start + n * hour);
export const column = (...values: readonly number[]) => Float64Array.from(values);

/** A folder that goes when the scope ends. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempDir();
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
