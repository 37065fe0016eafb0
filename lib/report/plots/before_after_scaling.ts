import * as Plot from "@observablehq/plot";
import { quantile } from "../../base/stats.ts";
import { type Figure, figure } from "../figure.ts";
import { number } from "../format.ts";
import { besideSvg, stackSvg } from "../svg.ts";
import { color } from "../theme.ts";
import { compact } from "../format.ts";
import { fitText, isNarrow, keyRow, panel } from "./frame.ts";
import type { OwnText } from "./inputs.ts";
import { histogram } from "./return_distribution.ts";

/** A feature as it came and as the net gets it. */
export interface ScaledFeature {
  readonly name: string;
  readonly before: ArrayLike<number>; // NaN are left out
  readonly after: ArrayLike<number>;
}

/** Distribution of features before scaling, each in its own unit, and after, all on one axis beside a standard normal. */
export function beforeAfterScaling(features: readonly ScaledFeature[], text: OwnText = {}): Figure {
  if (features.length === 0) {
    throw new RangeError("Cannot draw scaling as there must be at least one feature: current value is 0");
  }
  const clean = features.map(({ name, before, after }) => ({
    name,
    before: Float64Array.from(before).filter(Number.isFinite),
    after: Float64Array.from(after).filter(Number.isFinite),
  }));
  const beyond = clean.map(({ name, after }) => ({
    name,
    share: after.filter((z) => Math.abs(z) > 5).length / after.length,
  }));
  const worst = beyond.reduce((a, b) => (b.share > a.share ? b : a));
  const draw = (width: number) => {
    const gap = isNarrow(width) ? 8 : 24;
    const each = (width - gap) / 2;
    const rows = clean.map((feature, i) => {
      return besideSvg([before(feature.name, feature.before, each), after(feature.after, each, i === 0)], gap);
    });
    const key = keyRow(width, [{ text: "values", fill: color("muted") }, {
      text: "standard normal",
      stroke: color("ink"),
      strokeDasharray: "2 2",
      strokeWidth: 1.4,
    }]);
    return stackSvg([key, ...rows], 2);
  };
  const fact = worst.share > 0
    ? `${worst.name} has the most values beyond five deviations after scaling: ${
      number(100 * worst.share, { digits: 2 })
    }\u00a0%`
    : "no value lies beyond five deviations after scaling";
  return figure(draw, {
    title: "Features before scaling, and as the network gets them",
    caption: `Left in each feature's own unit (1st to 99th percentile), right after scaling; ${fact}.`,
    alt: `Histograms of ${features.length} features before and after scaling; ${fact}.`,
    wide: true,
    ...text,
  });
}

function before(name: string, values: Float64Array, width: number): string {
  const [low, high] = [quantile(values, 0.01), quantile(values, 0.99)];
  const domain: [number, number] = low < high ? [low, high] : [low - 1, high + 1];
  return bars(name, values, domain, width, true, []);
}

function after(values: Float64Array, width: number, first: boolean): string {
  const curve = Array.from({ length: 81 }, (_, i) => -5 + i / 8);
  const normal = Plot.line(curve, {
    x: curve,
    y: curve.map((z) => Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI)),
    stroke: color("ink"),
    strokeWidth: 1.3,
    strokeDasharray: "2 2",
  });
  return bars(first ? "scaled, deviations" : "", values, [-5, 5], width, true, [normal], 0.42);
}

function bars(
  label: string,
  values: Float64Array,
  domain: [number, number],
  width: number,
  xLabels: boolean,
  over: Plot.Markish[],
  least = 0,
): string {
  const bins = histogram(values, domain[0], domain[1], 40);
  const most = Math.max(least, ...bins.map((bin) => bin.density)) * 1.05;
  return panel({
    width,
    height: 96,
    left: 16,
    right: 16,
    top: 18,
    x: { domain, format: compact },
    y: { domain: [0, most || 1], label: fitText(label, width - 20, 11.5), ticks: [] },
    marks: [
      Plot.rect(bins.filter((bin) => bin.count > 0), {
        x1: "from",
        x2: "to",
        y1: 0,
        y2: "density",
        fill: color("muted"),
        fillOpacity: 0.7,
        insetRight: 0.4,
      }),
      ...over,
    ],
    zero: 0,
    xLabels,
  });
}
