import * as Plot from "@observablehq/plot";
import { type Figure, figure } from "../figure.ts";
import { between, count, date, percent } from "../format.ts";
import { stackSvg } from "../svg.ts";
import { category } from "../theme.ts";
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

/** What rules did, and what became of the account. */
export interface EventsInput {
  readonly time: ArrayLike<number>; // [T] ms UTC
  readonly equity: readonly Series[]; // the first is the one the events are of; drawn as multiples of their start
  readonly events: readonly { readonly t: number; readonly rule: string; readonly reason: string }[];
  /** What was traded, drawn above with the same marks. */
  readonly price?: Series;
  readonly periods?: readonly Period[];
}

const shapes = ["circle", "triangle", "square", "diamond", "star", "cross", "times", "wye"] as const;
/** Marks drawn at the most, of all rules together; evenly thinned over time beyond that. */
const MOST = 240;

/** Equity, and the price above it, with a mark where a rule acted: a shape and a colour a rule. */
export function eventsOnEquity(input: EventsInput, text: OwnText = {}): Figure {
  const { time, equity, events, price, periods = [] } = input;
  const ratios = equity.map((one) => ({ ...one, values: Float64Array.from(one.values, (v) => v / one.values[0]) }));
  checkLengths("events", time.length, price ? [...ratios, price] : ratios);
  const rules = [...new Set(events.map(({ rule }) => rule))];
  const x = [time[0], time[time.length - 1]] as const;
  const draw = (width: number) => {
    const narrow = isNarrow(width);
    const height = narrow ? 250 : 340;
    const priceHeight = narrow ? 170 : 220;
    const labels = endLabelsOf(ratios);
    const right = narrow ? 10 : rightFor(labels);
    const marksOn = (values: ArrayLike<number>) =>
      rules.map((rule, i) => {
        const own = events.filter((event) => event.rule === rule);
        const room = Math.max(1, Math.floor(MOST / (narrow ? 2 : 1) / rules.length));
        const shown = own.filter((_, n) =>
          own.length <= room || Math.floor((n * room) / own.length) !== Math.floor(((n - 1) * room) / own.length)
        );
        return Plot.dot(shown, {
          x: ({ t }: { t: number }) => time[t],
          y: ({ t }: { t: number }) => values[t],
          symbol: shapes[i % shapes.length],
          r: narrow ? 2.6 : 3.4,
          stroke: category(i + 1),
          strokeWidth: 1.4,
          fill: "none",
        });
      });
    const drawn = panel({
      width,
      height,
      x: { domain: x, kind: "time" },
      y: { domain: padded(extent(...ratios.map((one) => one.values))), label: "Equity, × start" },
      marks: [...lines(time, ratios, width), ...marksOn(ratios[0].values)],
      periods,
      periodNames: price === undefined,
      zero: 1,
      right,
      labels,
    });
    const above = price && panel({
      width,
      height: priceHeight,
      x: { domain: x, kind: "time" },
      y: { domain: padded(extent(price.values)), label: price.name },
      marks: [...lines(time, [price], width), ...marksOn(price.values)],
      periods,
      right,
    });
    const bands = stretches(time.length, 100).map(({ from, to }) => {
      const own = events.filter(({ t }) => t >= from && t < to);
      const listed = own.slice(0, 3).map(({ t, reason }) => `${date(time[t])}: ${reason}`);
      return {
        from: time[from],
        to: time[Math.min(to, time.length - 1)],
        title: [date(time[from]), ...listed, ...(own.length > 3 ? [`and ${own.length - 3} more`] : [])].join("\n"),
      };
    });
    const signs = ["○", "△", "□", "◇", "☆", "+", "×", "Y"];
    const key = [
      ...(narrow ? ratios.map((one, i) => ({ text: one.name, ...lineStyle(one, i) })) : []),
      ...rules.map((rule, i) => ({ text: `${signs[i % signs.length]} ${rule}`, stroke: category(i + 1) })),
    ];
    const hover = (svg: string, height: number) =>
      withHover(svg, bands, { width, height: height - 58, top: 24, right, domain: x });
    const panels = [...(above ? [hover(above, priceHeight)] : []), hover(drawn, height)];
    return key.length + panels.length > 1
      ? stackSvg([...(key.length > 0 ? [keyRow(width, key)] : []), ...panels])
      : panels[0];
  };
  const fact = rules.length === 0
    ? "No rule acted"
    : rules.map((rule) => `${rule}: ${count(events.filter((event) => event.rule === rule).length, "event")}`).join(
      "; ",
    );
  const ends = ratios.map(({ name, values }) => `${name} ${percent(values[values.length - 1] - 1, { sign: true })}`);
  return figure(draw, {
    title: `Where rules acted, and what became of the account, ${between(...x)}`,
    caption: `${fact}. At the end: ${ends.join(", ")}.${events.length > MOST ? " Not every mark is drawn." : ""}`,
    alt: `${
      price ? `Price of ${price.name} and equity` : "Equity"
    } over time with marks where risk rules acted. ${fact}. At the end: ${ends.join(", ")}.`,
    wide: true,
    ...text,
  });
}
