import { type Column, columns } from "../market/candles.ts";

const pricesOnly = columns.filter((name) => name !== "$volume");

/**
 * Refuses columns that can't be what they are called: bars whose open and close mostly lie outside low..high, or a
 * price and the volume exchanged. Says which two columns look swapped, if two do.
 *
 * @throws {RangeError} if they look swapped or inconsistent
 */
export function checkPlausible(bars: Readonly<Record<Column, Float64Array>>, source: string): void {
  const share = consistent(bars);
  const swapped = pricesOnly.find((name) => {
    const other = { ...bars, [name]: bars.$volume, $volume: bars[name] };
    return spread(other) * 3 < spread(bars) && consistent(other) >= Math.max(0.9, share);
  });
  if (swapped) {
    throw new RangeError(
      `Cannot read ${source} as candles as its columns ${swapped} and $volume look swapped: ` +
        `in the first bar ${swapped} is ${bars[swapped][0]} and $volume is ${bars.$volume[0]}`,
    );
  }
  if (share < 0.5) {
    throw new RangeError(
      `Cannot read ${source} as candles as open and close lie between low and high in only ` +
        `${Math.round(100 * share)} % of the bars: are the columns named rightly?`,
    );
  }
}

/** Share of the bars with known prices in which low ≤ open, close ≤ high; 1 when there are none. */
function consistent({ $open, $high, $low, $close }: Readonly<Record<Column, Float64Array>>): number {
  let [good, known] = [0, 0];
  for (let t = 0; t < $open.length; t++) {
    if (!($open[t] > 0 && $high[t] > 0 && $low[t] > 0 && $close[t] > 0)) continue;
    known++;
    const slack = 1e-9 * $high[t];
    const [top, bottom] = [Math.max($open[t], $close[t]), Math.min($open[t], $close[t])];
    if (top <= $high[t] + slack && bottom >= $low[t] - slack) good++;
  }
  return known === 0 ? 1 : good / known;
}

/** Median ratio of a bar's largest price to its smallest: near 1 for real bars, huge when a volume is among them. */
function spread(bars: Readonly<Record<Column, Float64Array>>): number {
  const stride = Math.ceil(bars.$open.length / 2000); // a sample is enough, and quick on long files
  const ratios: number[] = [];
  for (let t = 0; t < bars.$open.length; t += stride) {
    const prices = pricesOnly.map((name) => bars[name][t]);
    ratios.push(prices.every((price) => price > 0) ? Math.max(...prices) / Math.min(...prices) : Infinity);
  }
  return ratios.sort((a, b) => a - b)[ratios.length >> 1] ?? 1;
}
