import { computeAlone } from "./compute.ts";
import { type Indicator, indicator, single } from "./indicator.ts";
import { blockLength, inTurn, type Step, workColumn } from "./step.ts";

const kernel = single(([high, low, close], { timeperiod: period }, [out]) => {
  const [prices, means] = [workColumn(close.length), workColumn(close.length)];
  const scale = period / 0.015;
  const deviations = out; // what is divided by stands where the quotient will
  return inTurn(
    (from, to) => {
      for (let t = from; t < to; t++) prices[t] = (high[t] + low[t] + close[t]) / 3;
    },
    meanStep(prices, period, means),
    deviationStep(prices, means, period, deviations),
    (from, to) => {
      for (let t = Math.max(from, period - 1); t < to; t++) {
        const deviation = deviations[t];
        const distance = prices[t] - means[t];
        const rounding = 1e-14 * (Math.abs(prices[t]) + Math.abs(means[t]));
        const varied = Math.abs(distance) > rounding && deviation > rounding;
        out[t] = varied ? distance * scale / deviation : 0;
      }
    },
  );
});

/**
 * The mean of each window. Where the newest price is close to it, the last bits of the mean decide: there it is summed
 * in the order in which TA-Lib sums it, which is that of a ring of `period` places.
 */
function meanStep(prices: Float64Array, period: number, out: Float64Array): Step {
  let passed = 0; // bars so far: more than a step's number says once a column that goes on has been moved back
  const exact = (t: number, moved: number) => {
    let sum = 0;
    const turn = t - (t + moved) % period;
    for (let i = turn; i <= t; i++) sum += prices[i];
    for (let i = t - period + 1; i < turn; i++) sum += prices[i];
    return sum / period;
  };
  let kept = 0;
  return (from, to) => {
    const moved = passed - from;
    passed += to - from;
    let sum = kept;
    for (let t = Math.max(from, period - 1); t < to;) {
      if (t === period - 1 || t % blockLength === 0) {
        sum = 0;
        for (let i = t - period + 1; i < t; i++) sum += prices[i];
      }
      for (const end = Math.min(to, blockOf(t) + blockLength); t < end; t++) {
        sum += prices[t];
        const mean = sum / period;
        out[t] = Math.abs(prices[t] - mean) < 1e-4 * Math.abs(mean) ? exact(t, moved) : mean;
        sum -= prices[t - period + 1];
      }
    }
    kept = sum;
  };
}

/** First bar of the block that `t` is in: where sums begin afresh depends on the index alone, not on the steps taken. */
const blockOf = (t: number) => t - t % blockLength;

/** Sums of the absolute deviations from the mean, for four bars at a time: they have most of their windows in common. */
function deviationStep(prices: Float64Array, means: Float64Array, period: number, out: Float64Array): Step {
  // A bar by itself is summed in its group's order, or the last bits would tell where a step or the data end.
  const alone = (t: number) => {
    const block = Math.max(blockOf(t), period - 1);
    const first = t - (t - block) % 4;
    const mean = means[t];
    let sum = 0;
    if (period > 3) {
      for (let i = first - period + 4; i <= first; i++) sum += Math.abs(prices[i] - mean);
      for (let i = t - period + 1; i <= first - period + 3; i++) sum += Math.abs(prices[i] - mean);
      for (let i = first + 1; i <= t; i++) sum += Math.abs(prices[i] - mean);
    } else {
      for (let i = t - period + 1; i <= t; i++) sum += Math.abs(prices[i] - mean);
    }
    out[t] = sum;
  };
  return (from, to) => {
    let t = Math.max(from, period - 1);
    while (t < to) {
      const block = Math.max(blockOf(t), period - 1);
      const last = Math.min(to, blockOf(t) + blockLength);
      for (; t < last && (t - block) % 4 !== 0; t++) alone(t);
      for (const end = period > 3 ? last - 3 : 0; t < end; t += 4) {
        const mean0 = means[t];
        const mean1 = means[t + 1];
        const mean2 = means[t + 2];
        const mean3 = means[t + 3];
        let sum0 = 0;
        let sum1 = 0;
        let sum2 = 0;
        let sum3 = 0;
        for (let i = t - period + 4; i <= t; i++) {
          const price = prices[i];
          sum0 += Math.abs(price - mean0);
          sum1 += Math.abs(price - mean1);
          sum2 += Math.abs(price - mean2);
          sum3 += Math.abs(price - mean3);
        }
        const old1 = prices[t - period + 1];
        const old2 = prices[t - period + 2];
        const old3 = prices[t - period + 3];
        const new1 = prices[t + 1];
        const new2 = prices[t + 2];
        const new3 = prices[t + 3];
        out[t] = sum0 + Math.abs(old1 - mean0) + Math.abs(old2 - mean0) + Math.abs(old3 - mean0);
        out[t + 1] = sum1 + Math.abs(old2 - mean1) + Math.abs(old3 - mean1) + Math.abs(new1 - mean1);
        out[t + 2] = sum2 + Math.abs(old3 - mean2) + Math.abs(new1 - mean2) + Math.abs(new2 - mean2);
        out[t + 3] = sum3 + Math.abs(new1 - mean3) + Math.abs(new2 - mean3) + Math.abs(new3 - mean3);
      }
      for (; t < last; t++) alone(t);
    }
  };
}

/** Commodity channel index, for the table. */
export const cciIndicators: Record<"cci", Indicator> = {
  cci: indicator({
    name: "cci",
    inputs: ["$high", "$low", "$close"],
    params: { timeperiod: 14 },
    limits: { timeperiod: [2, 100_000] },
    outputs: ["cci"],
    warmup: ({ timeperiod }) => timeperiod - 1,
    kernel,
  }),
};

/**
 * Commodity channel index: distance of the typical price from its mean, in 0.015 mean absolute deviations of the
 * window; 0 in a window without any. Source: Lambert 1980.
 *
 * @param high quote currency [T], as the others
 * @returns [T]; NaN before index `timeperiod - 1`
 * @throws {RangeError} if `timeperiod` is not a whole number from 2 to 100,000
 */
export function cci(high: Float64Array, low: Float64Array, close: Float64Array, timeperiod = 14): Float64Array {
  return computeAlone(cciIndicators.cci, [high, low, close], { timeperiod })[0];
}
