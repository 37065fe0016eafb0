import * as Plot from "@observablehq/plot";
import { mean, std } from "../../base/stats.ts";
import { type Figure, figure } from "../figure.ts";
import { number, percent } from "../format.ts";
import { besideSvg, stackSvg } from "../svg.ts";
import { color } from "../theme.ts";
import { isNarrow, keyRow, logTicks, panel, percentTick } from "./frame.ts";
import type { OwnText } from "./inputs.ts";

/** Returns whose distribution is to be seen. */
export interface ReturnDistributionInput {
  readonly returns: ArrayLike<number>; // per bar, 0.01 = 1 %; NaN are left out
  readonly name: string; // "BTC/USD, hourly"
}

/**
 * Returns against the normal distribution of the same mean and deviation: their density, and on log axes how often a
 * gain or a loss exceeds a size, where the normal law fails.
 */
export function returnDistribution({ returns, name }: ReturnDistributionInput, text: OwnText = {}): Figure {
  const finite = Float64Array.from(returns).filter(Number.isFinite);
  if (finite.length < 10) {
    throw new RangeError(
      `Cannot draw a distribution of returns as there must be at least 10: current value is ${finite.length}`,
    );
  }
  const [centre, deviation] = [mean(finite), std(finite)];
  if (!(deviation > 0)) {
    throw new RangeError(
      `Cannot draw a distribution of returns as they must differ: all ${finite.length} are ${centre}`,
    );
  }
  const beyond = finite.filter((r) => Math.abs(r - centre) > 4 * deviation).length / finite.length;
  const kurtosis = mean(finite.map((r) => ((r - centre) / deviation) ** 4)) - 3;
  const often = beyond > 0 ? `${number(beyond / 6.334e-5, { digits: 0 })} times as often as` : "never, as nearly in";
  const draw = (width: number) => {
    const narrow = isNarrow(width);
    const key = keyRow(width, [
      { text: "gains", stroke: color("gain") },
      { text: "losses", stroke: color("loss"), strokeDasharray: "5 2" },
      { text: "normal with the same deviation", stroke: color("muted"), strokeDasharray: "2 2" },
    ]);
    const each = narrow ? width : (width - 24) / 2;
    const parts = [density(finite, centre, deviation, each), tails(finite, centre, deviation, each)];
    return stackSvg([key, narrow ? stackSvg(parts, 8) : besideSvg(parts, 24)], 4);
  };
  const fact = `Excess kurtosis ${
    number(kurtosis, { digits: 1 })
  }; moves beyond four deviations come ${often} a normal law has them.`;
  return figure(draw, {
    title: kurtosis > 0.5
      ? `Returns of ${name} have fatter tails than the normal law`
      : `Returns of ${name} beside the normal law`,
    caption: `${fact} First the density, then on log axes the share of bars that gain or lose more than a size.`,
    alt: `Histogram and tail plot of ${finite.length} returns of ${name}: mean ${percent(centre)}, deviation ${
      percent(deviation)
    }. ${fact}`,
    wide: true,
    ...text,
  });
}

function density(returns: Float64Array, centre: number, deviation: number, width: number): string {
  const reach = 4.5 * deviation;
  const bins = histogram(returns, -reach, reach, 60).map((bin) => ({ ...bin, density: bin.density / 100 }));
  const most = Math.max(...bins.map((bin) => bin.density));
  const curve = Array.from({ length: 121 }, (_, i) => -reach + (i / 60) * reach);
  return panel({
    width,
    height: isNarrow(width) ? 220 : 300,
    x: { domain: [-reach, reach], label: "Return per bar", format: percentTick },
    y: { domain: [0, most * 1.08], label: "Density, per 1 % of return" },
    marks: [
      Plot.rect(bins.filter((bin) => bin.count > 0), {
        x1: "from",
        x2: "to",
        y1: 0,
        y2: "density",
        fill: (bin: Bin) => color(bin.from + bin.to < 0 ? "loss" : "gain"),
        fillOpacity: 0.75,
        inset: 0.4,
        title: (bin: Bin) =>
          `${percent(bin.from)} to ${percent(bin.to)}\n${number(bin.count)} bars, ${
            percent(bin.count / returns.length)
          }`,
      }),
      Plot.line(curve, {
        x: curve,
        y: curve.map((r) => normalDensity((r - centre) / deviation) / deviation / 100),
        stroke: color("ink"),
        strokeWidth: 1.4,
        strokeDasharray: "2 2",
      }),
    ],
    zero: 0,
  });
}

function tails(returns: Float64Array, centre: number, deviation: number, width: number): string {
  const gains = returns.filter((r) => r > 0).sort().reverse();
  const losses = returns.filter((r) => r < 0).sort().map((r) => -r);
  const most = Math.max(gains[0] ?? 0, losses[0] ?? 0, 6 * deviation);
  const domain = [deviation / 4, most * 1.1] as const;
  const least = 0.7 / returns.length;
  const sizes = Array.from({ length: 100 }, (_, i) => domain[0] * (domain[1] / domain[0]) ** (i / 99));
  const normal = sizes.map((size) => upperTail((size - centre) / deviation)).map((p) => (p < least ? NaN : p));
  return panel({
    width,
    height: isNarrow(width) ? 230 : 300,
    x: {
      domain,
      kind: "log",
      label: "Size of the move (log)",
      format: percentTick,
      ticks: logTicks(domain, isNarrow(width) ? 4 : 6),
    },
    y: {
      domain: [least, 0.6],
      kind: "log",
      label: "Share of bars that move further (log)",
      format: tinyPercent,
      ticks: powers(least),
    },
    marks: [
      Plot.line(sizes, { x: sizes, y: normal, stroke: color("ink"), strokeWidth: 1.4, strokeDasharray: "2 2" }),
      tailLine(losses, returns.length, domain[0], "loss"),
      tailLine(gains, returns.length, domain[0], "gain"),
    ],
  });
}

/** Share of all bars that exceed each of the sorted sizes (largest first), thinned evenly in log rank. */
function tailLine(sizes: Float64Array, all: number, least: number, name: "gain" | "loss"): Plot.Markish {
  const ranks = new Set(Array.from({ length: 90 }, (_, i) => Math.round(sizes.length ** (i / 89)) - 1));
  const points = [...ranks].filter((rank) => sizes[rank] >= least).map((rank) => ({
    size: sizes[rank],
    share: (rank + 1) / all,
  }));
  return Plot.line(points, {
    x: "size",
    y: "share",
    stroke: color(name),
    strokeWidth: 1.8,
    strokeDasharray: name === "loss" ? "5 2" : "none",
  });
}

/** A bin of a histogram: its edges, how many fell in, and the density. */
export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly density: number; // per unit of the axis; the bins' areas add up to the share inside
}

/** Counts values into `n` equal bins over [low, high); what lies outside counts only in the total. */
export function histogram(values: ArrayLike<number>, low: number, high: number, n: number): Bin[] {
  const counts = new Float64Array(n);
  const width = (high - low) / n;
  for (let i = 0; i < values.length; i++) {
    const bin = Math.floor((values[i] - low) / width);
    if (bin >= 0 && bin < n) counts[bin]++;
  }
  return Array.from(counts, (count, i) => ({
    from: low + i * width,
    to: low + (i + 1) * width,
    count,
    density: count / values.length / width,
  }));
}

function normalDensity(z: number): number {
  return Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
}

/** P(Z > z) of a standard normal. Source: Abramowitz & Stegun 7.1.26, error below 1e-7 for z ≥ 0. */
export function upperTail(z: number): number {
  if (z < 0) return 1 - upperTail(-z);
  const t = 1 / (1 + 0.2316419 * z);
  const poly = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return normalDensity(z) * poly;
}

function powers(least: number): number[] {
  const low = Math.ceil(Math.log10(least));
  return Array.from({ length: -low }, (_, i) => 10 ** (low + i));
}

function tinyPercent(share: number): string {
  return `${Number((100 * share).toPrecision(2))}\u00a0%`;
}
