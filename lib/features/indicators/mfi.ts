import { sumLength } from "./block.ts";
import { computeAlone } from "./compute.ts";
import { type Indicator, indicator, type Kernel } from "./indicator.ts";

const kernel: Kernel = ([high, low, close, volume], _, { mfi }) => {
  if (!mfi) return;
  const period = mfi.params.timeperiod;
  const out = mfi.outputs[0];
  const length = close.length;
  const [inflows, outflows] = [new Float64Array(period), new Float64Array(period)];
  let [inflow, outflow, slot, idle] = [0, 0, 0, 0];
  let renew = period + sumLength;
  let before = length > 0 ? (high[0] + low[0] + close[0]) / 3 : 0;
  for (let t = 1; t < length; t++) {
    const price = (high[t] + low[t] + close[t]) / 3;
    const change = price - before;
    const moved = +(Math.abs(change) > 1e-14 * (price + before)); // less is rounding
    before = price;
    const flow = price * volume[t] * moved;
    const entering = flow * +(change > 0);
    inflow = inflow - inflows[slot] + entering;
    outflow = outflow - outflows[slot] + (flow - entering);
    inflows[slot] = entering;
    outflows[slot] = flow - entering;
    if (++slot === period) slot = 0;
    idle = flow === 0 ? idle + 1 : 0;
    if (idle >= period) [inflow, outflow] = [0, 0]; // and not what rounding has left
    if (t === renew) {
      [inflow, outflow] = [0, 0];
      for (let i = 0; i < period; i++) {
        inflow += inflows[i];
        outflow += outflows[i];
      }
      renew += sumLength;
    }
    const all = inflow + outflow;
    out[t] = all > 0 ? 100 * (Math.min(Math.max(inflow, 0), all) / all) : 0;
  }
};

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
