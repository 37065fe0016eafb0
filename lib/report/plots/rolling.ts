import { type Figure, figure } from "../figure.ts";
import { between, date, number, span } from "../format.ts";
import { stackSvg } from "../svg.ts";
import {
  endLabelsOf,
  extent,
  isNarrow,
  keyRow,
  lines,
  lineStyle,
  padded,
  panel,
  rightFor,
  withHover,
} from "./frame.ts";
import { checkLengths, type OwnText, type Period, type Series } from "./inputs.ts";
import { stretches } from "./thin.ts";

/** Measures over time that share a unit. */
export interface LinesOverTimeInput {
  readonly what: string; // of the axis: "Sharpe ratio, annual"
  readonly time: ArrayLike<number>; // [T] ms UTC
  readonly series: readonly Series[];
  readonly periods?: readonly Period[];
  readonly domain?: readonly [number, number]; // of the axis; by the values without it
  readonly zero?: number; // base line; default 0
  readonly digits?: number; // of hover and end labels
}

/** Lines over time with a base line: the general case behind rolling measures. */
export function linesOverTime(input: LinesOverTimeInput, text: OwnText = {}): Figure {
  const { what, time, series, periods = [], zero = 0, digits = 2 } = input;
  checkLengths(what, time.length, series);
  const values = series.map((one) => one.values);
  const domain = input.domain ?? padded(extent(...values, [zero]));
  const x = [time[0], time[time.length - 1]] as const;
  const draw = (width: number) => {
    const narrow = isNarrow(width);
    const labels = endLabelsOf(series);
    const right = narrow ? 10 : rightFor(labels);
    const height = narrow ? 210 : 260;
    const drawn = panel({
      width,
      height,
      x: { domain: x, kind: "time" },
      y: { domain, label: what },
      marks: lines(time, series, width),
      periods,
      zero,
      right,
      labels,
    });
    const bands = stretches(time.length, 100).map(({ from, to }) => ({
      from: time[from],
      to: time[Math.min(to, time.length - 1)],
      title: [date(time[to - 1]), ...series.map((one) => `${one.name}: ${number(one.values[to - 1], { digits })}`)]
        .join("\n"),
    }));
    const hovered = withHover(drawn, bands, { width, height: height - 58, top: 24, right, domain: x });
    return narrow
      ? stackSvg([keyRow(width, series.map((one, i) => ({ text: one.name, ...lineStyle(one, i) }))), hovered])
      : hovered;
  };
  const ranges = series.map((one) => {
    const [low, high] = extent(one.values);
    return `${one.name} from ${number(low, { digits })} to ${number(high, { digits })}`;
  }).join(", ");
  return figure(draw, {
    title: `${what}, ${between(x[0], x[1])}`,
    alt: `Line chart of ${what} over time: ${ranges}.`,
    wide: true,
    ...text,
  });
}

/** Rolling Sharpe ratios that were computed elsewhere, over `window` bars of `step` ms. */
export interface RollingSharpeInput {
  readonly time: ArrayLike<number>; // [T] ms UTC
  readonly sharpe: readonly Series[]; // annual; NaN before the window is full
  readonly window: number; // bars
  readonly step: number; // bar length, ms
  readonly periods?: readonly Period[];
}

/** Sharpe ratio of the last `window` bars, for the agent and its baselines. */
export function rollingSharpe(
  { time, sharpe, window, step, periods = [] }: RollingSharpeInput,
  text: OwnText = {},
): Figure {
  const length = span(window * step);
  return linesOverTime({ what: "Sharpe ratio, annual", time, series: sharpe, periods }, {
    title: `Sharpe ratio of the last ${length}`,
    caption: `Each point looks back ${length} (${
      number(window)
    } bars). A window that short is noisy: its standard error is about ${
      number(Math.sqrt((365.25 * 864e5) / (window * step)), { digits: 1 })
    }.`,
    ...text,
  });
}

/** Returns of assets on the same bars. */
export interface RollingCorrelationInput {
  readonly time: ArrayLike<number>; // [T] ms UTC
  readonly returns: readonly Series[]; // at least two; NaN is left out of the window
  readonly window: number; // bars
  readonly step: number; // bar length, ms
  readonly periods?: readonly Period[];
}

/** Correlation of each pair of assets over the last `window` bars. */
export function rollingCorrelation(
  { time, returns, window, step, periods = [] }: RollingCorrelationInput,
  text: OwnText = {},
): Figure {
  const pairs = returns.flatMap((a, i) =>
    returns.slice(i + 1).map((b) => ({
      name: `${a.name}–${b.name}`,
      values: correlationOver(a.values, b.values, window),
    }))
  );
  if (pairs.length === 0) {
    throw new RangeError(
      `Cannot draw correlation as there must be at least 2 assets: current value is ${returns.length}`,
    );
  }
  const least = Math.min(0, extent(...pairs.map((pair) => pair.values))[0] * 1.1);
  return linesOverTime({ what: "Correlation of returns", time, series: pairs, periods, domain: [least, 1] }, {
    title: `How assets move together: correlation over the last ${span(window * step)}`,
    caption: pairs.map((pair) => {
      const [low, high] = extent(pair.values);
      return `${pair.name} ${number(low, { digits: 2 })} to ${number(high, { digits: 2 })}`;
    }).join("; ").concat(
      `. One window's own 95\u00a0% interval around 0.5 is about ±${
        number(1.96 * 0.75 / Math.sqrt(Math.max(4, window) - 3), { digits: 2 })
      }.`,
    ),
    ...text,
  });
}

/** Pearson's correlation of the last `window` pairs that are both finite; NaN before the window is full. [T] */
export function correlationOver(a: ArrayLike<number>, b: ArrayLike<number>, window: number): Float64Array {
  const out = new Float64Array(a.length).fill(NaN);
  let [n, sa, sb, saa, sbb, sab] = [0, 0, 0, 0, 0, 0];
  const add = (t: number, sign: 1 | -1) => {
    const [x, y] = [a[t], b[t]];
    if (!Number.isFinite(x) || !Number.isFinite(y)) return;
    n += sign;
    sa += sign * x;
    sb += sign * y;
    saa += sign * x * x;
    sbb += sign * y * y;
    sab += sign * x * y;
  };
  for (let t = 0; t < a.length; t++) {
    add(t, 1);
    if (t >= window) add(t - window, -1);
    if (t < window - 1 || n < 3) continue;
    const [va, vb] = [saa - sa * sa / n, sbb - sb * sb / n];
    if (va > 0 && vb > 0) out[t] = Math.max(-1, Math.min(1, (sab - sa * sb / n) / Math.sqrt(va * vb)));
  }
  return out;
}
