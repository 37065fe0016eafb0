import type { TopLevelSpec } from "vega-lite";
import { type Figure } from "../figure.ts";
import { count, date, duration, money, percent } from "../format.ts";
import { color } from "../theme.ts";
import { vegaFigure } from "../vega.ts";
import { isNarrow } from "./frame.ts";
import type { OwnText, TradeMark } from "./inputs.ts";

/** Trades whose length and profit are to be compared. */
export interface HoldingTimeInput {
  readonly trades: readonly TradeMark[]; // open ones are left out
  readonly currency: string; // "USD"
}

/**
 * Profit of each trade against how long it was held, and a histogram of the profits. In a page with script a stretch
 * dragged over the trades shows the profits of those alone, and a trade under the pointer its facts.
 */
export async function holdingTimeScatter({ trades, currency }: HoldingTimeInput, text: OwnText = {}): Promise<Figure> {
  const closed = trades.filter((trade) => Number.isFinite(trade.exitTime));
  if (closed.length === 0) {
    throw new RangeError("Cannot draw holding times as there must be at least one closed trade: current value is 0");
  }
  const rows = closed.map((trade) => ({
    hours: Math.max(1 / 60, (trade.exitTime - trade.entryTime) / 36e5),
    profit: Number(trade.profit.toPrecision(6)),
    result: trade.profit > 0 ? "profit" : "loss",
    side: trade.side === 1 ? "long" : "short",
    opened: date(trade.entryTime),
    held: duration(trade.exitTime - trade.entryTime),
    made: money(trade.profit, currency, { sign: true }),
  }));
  const won = closed.filter((trade) => trade.profit > 0);
  const lost = closed.filter((trade) => trade.profit <= 0);
  const middle = (all: readonly TradeMark[]) =>
    all.map((trade) => trade.exitTime - trade.entryTime).sort((a, b) => a - b)[all.length >> 1];
  const mean = (all: readonly TradeMark[]) => all.reduce((sum, trade) => sum + trade.profit, 0) / all.length;
  const facts = [
    won.length &&
    `winners (${percent(won.length / closed.length, { digits: 0 })}) are held ${
      duration(middle(won))
    } at the median and make ${money(mean(won), currency)} on average`,
    lost.length && `losers ${duration(middle(lost))} and ${money(mean(lost), currency)}`,
  ].filter(Boolean).join(", ");
  const fact = facts[0].toUpperCase() + facts.slice(1);
  return await vegaFigure((width) => spec(rows, currency, width), {
    title: `How long trades are held, and what they make`,
    caption:
      `${fact}. Triangles up are profits, down losses. Where the page runs scripts, drag over trades to see their profits alone.`,
    alt: `Scatter plot of holding time and profit of ${
      count(closed.length, "trade")
    } with a histogram of profits. ${fact}.`,
    wide: true,
    ...text,
  });
}

function spec(rows: readonly object[], currency: string, width: number): TopLevelSpec {
  const narrow = isNarrow(width);
  const looks = {
    color: {
      field: "result",
      type: "nominal",
      legend: null,
      scale: { domain: ["profit", "loss"], range: [color("gain"), color("loss")] },
    },
    shape: {
      field: "result",
      type: "nominal",
      legend: null,
      scale: { domain: ["profit", "loss"], range: ["triangle-up", "triangle-down"] },
    },
  } as const;
  const ticks = [1 / 60, 1 / 4, 1, 4, 24, 96, 168, 720, 2160, 8760];
  const short = { labelExpr: "format(datum.value, '~s')" };
  const inside = narrow ? width - 62 : width - 112;
  const scatter = {
    width: narrow ? inside : Math.round(inside * 0.64),
    height: narrow ? 220 : 290,
    params: [{ name: "picked", select: { type: "interval" } }],
    mark: { type: "point", filled: true, size: narrow ? 26 : 42, opacity: 0.85 },
    encoding: {
      x: {
        field: "hours",
        type: "quantitative",
        scale: { type: "log", nice: false, padding: 12 },
        title: "Held (log)",
        axis: {
          values: ticks,
          labelExpr:
            "datum.value < 0.99 ? round(60 * datum.value) + ' min' : datum.value < 23.9 ? datum.value + ' h' : datum.value < 8700 ? round(datum.value / 24) + ' d' : round(datum.value / 8760) + ' y'",
          labelOverlap: true,
        },
      },
      y: {
        field: "profit",
        type: "quantitative",
        title: `Profit, ${currency}`,
        axis: {
          ...short,
          tickCount: 6,
          gridColor: { condition: { test: "datum.value === 0", value: color("muted") }, value: color("grid") },
        },
        scale: { padding: 10 },
      },
      color: { condition: { param: "picked", ...looks.color }, value: color("grid") },
      shape: looks.shape,
      tooltip: ["opened", "held", "side", "made"].map((field) => ({ field, type: "nominal" })),
    },
  };
  const histogram = {
    width: narrow ? inside : Math.round(inside * 0.36),
    height: narrow ? 150 : 290,
    transform: [{ filter: { param: "picked" } }],
    mark: { type: "bar", binSpacing: 1 },
    encoding: {
      [narrow ? "x" : "y"]: {
        field: "profit",
        type: "quantitative",
        bin: { maxbins: 24 },
        title: narrow ? `Profit, ${currency}` : null,
        axis: { ...short, grid: false, labelOverlap: true, labelSeparation: 18 },
      },
      [narrow ? "y" : "x"]: { aggregate: "count", title: "Trades", axis: { tickMinStep: 1, tickCount: 4 } },
      color: looks.color,
      tooltip: [{ aggregate: "count", title: "trades" }],
    },
  };
  return {
    data: { values: rows },
    [narrow ? "vconcat" : "hconcat"]: [scatter, histogram],
    spacing: narrow ? 24 : 28,
    padding: { left: 2, right: 2, top: 6, bottom: 2 },
  } as unknown as TopLevelSpec;
}
