import * as ti from "technicalindicators";
import { extremeStep, slotOf } from "./extreme_at.ts";
import { type Indicator, indicator, type Params, single } from "./indicator.ts";
import { blockLength, inTurn } from "./step.ts";
import { patternIndicators } from "./ti_patterns.ts";

/**
 * What the package `technicalindicators` has beyond TA-Lib's 44, by its own names after `ti.`, fed bar by bar.
 *
 * Left out are what the 44 have, most of which it starts or rounds otherwise; what is no series of its own (Renko bars,
 * Fibonacci levels); the volume profile, which counts the whole series before its first bar; and crossings, whose time
 * grows with the square of the bars.
 */
export const tiIndicators: Readonly<Record<string, Indicator>> = {
  /** Mean of the bars' middles over a short window less that over a long one. Source: Williams 1998. */
  "ti.awesomeoscillator": indicator({
    name: "ti.awesomeoscillator",
    inputs: ["$high", "$low"],
    params: { fastperiod: 5, slowperiod: 34 },
    outputs: ["awesomeoscillator"],
    warmup: ({ fastperiod, slowperiod }) => Math.max(fastperiod, slowperiod) - 1,
    kernel: single(([high, low], { fastperiod: fastPeriod, slowperiod: slowPeriod }, [out]) => {
      const oscillator = new ti.AwesomeOscillator({ fastPeriod, slowPeriod, high: [], low: [] });
      return (from, to) => {
        for (let t = from; t < to; t++) out[t] = oscillator.nextValue({ high: high[t], low: low[t] }) ?? NaN;
      };
    }),
  }),

  /** Stops that hang `multiplier` true ranges below the highest high and above the lowest low. Source: LeBeau. */
  "ti.chandelierexit": indicator({
    name: "ti.chandelierexit",
    inputs: ["$high", "$low", "$close"],
    params: { timeperiod: 22, multiplier: 3 },
    outputs: ["exitLong", "exitShort"],
    warmup: ({ timeperiod }) => timeperiod,
    kernel: single(([high, low, close], { timeperiod: period, multiplier }, [long, short]) => {
      const exit = new ti.ChandelierExit({ period, multiplier, high: [], low: [], close: [] });
      return (from, to) => {
        checkPositive("ti.chandelierexit", from, to, high, low);
        for (let t = from; t < to; t++) {
          const result = exit.nextValue(bar({ high: high[t], low: low[t], close: close[t] }));
          long[t] = result?.exitLong ?? NaN;
          short[t] = result?.exitShort ?? NaN;
        }
      };
    }),
  }),

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

  /** Highest value of a window, of any series: with `$high`, the upper of Donchian's channels. */
  "ti.highest": extreme("highest", "$high"),

  /** Lowest value of a window, of any series. */
  "ti.lowest": extreme("lowest", "$low"),

  /**
   * Ichimoku's lines as they are known at the bar. The cloud that charts draw at bar t is `spanA` and `spanB` of 26 bars
   * before: nothing is displaced here, and the lagging line, which is the close drawn 26 bars back, is left out.
   */
  "ti.ichimokucloud": indicator({
    name: "ti.ichimokucloud",
    inputs: ["$high", "$low"],
    params: { conversionperiod: 9, baseperiod: 26, spanperiod: 52 },
    outputs: ["conversion", "base", "spanA", "spanB"],
    warmup: ({ conversionperiod, baseperiod, spanperiod }) => Math.max(conversionperiod, baseperiod, spanperiod) - 1,
    kernel: single(([high, low], params, [conversion, base, spanA, spanB]) => {
      const { conversionperiod: conversionPeriod, baseperiod: basePeriod, spanperiod: spanPeriod } = params;
      // The package waits for the displacement and does not displace: 1 waits for nothing.
      const periods = { conversionPeriod, basePeriod, spanPeriod, displacement: 1 };
      const cloud = new ti.IchimokuCloud({ ...periods, high: [], low: [] });
      return (from, to) => {
        checkPositive("ti.ichimokucloud", from, to, high, low);
        for (let t = from; t < to; t++) {
          const result = cloud.nextValue({ high: high[t], low: low[t] });
          conversion[t] = result?.conversion ?? NaN;
          base[t] = result?.base ?? NaN;
          spanA[t] = result?.spanA ?? NaN;
          spanB[t] = result?.spanB ?? NaN;
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

  /** "Know sure thing": four smoothed rates of change, the slower the weightier, and its average. Source: Pring 1992. */
  "ti.kst": indicator({
    name: "ti.kst",
    inputs: ["$close"],
    params: {
      ...{ rocperiod1: 10, rocperiod2: 15, rocperiod3: 20, rocperiod4: 30 },
      ...{ smaperiod1: 10, smaperiod2: 10, smaperiod3: 10, smaperiod4: 15 },
      signalperiod: 9,
    },
    outputs: ["kst", "signal"],
    warmup: (p) =>
      Math.max(...[1, 2, 3, 4].map((i) => p[`rocperiod${i}`] + p[`smaperiod${i}`])) - 1 + p.signalperiod - 1,
    kernel: single(([values], params, [out, signal]) => {
      const { rocperiod1, rocperiod2, rocperiod3, rocperiod4, signalperiod } = params;
      const { smaperiod1, smaperiod2, smaperiod3, smaperiod4 } = params;
      const kst = new ti.KST({
        ...{ ROCPer1: rocperiod1, ROCPer2: rocperiod2, ROCPer3: rocperiod3, ROCPer4: rocperiod4 },
        ...{ SMAROCPer1: smaperiod1, SMAROCPer2: smaperiod2, SMAROCPer3: smaperiod3, SMAROCPer4: smaperiod4 },
        signalPeriod: signalperiod,
        values: [],
      });
      return (from, to) => {
        checkPositive("ti.kst", from, to, values);
        for (let t = from; t < to; t++) {
          const result = kst.nextValue(values[t]);
          out[t] = result?.kst ?? NaN;
          signal[t] = result?.signal ?? 0; // the package has none where it is 0
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

/** Found by `extremeStep`: the package's own search begins and ends at a 0, so that it fails where volume or RSI is 0. */
function extreme(name: "highest" | "lowest", input: string): Indicator {
  return indicator({
    name: `ti.${name}`,
    inputs: [input],
    params: { timeperiod: 20 },
    outputs: [name],
    warmup: ({ timeperiod }) => timeperiod - 1,
    kernel: single(([values], { timeperiod }, [out]) => {
      const at = new Int32Array(blockLength);
      const find = extremeStep(values, name === "highest" ? 1 : -1, timeperiod, at);
      return inTurn(find, (from, to) => {
        for (let t = Math.max(from, timeperiod - 1); t < to; t++) out[t] = values[at[t & slotOf]];
      });
    }),
  });
}

/** The package's types ask of a bar what only the opening of an indicator needs. */
function bar<Tick>(prices: { readonly high: number; readonly low: number; readonly close: number }): Tick {
  return prices as Tick;
}

/** The package's windows begin with a highest value of 0 and end their search at one; its rates divide by it. */
function checkPositive(name: string, from: number, to: number, ...columns: readonly Float64Array[]): void {
  for (const column of columns) {
    for (let t = from; t < to; t++) {
      if (column[t] > 0) continue;
      throw new RangeError(`Cannot compute ${name} as its values must be above 0: current value is ${column[t]}`);
    }
  }
}
