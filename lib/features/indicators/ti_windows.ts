import { blockLength, inTurn, later, type Step, workColumn } from "./step.ts";
import { extremeStep, slotOf } from "./extreme_at.ts";
import { type Indicator, indicator, type Params, single } from "./indicator.ts";
import { movementIndicators } from "./movement.ts";
import { smaStep } from "./sma.ts";

/**
 * Indicators of windows as `technicalindicators` defines them, computed by our own means: its windows are lists that
 * keep every bar they have seen (a gigabyte for Ichimoku's of a million bars), take 0 for the first highest value and
 * end the search at one, and its means drift.
 */
export const windowIndicators: Readonly<Record<string, Indicator>> = {
  /** Mean of the bars' middles over a short window less that over a long one. Source: Williams 1998. */
  "ti.awesomeoscillator": indicator({
    name: "ti.awesomeoscillator",
    inputs: ["$high", "$low"],
    params: { fastperiod: 5, slowperiod: 34 },
    outputs: ["awesomeoscillator"],
    warmup: ({ fastperiod, slowperiod }) => Math.max(fastperiod, slowperiod) - 1,
    kernel: single(([high, low], { fastperiod, slowperiod }, [out]) => {
      const [middles, fast, slow] = [high, high, high].map(({ length }) => workColumn(length));
      return inTurn(
        (from, to) => {
          for (let t = from; t < to; t++) middles[t] = (high[t] + low[t]) / 2;
        },
        smaStep(middles, fastperiod, fast),
        smaStep(middles, slowperiod, slow),
        (from, to) => {
          for (let t = from; t < to; t++) out[t] = fast[t] - slow[t];
        },
      );
    }),
  }),

  /** Stops that hang `multiplier` true ranges below the highest high and above the lowest low. Source: LeBeau. */
  "ti.chandelierexit": indicator({
    name: "ti.chandelierexit",
    inputs: ["$high", "$low", "$close"],
    params: { timeperiod: 22, multiplier: 3 },
    outputs: ["exitLong", "exitShort"],
    warmup: ({ timeperiod }) => timeperiod,
    kernel: single((columns, params, [long, short]) => {
      const { timeperiod, multiplier } = params;
      const [high, low] = columns;
      const ranges = workColumn(high.length);
      return inTurn(
        movementIndicators.atr.kernel(columns, [timeperiod], { atr: { params, outputs: [ranges] } }),
        windowStep(high, 1, timeperiod, long),
        windowStep(low, -1, timeperiod, short),
        (from, to) => {
          for (let t = from; t < to; t++) {
            long[t] -= multiplier * ranges[t];
            short[t] += multiplier * ranges[t];
          }
        },
      );
    }),
  }),

  /** Highest value of a window, of any series: with `$high`, the upper of Donchian's channels. */
  "ti.highest": extreme("highest", "$high", 1),

  /** Lowest value of a window, of any series. */
  "ti.lowest": extreme("lowest", "$low", -1),

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
      const bottoms = workColumn(low.length);
      const middle = (period: number, out: Float64Array) =>
        inTurn(windowStep(high, 1, period, out), windowStep(low, -1, period, bottoms), (from, to) => {
          for (let t = from; t < to; t++) out[t] = (out[t] + bottoms[t]) / 2;
        });
      return inTurn(
        middle(params.conversionperiod, conversion),
        middle(params.baseperiod, base),
        middle(params.spanperiod, spanB),
        (from, to) => {
          for (let t = from; t < to; t++) spanA[t] = (conversion[t] + base[t]) / 2;
        },
      );
    }),
  }),

  /**
   * "Know sure thing": four smoothed rates of change, the slower the weightier, and its average. A rate from 0 counts as
   * 0, as with `roc`. Source: Pring 1992.
   */
  "ti.kst": indicator({
    name: "ti.kst",
    inputs: ["$close"],
    params: {
      ...{ rocperiod1: 10, rocperiod2: 15, rocperiod3: 20, rocperiod4: 30 },
      ...{ smaperiod1: 10, smaperiod2: 10, smaperiod3: 10, smaperiod4: 15 },
      signalperiod: 9,
    },
    outputs: ["kst", "signal"],
    warmup: (params) => surestBar(params) + params.signalperiod - 1,
    kernel: single(([values], params, [out, signal]) => {
      const smooth = workColumn(values.length);
      const first = surestBar(params);
      return inTurn(
        (from, to) => out.fill(0, from, to),
        ...[1, 2, 3, 4].map((weight) => {
          const [lag, period] = [params[`rocperiod${weight}`], params[`smaperiod${weight}`]];
          const rates = workColumn(values.length);
          return inTurn(
            rateStep(values, lag, rates),
            later(lag, smaStep(rates.subarray(lag), period, smooth.subarray(lag))),
            (from, to) => {
              for (let t = from; t < to; t++) out[t] += weight * smooth[t];
            },
          );
        }),
        later(first, smaStep(out.subarray(first), params.signalperiod, signal.subarray(first))),
      );
    }),
  }),
};

/** The bar from which on KST itself is known. */
function surestBar(params: Params): number {
  return Math.max(...[1, 2, 3, 4].map((i) => params[`rocperiod${i}`] + params[`smaperiod${i}`])) - 1;
}

function rateStep(values: Float64Array, lag: number, out: Float64Array): Step {
  return (from, to) => {
    for (let t = Math.max(from, lag); t < to; t++) {
      const before = values[t - lag];
      out[t] = before !== 0 ? (values[t] - before) / before * 100 : 0;
    }
  };
}

function extreme(name: string, input: string, sign: 1 | -1): Indicator {
  return indicator({
    name: `ti.${name}`,
    inputs: [input],
    params: { timeperiod: 20 },
    outputs: [name],
    warmup: ({ timeperiod }) => timeperiod - 1,
    kernel: single(([values], { timeperiod }, [out]) => windowStep(values, sign, timeperiod, out)),
  });
}

/** Writes the highest (`sign` 1) or lowest (−1) of the last `period` values to `out`, from index `period - 1` on. */
function windowStep(values: Float64Array, sign: 1 | -1, period: number, out: Float64Array): Step {
  const at = new Int32Array(blockLength);
  return inTurn(extremeStep(values, sign, period, at), (from, to) => {
    for (let t = Math.max(from, period - 1); t < to; t++) out[t] = values[at[t & slotOf]];
  });
}
