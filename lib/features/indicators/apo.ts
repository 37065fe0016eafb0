import { computeAlone } from "./compute.ts";
import { type Indicator, indicator, type Kernel, type Params } from "./indicator.ts";
import { averageStep, averageWarmup } from "./moving_average.ts";
import { inTurn, spareColumn, type Step, sumLength, workColumn } from "./step.ts";

/** The fast and the slow average, once for both oscillators. */
const kernel: Kernel = ([values], [fastperiod, slowperiod, matype], { apo, ppo }) => {
  const length = values.length;
  const difference = apo?.outputs[0] ?? spareColumn(length);
  const percent = ppo?.outputs[0] ?? spareColumn(length);
  if (matype === 0) return simpleStep(values, fastperiod, slowperiod, difference, percent);
  const [fast, slow] = [workColumn(length), workColumn(length)];
  return inTurn(
    averageStep(values, fastperiod, matype, fast),
    averageStep(values, slowperiod, matype, slow),
    (from, to) => {
      for (let t = from; t < to; t++) {
        const gap = fast[t] - slow[t];
        difference[t] = gap;
        percent[t] = slow[t] !== 0 ? gap / slow[t] * 100 : 0;
      }
    },
  );
};

/** The same with simple averages, in one pass. */
function simpleStep(
  values: Float64Array,
  fastperiod: number,
  slowperiod: number,
  difference: Float64Array,
  percent: Float64Array,
): Step {
  let state = { fast: 0, slow: 0, renew: sumLength };
  return (from, to) => {
    let { fast, slow, renew } = state;
    renew += from;
    let t = from;
    for (const end = Math.min(to, slowperiod - 1); t < end; t++) {
      fast += values[t];
      slow += values[t];
      if (t >= fastperiod - 1) fast -= values[t - fastperiod + 1];
    }
    while (t < to) {
      if (t >= renew) {
        renew = t + sumLength;
        [fast, slow] = [0, 0];
        for (let i = t - fastperiod + 1; i < t; i++) fast += values[i];
        for (let i = t - slowperiod + 1; i < t; i++) slow += values[i];
      }
      for (const end = Math.min(to, renew); t < end; t++) {
        fast += values[t];
        slow += values[t];
        const level = slow / slowperiod;
        const gap = fast / fastperiod - level;
        difference[t] = gap;
        percent[t] = level !== 0 ? gap / level * 100 : 0;
        fast -= values[t - fastperiod + 1];
        slow -= values[t - slowperiod + 1];
      }
    }
    state = { fast, slow, renew: renew - to };
  };
}

const sorted = ({ fastperiod, slowperiod }: Params) => [fastperiod, slowperiod].sort((a, b) => a - b);

function entry(name: string): Indicator {
  return indicator({
    name,
    inputs: ["$close"],
    params: { fastperiod: 12, slowperiod: 26, matype: 0 },
    limits: { fastperiod: [2, 100_000], slowperiod: [2, 100_000] },
    outputs: [name],
    warmup: (params) => averageWarmup(sorted(params)[1], params.matype),
    kernel,
    shares: (params) => [...sorted(params), params.matype],
  });
}

/** Differences of two averages, for the table. */
export const crossingIndicators: Record<"apo" | "ppo", Indicator> = { apo: entry("apo"), ppo: entry("ppo") };

/**
 * Absolute price oscillator: a fast moving average less a slow one. The periods are exchanged if the slow one is the
 * shorter.
 *
 * @param values any series, finite after a start of NaN [T]
 * @param matype kind of the averages, by TA-Lib's number (`averageTypes`); 0 simple, 1 exponential
 * @returns [T]; NaN before the slow average's first value: index `slowperiod - 1` for simple and exponential ones
 * @throws {RangeError} if a period is not a whole number from 2 to 100,000, or `matype` is not known
 */
export function apo(values: Float64Array, fastperiod = 12, slowperiod = 26, matype = 0): Float64Array {
  return computeAlone(crossingIndicators.apo, [values], { fastperiod, slowperiod, matype })[0];
}

/** Percentage price oscillator: `apo` in percent of the slow average; 0 where that is 0. Otherwise as `apo`. */
export function ppo(values: Float64Array, fastperiod = 12, slowperiod = 26, matype = 0): Float64Array {
  return computeAlone(crossingIndicators.ppo, [values], { fastperiod, slowperiod, matype })[0];
}
