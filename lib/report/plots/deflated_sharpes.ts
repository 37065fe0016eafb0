import * as Plot from "@observablehq/plot";
import { type Figure, figure } from "../figure.ts";
import { count, number, percent } from "../format.ts";
import { color } from "../theme.ts";
import { extent, isNarrow, niceTicks, padded, panel } from "./frame.ts";
import type { OwnText } from "./inputs.ts";
import { histogram } from "./return_distribution.ts";

/** The winner's Sharpe ratio among all trials', and what luck alone gives the best of so many. */
export interface DeflatedSharpesInput {
  readonly sharpe: number; // per bar, of the winner
  readonly expectedMax: number; // per bar
  readonly deflated: number; // probability
  readonly probabilistic: number;
  readonly trials: number; // as the ledger counts them
  readonly bars: number;
  readonly sharpes: ArrayLike<number>; // per bar, of the trials that came to one
  readonly barsPerYear: number;
}

/** Where the winner stands among all trials, and beside the best that so many without skill would show. */
export function deflatedSharpes(input: DeflatedSharpesInput, text: OwnText = {}): Figure {
  const { sharpe, expectedMax, deflated, probabilistic, trials, bars, sharpes, barsPerYear } = input;
  if (!Number.isFinite(deflated)) {
    throw new RangeError(`Cannot draw a deflated Sharpe ratio as it must be a number: current value is ${deflated}`);
  }
  const year = Math.sqrt(barsPerYear);
  const all = Float64Array.from(sharpes, (value) => value * year).filter(Number.isFinite);
  const [won, luck] = [sharpe * year, expectedMax * year];
  const draw = (width: number) => {
    const narrow = isNarrow(width);
    const domain = padded(extent(all, [won, luck, 0]), 0.1);
    const bins = histogram(all, domain[0], domain[1], narrow ? 24 : 40).filter((bin) => bin.count > 0);
    const most = Math.max(1, ...bins.map((bin) => bin.count));
    const line = (at: number, words: string, colour: string, row: number) => [
      Plot.ruleX([at], { stroke: colour, strokeWidth: 2, insetTop: 14 + 17 * row }),
      Plot.text([words], {
        x: at,
        dx: at > (domain[0] + domain[1]) / 2 ? -6 : 6,
        textAnchor: at > (domain[0] + domain[1]) / 2 ? "end" : "start",
        frameAnchor: "top",
        dy: 9 + 17 * row,
        fill: colour,
        stroke: color("paper"),
        strokeWidth: 3,
        fontSize: narrow ? 10.5 : 11.5,
        fontWeight: 600,
      }),
    ];
    return panel({
      width,
      height: 240,
      x: { domain, label: "Sharpe ratio a year, out of sample" },
      y: {
        domain: [0, most * 1.55],
        label: "Trials",
        ticks: niceTicks([0, most], 4).filter(Number.isInteger),
      },
      zero: 0,
      marks: [
        Plot.rect(bins, { x1: "from", x2: "to", y1: 0, y2: "count", fill: color("hold"), insetRight: 0.5 }),
        ...line(luck, `best of ${trials} by luck ${number(luck, { digits: 2 })}`, color("loss"), 0),
        ...line(won, `the winner ${number(won, { digits: 2 })}`, color("agent"), 1),
      ],
    });
  };
  const chance = percent(deflated, { digits: 0 });
  const verdict = deflated >= 0.95
    ? "luck alone is unlikely"
    : won <= luck
    ? "luck alone would show as much"
    : "luck alone may show as much";
  const fact =
    `The winner has a Sharpe ratio of ${number(won, { digits: 2 })} a year over ${count(bars, "bar")}; the best of ` +
    `${count(trials, "trial")} without any skill, but as unlike each other as these, is expected to show ${
      number(luck, { digits: 2 })
    }`;
  return figure(draw, {
    title: `Deflated Sharpe ratio: ${chance}`,
    caption:
      `${fact}. The probability that it is truly better than that is ${chance} (of being above 0, had it been the only ` +
      `trial, ${
        percent(probabilistic, { digits: 0 })
      }): ${verdict}. Bailey and López de Prado 2014; the ledger counts the trials.`,
    alt: `Histogram of the trials' Sharpe ratios with two lines. ${fact}: ${verdict}.`,
    ...text,
  });
}
