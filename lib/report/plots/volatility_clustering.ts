import * as Plot from "@observablehq/plot";
import { type Figure, figure } from "../figure.ts";
import { number, span } from "../format.ts";
import { stackSvg } from "../svg.ts";
import { color } from "../theme.ts";
import { isNarrow, keyRow, panel } from "./frame.ts";
import type { OwnText } from "./inputs.ts";

/** Returns whose memory is to be seen. */
export interface VolatilityClusteringInput {
  readonly returns: ArrayLike<number>; // per bar; NaN count as no move
  readonly name: string; // "BTC/USD"
  readonly step: number; // bar length, ms
  readonly lags?: number; // how far back, bars; default 60
}

/**
 * Autocorrelation of the size of returns beside that of the returns themselves, with the band in which 95 % of the
 * values of a series without memory would lie.
 */
export function volatilityClustering(
  { returns, name, step, lags = 60 }: VolatilityClusteringInput,
  text: OwnText = {},
): Figure {
  const values = Float64Array.from(returns, (r) => (Number.isFinite(r) ? r : 0));
  const reach = Math.min(lags, values.length - 2);
  if (reach < 1) {
    throw new RangeError(
      `Cannot draw autocorrelation as there must be more than 2 returns: current value is ${values.length}`,
    );
  }
  const signed = autocorrelation(values, reach);
  const sizes = autocorrelation(values.map(Math.abs), reach);
  const band = 1.96 / Math.sqrt(values.length);
  const most = Math.max(...sizes, ...signed, band * 2);
  const least = Math.min(...sizes, ...signed, -band * 2);
  const draw = (width: number) => {
    const drawn = panel({
      width,
      height: isNarrow(width) ? 220 : 270,
      x: { domain: [0.2, reach + 0.8], label: `Lag, bars of ${span(step)}` },
      y: { domain: [least * 1.1, most * 1.1], label: "Autocorrelation" },
      marks: [
        Plot.rect([0], { x1: 0.2, x2: reach + 0.8, y1: -band, y2: band, fill: color("muted"), fillOpacity: 0.2 }),
        Plot.ruleX(sizes, {
          x: (_, i) => i + 1,
          y1: 0,
          y2: (r: number) => r,
          stroke: color("muted"),
          strokeWidth: isNarrow(width) ? 2.5 : 5,
          title: (r: number, i: number) => `lag ${i + 1}: ${number(r, { digits: 3 })}`,
        }),
        Plot.dot(signed, {
          x: (_, i) => i + 1,
          y: (r: number) => r,
          r: 2.4,
          fill: color("paper"),
          stroke: color("ink"),
          strokeWidth: 1.4,
          title: (r: number, i: number) => `lag ${i + 1}: ${number(r, { digits: 3 })}`,
        }),
      ],
      zero: 0,
    });
    const key = keyRow(width, [
      { text: "size of the return, |r|", fill: color("muted") },
      { text: "○ the return itself, r" },
      { text: "no memory (95 %)", fill: color("grid") },
    ]);
    return stackSvg([key, drawn], 2);
  };
  const outside = sizes.filter((r) => Math.abs(r) > band).length;
  const fact = `${outside} of ${reach} lags of |r| lie outside the band of a series without memory; lag 1 is ${
    number(sizes[0], { digits: 2 })
  } for sizes and ${number(signed[0], { digits: 2 })} for returns`;
  return figure(draw, {
    title: outside > reach / 2
      ? `Large moves of ${name} follow large moves`
      : `Sizes of moves of ${name} hardly remember`,
    caption: `${fact}. Bars are sizes, circles the returns with their sign.`,
    alt: `Autocorrelation of the returns of ${name}: ${fact}.`,
    ...text,
  });
}

/** Correlation of the series with itself 1 … `lags` bars earlier. [lags] */
export function autocorrelation(values: Float64Array, lags: number): Float64Array {
  const n = values.length;
  let centre = 0;
  for (const value of values) centre += value / n;
  const off = values.map((value) => value - centre);
  let variance = 0;
  for (const value of off) variance += value * value;
  return Float64Array.from({ length: lags }, (_, k) => {
    let sum = 0;
    for (let t = k + 1; t < n; t++) sum += off[t] * off[t - k - 1];
    return variance > 0 ? sum / variance : 0;
  });
}
