import type { TopLevelSpec } from "vega-lite";
import { type Figure } from "../figure.ts";
import { capital, count, duration, money, number, percent } from "../format.ts";
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
  const kept = every(closed, MOST);
  const rows = kept.map(({ entryTime, exitTime, profit, side }, i) => ({
    i,
    t: entryTime,
    h: Number(Math.max(1 / 60, (exitTime - entryTime) / 36e5).toPrecision(4)),
    p: Number(profit.toPrecision(5)),
    s: side,
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
    lost.length &&
    (won.length
      ? `losers ${duration(middle(lost))} and ${money(mean(lost), currency)}`
      : `all ${number(lost.length)} closed trades lost: held ${duration(middle(lost))} at the median, ${
        money(mean(lost), currency)
      } on average`),
  ].filter(Boolean).join(", ");
  const fact = capital(facts);
  return await vegaFigure((width, still) => spec(rows, currency, width, still), {
    title: `How long trades are held, and what they make`,
    caption:
      `${fact}. Triangles up are profits, down losses. Where the page runs scripts, drag over trades to see their profits alone.${
        rows.length < closed.length ? ` Drawn are ${number(rows.length)} of ${number(closed.length)} trades.` : ""
      }`,
    alt: `Scatter plot of holding time and profit of ${
      count(closed.length, "trade")
    } with a histogram of profits. ${fact}.`,
    wide: true,
    ...text,
  });
}

/** More trades than this are thinned evenly: a report must stay small. */
const MOST = 2500;

function every<T>(all: readonly T[], most: number): readonly T[] {
  const step = Math.ceil(all.length / most);
  return all.filter((_, i) => i % step === 0);
}

function spec(rows: readonly object[], currency: string, width: number, still: boolean): TopLevelSpec {
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
  const short = { labelExpr: "abs(datum.value) < 1000 ? format(datum.value, ',.4~r') : format(datum.value, '~s')" };
  const inside = narrow ? width - 66 : width - 124;
  const scatter = {
    width: narrow ? inside : Math.round(inside * 0.64),
    height: narrow ? 220 : 290,
    params: [{
      name: "picked",
      select: { type: "interval", mark: { fill: color("accent"), fillOpacity: 0.12, stroke: color("accent") } },
    }],
    // The drawing that stays holds fewer points; the histogram beside it counts all.
    transform: still ? [{ filter: `datum.i % ${Math.ceil(rows.length / 500)} === 0` }] : [],
    mark: { type: "point", filled: true, size: narrow ? 26 : 42, opacity: 0.85 },
    encoding: {
      x: {
        field: "h",
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
        field: "p",
        type: "quantitative",
        title: `Profit, ${currency}`.replace(/, $/, ""),
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
        field: "p",
        type: "quantitative",
        bin: { maxbins: 24 },
        title: narrow ? `Profit, ${currency}`.replace(/, $/, "") : null,
        axis: { ...short, grid: false, labelOverlap: true, labelSeparation: 18 },
      },
      [narrow ? "y" : "x"]: { aggregate: "count", title: "Trades", axis: { tickMinStep: 1, tickCount: 4 } },
      color: looks.color,
      tooltip: [{ aggregate: "count", title: "trades" }],
    },
  };
  return {
    data: { values: rows },
    transform: [
      { calculate: "datum.p > 0 ? 'profit' : 'loss'", as: "result" },
      { calculate: "datum.s > 0 ? 'long' : 'short'", as: "side" },
      { calculate: "utcFormat(datum.t, '%Y-%m-%d %H:%M')", as: "opened" },
      {
        calculate:
          "datum.h < 2 ? round(60 * datum.h) + ' min' : datum.h < 72 ? format(datum.h, '.3~r') + ' h' : format(datum.h / 24, '.3~r') + ' d'",
        as: "held",
      },
      { calculate: `format(datum.p, '+,.5~r') + ' ${currency.replace(/[^\w ]/g, "")}'`, as: "made" },
    ],
    [narrow ? "vconcat" : "hconcat"]: [scatter, histogram],
    spacing: narrow ? 24 : 28,
    padding: { left: 2, right: 2, top: 6, bottom: 2 },
  } as unknown as TopLevelSpec;
}
