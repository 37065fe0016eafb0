import { computeAlone } from "./compute.ts";
import { type Indicator, indicator, type Kernel } from "./indicator.ts";

/**
 * The stop rises (falls) towards the extreme of the trade, faster with each new extreme, but never into the range of
 * the last two bars; touched, it turns and starts from the extreme. The first trade is short if the second bar's low
 * fell by more than its high rose.
 */
const kernel: Kernel = ([high, low], _, { sar: job }) => {
  if (!job || high.length < 2) return;
  const { maximum } = job.params;
  const acceleration = Math.min(job.params.acceleration, maximum);
  const out = job.outputs[0];
  const fall = low[0] - low[1];
  let long = !(fall > 0 && fall > high[1] - high[0]);
  let pace = acceleration;
  let extreme = long ? high[1] : low[1];
  let stop = long ? low[0] : high[0];
  for (let t = 1; t < high.length; t++) {
    const before = t === 1 ? 1 : t - 1; // the first bar's range has done its part as the first stop
    const top = Math.max(high[before], high[t]);
    const bottom = Math.min(low[before], low[t]);
    const touched = long ? low[t] <= stop : high[t] >= stop;
    if (touched) {
      long = !long;
      stop = long ? Math.min(extreme, bottom) : Math.max(extreme, top);
      out[t] = stop;
      pace = acceleration;
      extreme = long ? high[t] : low[t];
    } else {
      out[t] = stop;
      if (long ? high[t] > extreme : low[t] < extreme) {
        extreme = long ? high[t] : low[t];
        pace = Math.min(pace + acceleration, maximum);
      }
    }
    stop += pace * (extreme - stop);
    stop = long ? Math.min(stop, bottom) : Math.max(stop, top);
  }
};

export const sarIndicators: Record<"sar", Indicator> = {
  sar: indicator({
    name: "sar",
    inputs: ["$high", "$low"],
    params: { acceleration: 0.02, maximum: 0.2 },
    outputs: ["sar"],
    warmup: () => 1,
    kernel,
  }),
};

/**
 * Wilder's parabolic stop and reverse, a price: below the bars in a long trade, above them in a short one.
 * Source: Wilder 1978, sec. II; the first trade as in TA-Lib.
 *
 * @param high quote currency [T]
 * @param low quote currency [T]
 * @param acceleration by how much each new extreme quickens the stop, and its first pace
 * @param maximum fastest pace
 * @returns [T]; NaN before index 1
 * @throws {RangeError} if `acceleration` or `maximum` is negative
 */
export function sar(high: Float64Array, low: Float64Array, acceleration = 0.02, maximum = 0.2): Float64Array {
  return computeAlone(sarIndicators.sar, [high, low], { acceleration, maximum })[0];
}
