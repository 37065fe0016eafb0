import * as Plot from "@observablehq/plot";
import { type Figure, figure } from "../figure.ts";
import { between, count, date, number, percent } from "../format.ts";
import { stackSvg } from "../svg.ts";
import { color } from "../theme.ts";
import { extent, isNarrow, keyRow, padded, panel, percentTick, withHover } from "./frame.ts";
import { checkLengths, type OwnText, type Period } from "./inputs.ts";
import { stretches, thin } from "./thin.ts";

/** Returns and what was forecast of their tail. */
export interface ValueAtRiskInput {
  readonly time: ArrayLike<number>; // [T] ms UTC
  readonly returns: ArrayLike<number>; // [T]
  readonly valueAtRisk: ArrayLike<number>; // [T] positive share, forecast before the bar; NaN where there is none
  readonly level: number;
  readonly method: string; // "filtered historical"
  readonly periods?: readonly Period[];
}

/** Marks of losses over the forecast that are drawn at the most; the largest ones. */
const MOST = 300;

/** Returns over time with the forecast of their value at risk, and a mark on each loss beyond it. */
export function valueAtRiskExceptions(input: ValueAtRiskInput, text: OwnText = {}): Figure {
  const { time, returns, valueAtRisk, level, method, periods = [] } = input;
  checkLengths("value at risk", time.length, [{ name: "returns", values: returns }, {
    name: "value at risk",
    values: valueAtRisk,
  }]);
  const floor = Float64Array.from(valueAtRisk, (value) => -value);
  const over = Array.from(time.length === 0 ? [] : floor.keys()).filter((t) => returns[t] < floor[t]);
  const forecasts = floor.filter((value) => value === value).length;
  const shown = over.sort((a, b) => returns[a] - floor[a] - (returns[b] - floor[b])).slice(0, MOST).sort((a, b) =>
    a - b
  );
  const x = [time[0], time[time.length - 1]] as const;
  const domain = padded(extent(returns, floor));
  const draw = (width: number) => {
    const narrow = isNarrow(width);
    const height = narrow ? 220 : 300;
    const right = narrow ? 10 : 14;
    const line = (values: ArrayLike<number>, options: Plot.LineOptions, budget: number) => {
      const points = thin(time, values, budget);
      return Plot.line(points.at, { x: points.at, y: points.values, ...options });
    };
    const drawn = panel({
      width,
      height,
      x: { domain: x, kind: "time" },
      y: { domain, label: "Return of a bar", format: percentTick },
      marks: [
        line(returns, { stroke: color("hold"), strokeWidth: 0.8 }, width * 1.2),
        line(floor, { stroke: color("agent"), strokeWidth: 1.6 }, width * 0.8),
        Plot.dot(shown, {
          x: (t: number) => time[t],
          y: (t: number) => returns[t],
          r: narrow ? 1.8 : 2.4,
          fill: color("loss"),
        }),
      ],
      periods,
      zero: 0,
      right,
    });
    const bands = stretches(time.length, 100).map(({ from, to }) => {
      const hits = over.filter((t) => t >= from && t < to).length;
      return {
        from: time[from],
        to: time[Math.min(to, time.length - 1)],
        title: [date(time[from]), `value at risk ${percent(valueAtRisk[to - 1])}`, count(hits, "exception")].join("\n"),
      };
    });
    const key = keyRow(width, [
      { text: "return", stroke: color("hold") },
      { text: `value at risk, ${percent(level, { digits: 0 })}`, stroke: color("agent") },
      { text: "loss beyond it", fill: color("loss") },
    ]);
    return stackSvg([key, withHover(drawn, bands, { width, height: height - 58, top: 24, right, domain: x })]);
  };
  const fact = forecasts === 0
    ? "No bar has a forecast"
    : `${count(over.length, "exception")} in ${number(forecasts)} bars, ${percent(over.length / forecasts)}; ${
      percent(1 - level)
    } are expected`;
  return figure(draw, {
    title: `Losses beyond the ${percent(level, { digits: 0 })} value at risk (${method}), ${between(...x)}`,
    caption: `${fact}. Each forecast is from earlier bars alone.`,
    alt: `Returns over time with a line of the forecast value at risk below zero. ${fact}.`,
    wide: true,
    ...text,
  });
}
