import * as Plot from "@observablehq/plot";
import { type Figure, figure } from "../figure.ts";
import { between, date, number, percent } from "../format.ts";
import { stackSvg } from "../svg.ts";
import { color } from "../theme.ts";
import { extent, isNarrow, padded, panel, wantsLog, withHover } from "./frame.ts";
import { checkLengths, type OwnText, type Period } from "./inputs.ts";
import { stretches, thin } from "./thin.ts";

/** Bars of one symbol. */
export interface PriceAndVolumeInput {
  readonly symbol: string; // "BTC/USD"
  readonly time: ArrayLike<number>; // [T] ms UTC
  readonly high: ArrayLike<number>; // [T] quote currency per base unit
  readonly low: ArrayLike<number>;
  readonly close: ArrayLike<number>;
  readonly volume: ArrayLike<number>; // [T] base units
  readonly periods?: readonly Period[];
}

/** Price (log over a long span) and, under it on the same time axis, the volume traded a day or in each stretch. */
export function priceAndVolume(input: PriceAndVolumeInput, text: OwnText = {}): Figure {
  const { symbol, time, high, low, close, volume, periods = [] } = input;
  checkLengths("price and volume", time.length, [{ name: "close", values: close }, { name: "volume", values: volume }]);
  const [base, quote = "price"] = symbol.split("/");
  const domain = [time[0], time[time.length - 1]] as const;
  const whole = extent(low, high);
  const range = rangeOf(low, high, close);
  const kind = wantsLog(range) ? "log" : "linear";
  const draw = (width: number) => {
    const narrow = isNarrow(width);
    const right = narrow ? 10 : 14;
    const { bars, length } = volumeBars(time, volume, width);
    const upper = panel({
      width,
      height: narrow ? 230 : 320,
      x: { domain, kind: "time" },
      y: { domain: padded(range, 0.06, kind), kind, label: `${quote}${kind === "log" ? " (log)" : ""}` },
      marks: closeInRange(time, high, low, close, width),
      periods,
      xLabels: false,
      right,
    });
    const lower = panel({
      width,
      height: narrow ? 120 : 140,
      x: { domain, kind: "time" },
      y: {
        domain: [0, Math.max(1e-12, ...bars.map((bar) => bar.volume)) * 1.05],
        label: `${base} traded ${perText(length)}`,
      },
      marks: [Plot.rect(bars, { x1: "from", x2: "to", y1: 0, y2: "volume", fill: color("muted"), insetRight: 0.4 })],
      periods,
      periodNames: false,
      zero: 0,
      right,
    });
    const bands = stretches(time.length, 120).map(({ from, to }) => ({
      from: time[from],
      to: time[Math.min(to, time.length - 1)],
      title: `${date(time[from])}\nclose ${number(close[to - 1])} ${quote}\nvolume ${
        number(sum(volume, from, to))
      } ${base}`,
    }));
    return withHover(stackSvg([upper, lower]), bands, { width, height: 402, top: 24, right, domain });
  };
  const change = percent(close[close.length - 1] / close[0] - 1, { sign: true });
  return figure(draw, {
    title: `${symbol}: price and volume, ${between(...domain)}`,
    ...(range[0] > whole[0] || range[1] < whole[1]
      ? {
        caption: `Lows and highs reach from ${number(whole[0])} to ${number(whole[1])} ${quote}, ` +
          "beyond the axis: a few trades far off the closes, real or not.",
      }
      : {}),
    alt: `Price and volume of ${symbol}: from ${number(whole[0])} to ${
      number(whole[1])
    } ${quote}, ${change} over the span.`,
    wide: true,
    ...text,
  });
}

/**
 * Lowest low and highest high, but no farther beyond the closes than the closes span, and than twice their price: one
 * bad print must not flatten the chart.
 */
export function rangeOf(low: ArrayLike<number>, high: ArrayLike<number>, close: ArrayLike<number>): [number, number] {
  const [least, most] = extent(low, high);
  const [bottom, top] = extent(close);
  if (!(least > 0) || !(bottom > 0)) return [least, most];
  const reach = Math.max(1.2, Math.min(2, top / bottom));
  return [Math.max(least, bottom / reach), Math.min(most, top * reach)];
}

/** The close as a line in the range between each stretch's lowest low and highest high. */
export function closeInRange(
  time: ArrayLike<number>,
  high: ArrayLike<number>,
  low: ArrayLike<number>,
  close: ArrayLike<number>,
  width: number,
): Plot.Markish[] {
  const ranges = stretches(time.length, width / 2.5).map(({ from, to }) => {
    let [least, most] = [Infinity, -Infinity];
    for (let t = from; t < to; t++) [least, most] = [Math.min(least, low[t]), Math.max(most, high[t])];
    return { at: time[(from + to) >> 1], least, most };
  });
  const line = thin(time, close, width * 1.2);
  return [
    Plot.areaY(ranges, { x: "at", y1: "least", y2: "most", fill: color("muted"), fillOpacity: 0.25, clip: true }),
    Plot.line(line.at, { x: line.at, y: line.values, stroke: color("ink"), strokeWidth: 1, strokeLinejoin: "round" }),
  ];
}

/** Volume in stretches of a round length, at most about 150 on a desk and 70 on a phone. */
function volumeBars(
  time: ArrayLike<number>,
  volume: ArrayLike<number>,
  width: number,
): { bars: { from: number; to: number; volume: number }[]; length: number } {
  const span = time[time.length - 1] - time[0];
  const step = time.length > 1 ? time[1] - time[0] : 864e5;
  const most = isNarrow(width) ? 70 : 150;
  const lengths = [step, 6e4, 36e5, 4 * 36e5, 864e5, 2 * 864e5, 7 * 864e5, 14 * 864e5, 28 * 864e5, 91 * 864e5];
  const length = lengths.find((one) => one >= step && span / one <= most) ?? span / most;
  const bars = new Map<number, number>();
  for (let t = 0; t < time.length; t++) {
    const from = Math.floor(time[t] / length) * length;
    bars.set(from, (bars.get(from) ?? 0) + volume[t]);
  }
  const drawn = [...bars].map(([from, sum]) => ({
    from: Math.max(from, time[0]),
    to: Math.min(from + length, time[time.length - 1]),
    volume: sum,
  }));
  return { bars: drawn, length };
}

function perText(ms: number): string {
  const days = Math.round(ms / 864e5);
  if (days === 1) return "a day";
  if (days === 7) return "a week";
  return days > 1 ? `in ${days} days` : `in ${number(ms / 36e5)} h`;
}

function sum(values: ArrayLike<number>, from: number, to: number): number {
  let total = 0;
  for (let t = from; t < to; t++) total += values[t];
  return total;
}
