import * as ti from "technicalindicators";
import { type Indicator, indicator, type Kernel } from "./indicator.ts";
import { inTurn, type Step, workColumn } from "./step.ts";

/** Prices of a window of bars, oldest first, as the package takes them. */
interface Window {
  readonly open: number[];
  readonly high: number[];
  readonly low: number[];
  readonly close: number[];
}

/** Patterns of the package by the number of bars they look at, of which the bar itself is the last. */
const packaged = {
  1: {
    bearishhammerstick: ti.bearishhammerstick,
    bearishinvertedhammerstick: ti.bearishinvertedhammerstick,
    bearishmarubozu: ti.bearishmarubozu,
    bearishspinningtop: ti.bearishspinningtop,
    bullishhammerstick: ti.bullishhammerstick,
    bullishinvertedhammerstick: ti.bullishinvertedhammerstick,
    bullishmarubozu: ti.bullishmarubozu,
    bullishspinningtop: ti.bullishspinningtop,
    doji: ti.doji,
    dragonflydoji: ti.dragonflydoji,
    gravestonedoji: ti.gravestonedoji,
  },
  2: {
    bearishengulfingpattern: ti.bearishengulfingpattern,
    bearishharami: ti.bearishharami,
    bearishharamicross: ti.bearishharamicross,
    bullishengulfingpattern: ti.bullishengulfingpattern,
    bullishharami: ti.bullishharami,
    bullishharamicross: ti.bullishharamicross,
    darkcloudcover: ti.darkcloudcover,
    piercingline: ti.piercingline,
  },
  3: {
    abandonedbaby: ti.abandonedbaby,
    downsidetasukigap: ti.downsidetasukigap,
    eveningdojistar: ti.eveningdojistar,
    eveningstar: ti.eveningstar,
    morningdojistar: ti.morningdojistar,
    morningstar: ti.morningstar,
    threeblackcrows: ti.threeblackcrows,
    threewhitesoldiers: ti.threewhitesoldiers,
  },
};

type Prices = readonly Float64Array[]; // open, high, low, close
type Condition = (prices: Prices, t: number) => boolean;

const fell = (lag: number): Condition => ([, , , close], t) => close[t - lag] < close[t - 4];
const rose = (lag: number): Condition => ([, , , close], t) => close[t - lag] > close[t - 4];
const endsUp: Condition = ([open, , , close], t) => close[t] > open[t] && close[t] > close[t - 1];
const endsDown: Condition = ([open, , , close], t) => close[t] < open[t] && close[t] < close[t - 1];

const upright = ["bearishhammerstick", "bullishhammerstick"];
const inverted = ["bearishinvertedhammerstick", "bullishinvertedhammerstick"];

/** Conditions on the last five bars, and patterns of which one must have been there `lag` bars ago. */
interface Composed {
  readonly where?: readonly Condition[];
  readonly any?: readonly string[];
  readonly lag?: number;
}

/**
 * Patterns put together of the package's. Its own that come after a trend compare the average gain and loss as text
 * ("9.5" is more than "10.2"), and so see trends where there are none. Here a trend is what the averages would say as
 * numbers: its last close (of the third bar, without confirmation of the fourth) against its first.
 */
const composed: Readonly<Record<string, Composed>> = {
  hammerpattern: { where: [fell(2), endsUp], any: [...upright, ...inverted], lag: 1 },
  hammerpatternunconfirmed: { where: [fell(1)], any: [...upright, ...inverted] },
  hangingman: { where: [rose(2), endsDown], any: upright, lag: 1 },
  hangingmanunconfirmed: { where: [rose(1)], any: upright },
  shootingstar: { where: [rose(2), endsDown], any: inverted, lag: 1 },
  shootingstarunconfirmed: { where: [rose(1)], any: inverted },
  tweezerbottom: { where: [fell(2), ([, , low], t) => low[t] === low[t - 1]] },
  tweezertop: { where: [rose(2), ([, high], t) => high[t] === high[t - 1]] },
  bullish: {
    any: [
      ...["bullishengulfingpattern", "downsidetasukigap", "bullishharami", "bullishharamicross", "morningdojistar"],
      ...["morningstar", "bullishmarubozu", "piercingline", "threewhitesoldiers", "bullishhammerstick"],
      ...["bullishinvertedhammerstick", "hammerpattern", "hammerpatternunconfirmed", "tweezerbottom"],
    ],
  },
  bearish: {
    any: [
      ...["bearishengulfingpattern", "bearishharami", "bearishharamicross", "eveningdojistar", "eveningstar"],
      ...["bearishmarubozu", "threeblackcrows", "bearishhammerstick", "bearishinvertedhammerstick", "hangingman"],
      ...["hangingmanunconfirmed", "shootingstar", "shootingstarunconfirmed", "tweezertop"],
    ],
  },
};

const sizes = new Map<string, number>([
  ...Object.entries(packaged).flatMap(([bars, has]) => Object.keys(has).map((name) => [name, Number(bars)] as const)),
  ...Object.keys(composed).map((name) => [name, 5] as const),
]);

/** Each pattern once, however many are made of it. */
const kernel: Kernel = (prices, _, jobs) => {
  const columns = new Map<string, Float64Array>();
  const steps: Step[] = [];
  const column = (name: string): Float64Array => {
    const known = columns.get(name);
    if (known) return known;
    const out = jobs[`ti.${name}`]?.outputs[0] ?? workColumn(prices[0].length);
    columns.set(name, out);
    const parts = composed[name]?.any?.map(column);
    steps.push(composed[name] ? composedStep(prices, composed[name], parts, out) : packagedStep(prices, name, out));
    return out;
  };
  for (const name of Object.keys(jobs)) column(name.slice("ti.".length));
  return inTurn(...steps);
};

/**
 * Candlestick patterns as `technicalindicators` defines them: 1 at the bar that completes one, else 0.
 *
 * Prices count as equal there when they differ by 0.1 % or less, so on short bars nearly every one is a doji. Most of
 * those of two and three bars want a gap and never come where each bar opens at the last close. Spinning tops are told
 * by their shadows and not by their colour. `ti.bullish` and `ti.bearish` are 1 where any of their kind is.
 */
export const patternIndicators: Readonly<Record<string, Indicator>> = Object.fromEntries(
  [...sizes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, bars]) => [
    `ti.${name}`,
    indicator({
      name: `ti.${name}`,
      inputs: ["$open", "$high", "$low", "$close"],
      params: {},
      outputs: [name],
      warmup: () => bars - 1,
      kernel,
    }),
  ]),
);

function packagedStep(prices: Prices, name: string, out: Float64Array): Step {
  const bars = sizes.get(name)!;
  const has: (window: Window) => boolean = Object.assign({}, ...Object.values(packaged))[name];
  const window: Window = { open: [], high: [], low: [], close: [] };
  const filled = [window.open, window.high, window.low, window.close];
  return (from, to) => {
    for (let t = Math.max(from, bars - 1); t < to; t++) {
      for (let k = 0; k < filled.length; k++) {
        for (let i = 0; i < bars; i++) filled[k][i] = prices[k][t - bars + 1 + i];
      }
      out[t] = has(window) ? 1 : 0;
    }
  };
}

function composedStep(
  prices: Prices,
  { where = [], lag = 0 }: Composed,
  parts: Prices | undefined,
  out: Float64Array,
): Step {
  return (from, to) => {
    for (let t = Math.max(from, 4); t < to; t++) {
      const found = where.every((holds) => holds(prices, t)) && (!parts || parts.some((part) => part[t - lag] === 1));
      out[t] = found ? 1 : 0;
    }
  };
}
