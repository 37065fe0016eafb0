import { computeAlone } from "./compute.ts";
import { type Indicator, indicator, single } from "./indicator.ts";

/**
 * The stop rises (falls) towards the extreme of the trade, faster with each new extreme, but never into the range of
 * the last two bars; touched, it turns and starts from the extreme. The first trade is short if the second bar's low
 * fell by more than its high rose.
 */
const kernel = single(([high, low], { acceleration: given, maximum }, [out]) => {
  const acceleration = Math.min(given, maximum);
  let state = { long: true, stop: 0, extreme: 0, pace: acceleration, top: 0, bottom: 0 };
  return (from, to) => {
    let { long, stop, extreme, pace, top, bottom } = state; // `top` and `bottom`: of the bar before
    if (from <= 1 && to > 1) {
      const fall = low[0] - low[1];
      long = !(fall > 0 && fall > high[1] - high[0]);
      extreme = long ? high[1] : low[1];
      stop = long ? low[0] : high[0];
      top = high[1]; // the first bar has done its part
      bottom = low[1];
    }
    for (let t = Math.max(from, 1); t < to; t++) {
      const newTop = high[t];
      const newBottom = low[t];
      if (long) {
        if (newBottom <= stop) {
          long = false;
          stop = Math.max(extreme, top, newTop);
          out[t] = stop;
          extreme = newBottom;
          pace = acceleration;
          stop = Math.max(stop + pace * (extreme - stop), top, newTop);
        } else {
          out[t] = stop;
          if (newTop > extreme) {
            extreme = newTop;
            pace += acceleration;
            if (pace > maximum) pace = maximum;
          }
          stop += pace * (extreme - stop);
          if (stop > bottom) stop = bottom;
          if (stop > newBottom) stop = newBottom;
        }
      } else if (newTop >= stop) {
        long = true;
        stop = Math.min(extreme, bottom, newBottom);
        out[t] = stop;
        extreme = newTop;
        pace = acceleration;
        stop = Math.min(stop + pace * (extreme - stop), bottom, newBottom);
      } else {
        out[t] = stop;
        if (newBottom < extreme) {
          extreme = newBottom;
          pace += acceleration;
          if (pace > maximum) pace = maximum;
        }
        stop += pace * (extreme - stop);
        if (stop < top) stop = top;
        if (stop < newTop) stop = newTop;
      }
      top = newTop;
      bottom = newBottom;
    }
    state = { long, stop, extreme, pace, top, bottom };
  };
});

/** Parabolic stop and reverse, for the table. */
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
