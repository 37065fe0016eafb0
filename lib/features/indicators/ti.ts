import * as ti from "technicalindicators";
import { type Indicator, indicator, type Params, single } from "./indicator.ts";
import { patternIndicators } from "./ti_patterns.ts";
import { windowIndicators } from "./ti_windows.ts";

/**
 * What the package `technicalindicators` has beyond TA-Lib's 44, by its own names after `ti.`: candlestick patterns and,
 * here, what it computes from bar to bar. Windows are in `ti_windows.ts`.
 *
 * Left out are what the 44 have, most of which it starts or rounds otherwise; what is no series of its own (Renko bars,
 * Fibonacci levels); the volume profile, which counts the whole series before its first bar; and crossings, whose time
 * grows with the square of the bars.
 */
export const tiIndicators: Readonly<Record<string, Indicator>> = {
  /** Exponential average of the change of price times volume. Source: Elder 1993. */
  "ti.forceindex": indicator({
    name: "ti.forceindex",
    inputs: ["$close", "$volume"],
    params: { timeperiod: 13 },
    outputs: ["forceindex"],
    warmup: ({ timeperiod }) => timeperiod,
    kernel: single(([close, volume], { timeperiod: period }, [out]) => {
      const force = new ti.ForceIndex({ period, close: [], volume: [] });
      return (from, to) => {
        for (let t = from; t < to; t++) out[t] = force.nextValue({ close: close[t], volume: volume[t] }) ?? NaN;
      };
    }),
  }),

  /** Heikin-Ashi bars: open half way through the bar before, close at the mean of the four prices. */
  "ti.heikinashi": indicator({
    name: "ti.heikinashi",
    inputs: ["$open", "$high", "$low", "$close"],
    params: {},
    outputs: ["open", "high", "low", "close"],
    warmup: () => 0,
    kernel: single(([open, high, low, close], _, [outOpen, outHigh, outLow, outClose]) => {
      const smooth = new ti.HeikinAshi({ open: [], high: [], low: [], close: [] });
      return (from, to) => {
        for (let t = from; t < to; t++) {
          const result = smooth.nextValue({ open: open[t], high: high[t], low: low[t], close: close[t] });
          outOpen[t] = result?.open ?? NaN;
          outHigh[t] = result?.high ?? NaN;
          outLow[t] = result?.low ?? NaN;
          outClose[t] = result?.close ?? NaN;
        }
      };
    }),
  }),

  /** An exponential average, and `multiplier` true ranges above and below it. Source: Keltner 1960, as Raschke has it. */
  "ti.keltnerchannels": indicator({
    name: "ti.keltnerchannels",
    inputs: ["$high", "$low", "$close"],
    params: { maperiod: 20, atrperiod: 10, multiplier: 1 },
    outputs: ["upper", "middle", "lower"],
    warmup: ({ maperiod, atrperiod }) => Math.max(maperiod - 1, atrperiod),
    kernel: single(([high, low, close], params, [upper, middle, lower]) => {
      const { maperiod: maPeriod, atrperiod: atrPeriod, multiplier } = params;
      const options = { maPeriod, atrPeriod, multiplier, useSMA: false };
      const channels = new ti.KeltnerChannels({ ...options, high: [], low: [], close: [] });
      return (from, to) => {
        for (let t = from; t < to; t++) {
          const result = channels.nextValue(bar({ high: high[t], low: low[t], close: close[t] }));
          upper[t] = result?.upper ?? NaN;
          middle[t] = result?.middle ?? NaN;
          lower[t] = result?.lower ?? NaN;
        }
      };
    }),
  }),

  /** Wilder's average of the rises from bar to bar: what RSI sets against that of the falls. */
  "ti.averagegain": average("averagegain", ti.AverageGain, ({ timeperiod }) => timeperiod),

  /** Wilder's average of the falls from bar to bar, as positive numbers. */
  "ti.averageloss": average("averageloss", ti.AverageLoss, ({ timeperiod }) => timeperiod),

  /** Wilder's moving average: each value counts for 1/`timeperiod`. */
  "ti.wema": average("wema", ti.WEMA, ({ timeperiod }) => timeperiod - 1),

  /**
   * Volume-weighted average price of all bars since the first: a level that depends on where the data start, as OBV. The
   * bar's own price until something is traded. For one of a window: `sma(20, $close*$volume)/sma(20, $volume)`.
   */
  "ti.vwap": indicator({
    name: "ti.vwap",
    inputs: ["$high", "$low", "$close", "$volume"],
    params: {},
    outputs: ["vwap"],
    warmup: () => 0,
    kernel: single(([high, low, close, volume], _, [out]) => {
      const average = new ti.VWAP({ high: [], low: [], close: [], volume: [] });
      return (from, to) => {
        for (let t = from; t < to; t++) {
          const tick = { high: high[t], low: low[t], close: close[t], volume: volume[t] };
          const price = average.nextValue(tick) ?? NaN;
          out[t] = Number.isNaN(price) ? (tick.high + tick.low + tick.close) / 3 : price; // 0 / 0
        }
      };
    }),
  }),

  ...windowIndicators,
  ...patternIndicators,
};

interface Average {
  new (input: { period: number; values: number[] }): { nextValue(value: number): number | undefined };
}

/** An indicator of one series and one period. */
function average(name: string, Average: Average, warmup: (params: Params) => number): Indicator {
  return indicator({
    name: `ti.${name}`,
    inputs: ["$close"],
    params: { timeperiod: 14 },
    outputs: [name],
    warmup,
    kernel: single(([values], { timeperiod: period }, [out]) => {
      const average = new Average({ period, values: [] });
      return (from, to) => {
        for (let t = from; t < to; t++) out[t] = average.nextValue(values[t]) ?? NaN;
      };
    }),
  });
}

/** The package's types ask of a bar what only the opening of an indicator needs. */
function bar<Tick>(prices: { readonly high: number; readonly low: number; readonly close: number }): Tick {
  return prices as Tick;
}
