import type { Figure } from "../figure.ts";
import { percent } from "../format.ts";
import type { OwnText, Period, Series } from "./inputs.ts";
import { linesOverTime } from "./rolling.ts";

/** Shares of the risk held. */
export interface RiskContributionsInput {
  readonly time: ArrayLike<number>; // [T] ms UTC
  readonly shares: readonly Series[]; // of each asset, adding up to 1; NaN where nothing is held
  readonly periods?: readonly Period[];
}

/** Share of the portfolio's variance that each asset brought over time. */
export function riskContributions({ time, shares, periods = [] }: RiskContributionsInput, text: OwnText = {}): Figure {
  const means = shares.map(({ name, values }) => {
    const known = Array.from(values).filter(Number.isFinite);
    return known.length === 0
      ? `${name} none`
      : `${name} ${percent(known.reduce((sum, share) => sum + share, 0) / known.length)}`;
  }).join(", ");
  return linesOverTime({ what: "Share of the risk held", time, series: shares, periods }, {
    title: "What each asset brings to the risk held",
    caption: `On average: ${means}. Equal lines are equal risk, whatever the weights.`,
    ...text,
  });
}
