import * as Plot from "@observablehq/plot";
import { type Figure, figure } from "../figure.ts";
import { between, capital, count, date, money, number } from "../format.ts";
import { stackSvg } from "../svg.ts";
import { color } from "../theme.ts";
import { isNarrow, type KeyItem, keyRow, leftOf, padded, panel, round, wantsLog, withHover } from "./frame.ts";
import { checkLengths, type OwnText, type Period, type TradeMark } from "./inputs.ts";
import { closeInRange, rangeOf } from "./price_and_volume.ts";
import { stretches } from "./thin.ts";

/** Bars of a price and what was traded on them. */
export interface PriceWithTradesInput {
  readonly time: ArrayLike<number>; // [T] ms UTC
  readonly open?: ArrayLike<number>; // [T]; with it few bars are drawn as candlesticks
  readonly high: ArrayLike<number>;
  readonly low: ArrayLike<number>;
  readonly close: ArrayLike<number>;
  readonly trades: readonly TradeMark[];
  readonly symbol: string; // "BTC/USD"
  readonly periods?: readonly Period[];
}

/** More trades than this are drawn as a ribbon of positions only: markers would hide the price. */
const MARKERS = 150;
/** More bars than this are drawn as a line in its range: candlesticks would be thinner than a phone can show. */
const CANDLES = 110;

/**
 * Price with its trades: a triangle up where a long opens, down where a short opens, a circle where it closes, full
 * for a profit and hollow for a loss; under it a ribbon of the position held. Many bars become a line in its range.
 */
export function priceWithTrades(input: PriceWithTradesInput, text: OwnText = {}): Figure {
  const { time, trades, symbol } = input;
  checkLengths("price with trades", time.length, [{ name: "close", values: input.close }]);
  const wins = trades.filter((trade) => trade.profit > 0).length;
  const closed = trades.filter((trade) => Number.isFinite(trade.exitTime)).length;
  const draw = (width: number) => {
    const key = keyRow(width, keyOf(trades));
    return stackSvg([key, pricePanel(input, width), ribbon(input, width)]);
  };
  const quote = symbol.split("/")[1] ?? "";
  const profit = trades.reduce((sum, trade) => sum + trade.profit, 0);
  const summary = trades.length === 0
    ? "no trades"
    : `${count(trades.length, "trade")}, ${closed} closed, ${wins} with a profit, together ${
      money(profit, quote, { sign: true })
    }`;
  return figure(draw, {
    title: `${symbol} and what was traded, ${between(time[0], time[time.length - 1])}`,
    caption: trades.length > MARKERS
      ? `${summary}. With so many, each is a stretch of the ribbon under the price.`
      : `${capital(summary)}.${
        input.open && time.length <= CANDLES ? " Candles are hollow where the price rose, full where it fell." : ""
      }`,
    alt: `Chart of the price of ${symbol} with its trades marked: ${summary}.`,
    wide: true,
    ...text,
  });
}

function pricePanel(
  { time, open, high, low, close, trades, symbol, periods = [] }: PriceWithTradesInput,
  width: number,
): string {
  const narrow = isNarrow(width);
  const height = narrow ? 270 : 380;
  const domain = [time[0], time[time.length - 1]] as const;
  const range = rangeOf(low, high, close);
  const kind = wantsLog(range) ? "log" : "linear";

  const drawn = panel({
    width,
    height,
    x: { domain, kind: "time" },
    y: {
      domain: padded(range, 0.06, kind),
      kind,
      label: `${symbol.split("/")[1] ?? "Price"}${kind === "log" ? " (log)" : ""}`,
    },
    marks: [
      ...(open && time.length <= CANDLES
        ? candlesticks(time, open, high, low, close)
        : closeInRange(time, high, low, close, width)),
      ...(trades.length <= MARKERS ? tradeMarks(trades, narrow) : []),
    ],
    periods,
    xLabels: false,
    right: narrow ? 10 : 14,
  });
  const bands = stretches(time.length, 120).map(({ from, to }) => ({
    from: time[from],
    to: time[Math.min(to, time.length - 1)],
    title: hoverText(time, low, high, close, from, to),
  }));
  return withHover(drawn, bands, { width, height: height - 32, top: 24, right: 14, domain });
}

function hoverText(
  time: ArrayLike<number>,
  low: ArrayLike<number>,
  high: ArrayLike<number>,
  close: ArrayLike<number>,
  from: number,
  to: number,
): string {
  let [least, most] = [Infinity, -Infinity];
  for (let t = from; t < to; t++) [least, most] = [Math.min(least, low[t]), Math.max(most, high[t])];
  const when = to - from > 1 ? `${date(time[from])} … ${date(time[to - 1])}` : date(time[from]);
  return `${when}\nclose ${number(close[to - 1])}\nlow ${number(least)}, high ${number(most)}`;
}

/** Hollow where the close is above the open, full where below. */
function candlesticks(
  time: ArrayLike<number>,
  open: ArrayLike<number>,
  high: ArrayLike<number>,
  low: ArrayLike<number>,
  close: ArrayLike<number>,
): Plot.Markish[] {
  const bars = Array.from({ length: time.length }, (_, t) => t);
  const half = time.length > 1 ? (time[1] - time[0]) * 0.33 : 1;
  return [
    Plot.ruleX(bars, {
      x: (t) => time[t],
      y1: (t) => low[t],
      y2: (t) => high[t],
      stroke: color("ink"),
      strokeWidth: 0.8,
    }),
    Plot.rect(bars, {
      x1: (t) => time[t] - half,
      x2: (t) => time[t] + half,
      y1: (t) => open[t],
      y2: (t) => close[t],
      fill: (t) => color(close[t] >= open[t] ? "paper" : "ink"),
      stroke: color("ink"),
      strokeWidth: 0.8,
    }),
  ];
}

function tradeMarks(trades: readonly TradeMark[], narrow: boolean): Plot.Markish[] {
  const r = narrow ? 3.5 : 4.5;
  const closed = trades.filter((trade) => Number.isFinite(trade.exitTime));
  return [
    ...[true, false].map((won) =>
      Plot.link(closed.filter((trade) => trade.profit > 0 === won), {
        className: "over",
        x1: "entryTime",
        y1: "entryPrice",
        x2: "exitTime",
        y2: "exitPrice",
        stroke: color(won ? "gain" : "loss"),
        strokeWidth: 1.2,
        strokeDasharray: won ? "none" : "3 2",
      })
    ),
    ...([1, -1] as const).map((side) =>
      Plot.dot(trades.filter((trade) => trade.side === side), {
        className: "over",
        x: "entryTime",
        y: "entryPrice",
        symbol: "triangle",
        rotate: side === 1 ? 0 : 180,
        r,
        fill: color(side === 1 ? "long" : "short"),
        stroke: color("paper"),
        strokeWidth: 1,
        title: (trade: TradeMark) => tradeText(trade),
      })
    ),
    Plot.dot(closed, {
      className: "over",
      x: "exitTime",
      y: "exitPrice",
      r: r * 0.8,
      fill: (trade: TradeMark) => color(trade.profit > 0 ? "gain" : "paper"),
      stroke: (trade: TradeMark) => color(trade.profit > 0 ? "gain" : "loss"),
      strokeWidth: 1.5,
      title: (trade: TradeMark) => tradeText(trade),
    }),
  ];
}

function tradeText(trade: TradeMark): string {
  const exit = Number.isFinite(trade.exitTime) ? `${date(trade.exitTime)} at ${number(trade.exitPrice)}` : "still open";
  return `${trade.side === 1 ? "long" : "short"} from ${date(trade.entryTime)} at ${
    number(trade.entryPrice)
  }\nto ${exit}\nprofit ${number(trade.profit, { sign: true })}`;
}

/** What was held over time: long above the line, short below. One path a side, as there may be thousands of trades. */
function ribbon({ time, trades }: PriceWithTradesInput, width: number): string {
  const right = isNarrow(width) ? 10 : 14;
  const domain = [time[0], time[time.length - 1]] as const;
  const empty = panel({
    width,
    height: 74,
    top: 8,
    x: { domain, kind: "time" },
    y: { domain: [-1, 1], ticks: [-1, 1], format: (side) => (side > 0 ? "long" : "short") },
    marks: [],
    zero: 0,
    right,
  });
  const left = leftOf(width);
  const x = (at: number) => left + ((at - domain[0]) / (domain[1] - domain[0] || 1)) * (width - left - right);
  const path = (side: 1 | -1) =>
    trades.filter((trade) => trade.side === side).map((trade) => {
      const from = x(trade.entryTime);
      const to = Math.max(from + 0.5, x(Number.isFinite(trade.exitTime) ? trade.exitTime : domain[1]));
      return `M${round(from)},24V${24 - 16 * side}H${round(to)}V24z`;
    }).join("");
  const held = `<path d="${path(1)}" fill="${color("long")}"/><path d="${path(-1)}" fill="${color("short")}"/>`;
  return empty.replace(/<\/svg>$/, `${held}</svg>`);
}

function keyOf(trades: readonly TradeMark[]): KeyItem[] {
  if (trades.length > MARKERS) {
    return [{ text: "close", stroke: color("ink") }, { text: "from low to high", fill: color("grid") }];
  }
  return [
    { text: "close", stroke: color("ink") },
    { text: "▲ long opens" },
    { text: "▼ short opens" },
    { text: "● closed with profit", stroke: color("gain") },
    { text: "○ closed with loss", stroke: color("loss"), strokeDasharray: "3 2" },
  ];
}
