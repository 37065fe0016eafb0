import { computeAlone } from "./compute.ts";
import { type Indicator, indicator, single } from "./indicator.ts";
import { inTurn, type Step, sumLength, workColumn } from "./step.ts";

const kernel = single(([high, low, close, volume], { timeperiod: period }, [out]) => {
  const [inflows, outflows] = [workColumn(close.length), workColumn(close.length)];
  let last = 0;
  const flow: Step = (from, to) => {
    let before = from <= 1 ? (high[0] + low[0] + close[0]) / 3 : last;
    for (let t = Math.max(from, 1); t < to; t++) {
      const price = (high[t] + low[t] + close[t]) / 3;
      const change = price - before;
      const moved = +(Math.abs(change) > 1e-14 * (Math.abs(price) + Math.abs(before))); // less is rounding
      const money = price * volume[t] * moved;
      const entering = money * +(change > 0);
      inflows[t] = entering;
      outflows[t] = money - entering;
      before = price;
    }
    last = before;
  };
  let state = { inflow: 0, outflow: 0, idle: 0, renew: sumLength };
  const compare: Step = (from, to) => {
    let { inflow, outflow, idle, renew } = state;
    renew += from;
    let t = Math.max(from, 1);
    for (const end = Math.min(to, period); t < end; t++) {
      inflow += inflows[t];
      outflow += outflows[t];
      idle = inflows[t] + outflows[t] === 0 ? idle + 1 : 0;
    }
    while (t < to) {
      if (t >= renew) {
        renew = t + sumLength;
        inflow = 0;
        outflow = 0;
        for (let i = t - period + 1; i < t; i++) {
          inflow += inflows[i];
          outflow += outflows[i];
        }
      }
      for (const end = Math.min(to, renew); t < end; t++) {
        inflow += inflows[t];
        outflow += outflows[t];
        idle = inflows[t] + outflows[t] === 0 ? idle + 1 : 0;
        if (idle >= period) { // and not what rounding has left
          inflow = 0;
          outflow = 0;
        }
        const all = inflow + outflow;
        const within = inflow < 0 ? 0 : inflow > all ? all : inflow;
        out[t] = all > 0 ? 100 * (within / all) : 0;
        inflow -= inflows[t - period + 1];
        outflow -= outflows[t - period + 1];
      }
    }
    state = { inflow, outflow, idle, renew: renew - to };
  };
  return inTurn(flow, compare);
});

/** Money flow index, for the table. */
export const mfiIndicators: Record<"mfi", Indicator> = {
  mfi: indicator({
    name: "mfi",
    inputs: ["$high", "$low", "$close", "$volume"],
    params: { timeperiod: 14 },
    limits: { timeperiod: [2, 100_000] },
    outputs: ["mfi"],
    warmup: ({ timeperiod }) => timeperiod,
    kernel,
  }),
};

/**
 * Money flow index, 0..100: of the money (typical price × volume) that flowed in a window, the share that flowed on
 * bars with a risen typical price. 0 in a window without flow.
 *
 * @param high quote currency [T]; `low` and `close` alike
 * @param volume base units [T]
 * @returns [T]; NaN before index `timeperiod`
 * @throws {RangeError} if `timeperiod` is not a whole number from 2 to 100,000
 */
export function mfi(
  high: Float64Array,
  low: Float64Array,
  close: Float64Array,
  volume: Float64Array,
  timeperiod = 14,
): Float64Array {
  return computeAlone(mfiIndicators.mfi, [high, low, close, volume], { timeperiod })[0];
}
