import * as Plot from "@observablehq/plot";
import { type Figure, figure } from "../figure.ts";
import { number, percent } from "../format.ts";
import { besideSvg, stackSvg } from "../svg.ts";
import { color } from "../theme.ts";
import { extent, isNarrow, padded, panel } from "./frame.ts";
import type { OwnText } from "./inputs.ts";
import { histogram } from "./return_distribution.ts";

/** What symmetric cross-validation found, split by split. */
export interface OverfittingSplitsInput {
  readonly probability: number; // share of the splits where the best of one half is no better than the median in the other
  readonly loss: number; // where it loses
  readonly logits: Float64Array; // [C] log odds of its rank there
  readonly inSample: Float64Array; // [C] Sharpe ratio per bar where it was chosen
  readonly outOfSample: Float64Array; // [C] and in the other half
  readonly trials: number;
  readonly barsPerYear: number;
}

/** What becomes of the best of one half of the bars in the other: its rank there, and its Sharpe ratio in both. */
export function overfittingSplits(input: OverfittingSplitsInput, text: OwnText = {}): Figure {
  const { probability, loss, logits, inSample, outOfSample, trials, barsPerYear } = input;
  if (logits.length === 0) throw new RangeError("Cannot draw overfitting as there must be a split: there is none");
  const year = Math.sqrt(barsPerYear);
  const step = Math.ceil(logits.length / 500);
  const points = Array.from(logits, (_, i) => ({ x: inSample[i] * year, y: outOfSample[i] * year }))
    .filter((_, i) => i % step === 0);
  const draw = (width: number) => {
    const narrow = isNarrow(width);
    const each = narrow ? width : Math.floor((width - 20) / 2);
    const reach = Math.max(1, ...logits.map(Math.abs)) * 1.05;
    const bins = histogram(logits, -reach, reach, 32).filter((bin) => bin.count > 0);
    const ranks = panel({
      width: each,
      height: 240,
      x: { domain: [-reach, reach], label: "Log odds of its rank in the other half" },
      y: { domain: [0, Math.max(...bins.map((bin) => bin.count)) * 1.18], label: "Splits" },
      zero: 0,
      marks: [
        Plot.rect(bins, {
          x1: "from",
          x2: "to",
          y1: 0,
          y2: "count",
          fill: (bin: { from: number; to: number }) => color((bin.from + bin.to) / 2 <= 0 ? "loss" : "agent"),
          insetRight: 0.5,
        }),
        Plot.ruleX([0], { stroke: color("ink"), strokeDasharray: "4 3" }),
        Plot.text(["no better than the median"], {
          x: 0,
          dx: -6,
          frameAnchor: "top",
          textAnchor: "end",
          fill: color("muted"),
          stroke: color("paper"),
          strokeWidth: 3,
          fontSize: 11,
        }),
      ],
    });
    const both = panel({
      width: each,
      height: 240,
      x: { domain: padded(extent(points.map(({ x }) => x)), 0.06), label: "Sharpe ratio where it was the best" },
      y: { domain: padded(extent(points.map(({ y }) => y), [0]), 0.06), label: "in the other half" },
      zero: 0,
      marks: [Plot.dot(points, { x: "x", y: "y", r: 1.6, fill: color("agent"), fillOpacity: 0.6 })],
    });
    return narrow ? stackSvg([ranks, both], 8) : besideSvg([ranks, both], 20);
  };
  const share = percent(probability, { digits: 0 });
  const words = probability < 0.2 && loss > 0.5
    ? "the choice holds, but what is chosen loses"
    : probability < 0.2
    ? "choosing by these values is worth something"
    : probability < 0.45
    ? "choosing by these values helps little"
    : "choosing by these values is no better than drawing lots";
  const fact =
    `In ${share} of ${number(logits.length)} splits the best trial of one half of the bars is no better than the ` +
    `median of ${trials} in the other; in ${percent(loss, { digits: 0 })} it loses there`;
  return figure(draw, {
    title: `Probability of overfitting: ${share}`,
    caption: `${fact}: ${words}. Combinatorially symmetric cross-validation (Bailey and others 2015).`,
    alt: `Histogram of ranks and scatter plot of Sharpe ratios in both halves. ${fact}: ${words}.`,
    wide: true,
    ...text,
  });
}
