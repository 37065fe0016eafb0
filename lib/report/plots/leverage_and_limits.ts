import * as Plot from "@observablehq/plot";
import { type Figure, figure } from "../figure.ts";
import { between, date, number, percent } from "../format.ts";
import { stackSvg } from "../svg.ts";
import { color } from "../theme.ts";
import { endLabelsOf, extent, isNarrow, keyRow, lines, lineStyle, panel, rightFor, withHover } from "./frame.ts";
import { checkLengths, type OwnText, type Period, type Series } from "./inputs.ts";
import { stretches } from "./thin.ts";

/** What was held against what was allowed. */
export interface LeverageInput {
  readonly time: ArrayLike<number>; // [T] ms UTC
  readonly exposure: readonly Series[]; // gross exposure, times equity; "with rules", "without"
  readonly limits: readonly { readonly name: string; readonly value: number }[]; // times equity
  readonly periods?: readonly Period[];
}

/** Gross exposure over time, with the limits it was to keep. */
export function leverageAndLimits({ time, exposure, limits, periods = [] }: LeverageInput, text: OwnText = {}): Figure {
  checkLengths("leverage", time.length, exposure);
  const most = Math.max(...exposure.map((one) => extent(one.values)[1]), ...limits.map(({ value }) => value), 0.01);
  const x = [time[0], time[time.length - 1]] as const;
  const draw = (width: number) => {
    const narrow = isNarrow(width);
    const height = narrow ? 210 : 260;
    const bounds = limits.map(({ name, value }) => ({ text: name, value, colour: color("warn") }));
    const labels = [...endLabelsOf(exposure), ...bounds];
    const right = narrow ? 10 : rightFor(labels);
    const drawn = panel({
      width,
      height,
      x: { domain: x, kind: "time" },
      y: { domain: [0, most * 1.08], label: "Gross exposure, × equity" },
      marks: [
        ...lines(time, exposure, width),
        Plot.ruleY(limits.map(({ value }) => value), {
          stroke: color("warn"),
          strokeWidth: 1.4,
          strokeDasharray: "6 3",
        }),
      ],
      periods,
      zero: 0,
      right,
      labels,
    });
    const bands = stretches(time.length, 100).map(({ from, to }) => ({
      from: time[from],
      to: time[Math.min(to, time.length - 1)],
      title: [
        date(time[to - 1]),
        ...exposure.map((one) => `${one.name}: ${number(one.values[to - 1], { digits: 2 })} ×`),
      ].join("\n"),
    }));
    const hovered = withHover(drawn, bands, { width, height: height - 58, top: 24, right, domain: x });
    const key = [
      ...exposure.map((one, i) => ({ text: one.name, ...lineStyle(one, i) })),
      ...limits.map(({ name }) => ({ text: name, stroke: color("warn"), strokeDasharray: "6 3" })),
    ];
    return narrow ? stackSvg([keyRow(width, key), hovered]) : hovered;
  };
  const facts = exposure.map((one) => {
    const values = Array.from(one.values).filter(Number.isFinite);
    const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
    return `${one.name} on average ${number(mean, { digits: 2 })}, at most ${
      number(extent(one.values)[1], { digits: 2 })
    }`;
  }).join("; ");
  const bound = limits.map(({ name, value }) => {
    const over = Array.from(exposure[0].values).filter((held) => held > value * (1 + 1e-9)).length;
    const share = over === 0 ? "never" : `on ${percent(over / time.length)} of bars, by the move of the bar itself,`;
    return `${exposure[0].name} ${share} closed above the ${name} of ${number(value)}`;
  }).join("; ");
  return figure(draw, {
    title: `Exposure against its limits, ${between(...x)}`,
    caption: `${facts}.${bound ? ` ${bound}.` : ""}`,
    alt: `Line chart of gross exposure over time. ${facts}. ${limits.length} limits are drawn.`,
    wide: true,
    ...text,
  });
}
