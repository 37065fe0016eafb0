import { formatTimeframe, parseTimeframe } from "../base/time.ts";
import { type Candles, newCandles } from "../market/candles.ts";

/**
 * Candles of a longer timeframe: first open, highest high, lowest low, last close, summed volume, last value of each
 * extra column. Bars open on the grid of UTC (weeks on Monday), whatever the first bar's time. A bar is `filled` when
 * all of its parts are. Only bars whose span the input covers from end to end are made: a first or last part is left
 * out, so that every bar's numbers are final.
 *
 * @throws {RangeError} if `timeframe` is not a multiple of the candles' own, or no whole bar fits
 */
export function resample(candles: Candles, timeframe: string): Candles {
  const step = parseTimeframe(timeframe);
  const own = formatTimeframe(candles.step);
  if (step === candles.step) return candles;
  if (step < candles.step || step % candles.step !== 0) {
    throw new RangeError(
      `Cannot resample ${candles.symbol} from ${own} as the timeframe must be a multiple of it: current value is ${timeframe}`,
    );
  }
  const starts = groupStarts(candles, step);
  const length = starts.length - 1;
  if (length < 1) {
    throw new RangeError(
      `Cannot resample ${candles.symbol} to ${timeframe} as its ${candles.length} bars of ${own} hold no whole bar of it`,
    );
  }
  const column = () => new Float64Array(length);
  const bars = {
    time: column(),
    $open: column(),
    $high: column(),
    $low: column(),
    $close: column(),
    $volume: column(),
  };
  const filled = new Uint8Array(length);
  const extra = Object.fromEntries(Object.keys(candles.extra).map((name) => [name, column()]));
  for (let row = 0; row < length; row++) {
    const [from, to] = [starts[row], starts[row + 1]];
    bars.time[row] = slotOf(candles.time[from], step);
    bars.$open[row] = candles.$open[from];
    bars.$high[row] = candles.$high[from];
    bars.$low[row] = candles.$low[from];
    bars.$close[row] = candles.$close[to - 1];
    filled[row] = 1;
    for (let t = from; t < to; t++) {
      bars.$high[row] = Math.max(bars.$high[row], candles.$high[t]);
      bars.$low[row] = Math.min(bars.$low[row], candles.$low[t]);
      bars.$volume[row] += candles.$volume[t];
      filled[row] &= candles.filled[t];
    }
    for (const name of Object.keys(extra)) extra[name][row] = candles.extra[name][to - 1];
  }
  return newCandles({ symbol: candles.symbol, step, ...bars, filled, extra });
}

/**
 * For each bar of `low`, the latest bar of `high` that had closed when the low bar closed; −1 while there is none. A
 * higher timeframe's bar is known only once it is over: at 10:00 the hourly decision sees yesterday's daily bar, not
 * today's, which the bar's open time alone would suggest.
 *
 * @returns [T of low]
 */
export function alignAsOf(low: Candles, high: Candles): Int32Array {
  const rows = new Int32Array(low.length);
  let row = -1;
  for (let t = 0; t < low.length; t++) {
    const closed = low.time[t] + low.step;
    while (row + 1 < high.length && high.time[row + 1] + high.step <= closed) row++;
    rows[t] = row;
  }
  return rows;
}

/** A column of the higher timeframe at the bars of the lower one, by `alignAsOf`'s rows; NaN at −1. */
export function takeAsOf(column: Float64Array, rows: Int32Array): Float64Array {
  return Float64Array.from(rows, (row) => (row < 0 ? NaN : column[row]));
}

/** First bar of each group, and the end of the last; only groups that the candles cover. */
function groupStarts({ time, step: own }: Candles, step: number): number[] {
  const starts: number[] = [];
  for (let t = 0; t < time.length; t++) {
    const slot = slotOf(time[t], step);
    if (t === 0 ? time[t] === slot : slot !== slotOf(time[t - 1], step)) starts.push(t);
  }
  const last = time.length - 1;
  if (time[last] + own >= slotOf(time[last], step) + step) starts.push(time.length);
  return starts;
}

const monday = 4 * 864e5; // 1970-01-05

/** Open of the bar that holds `time`. */
function slotOf(time: number, step: number): number {
  const start = step % 6048e5 === 0 ? monday : 0;
  return start + Math.floor((time - start) / step) * step;
}
