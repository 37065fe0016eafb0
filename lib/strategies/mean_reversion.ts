import { targetStrategy } from "./follow.ts";
import { rsi } from "../features/indicators/mod.ts";
import type { Setting } from "../base/setting.ts";
import type { Strategy } from "./strategy.ts";

/** What mean reversion can be tuned by. */
export const meanReversionSettings = {
  by: { default: "zscore", choices: ["zscore", "rsi"], help: "what measures how far the price has gone" },
  period: { default: 20, min: 2, max: 5000, whole: true, help: "bars of the mean, or of the RSI" },
  entry: { default: 2, min: 0, max: 10, help: "enters beyond this: deviations from the mean, or tens of RSI points" },
  exit: { default: 0, min: -10, max: 10, help: "leaves within this, in the same unit; less than the entry" },
  short: { default: false, help: "whether it also sells what has risen too far" },
} satisfies Readonly<Record<string, Setting>>;

/** A price this near the level is at it: on which side rounding puts it is no reason to stay. */
const ROUNDING = 1e-9;

/**
 * Buys what has fallen `entry` below its usual level and sells it when it is back within `exit`; with `short`, the
 * mirror image too. How far the price has gone is the z-score of the close (mean and population deviation of `period`
 * bars), or how many tens Wilder's RSI is from 50: an entry of 2 buys under RSI 30. Equal weight over assets; nothing is
 * held before the measure exists, and a flat market has none.
 *
 * @throws {RangeError} if `exit` is not less than `entry`
 */
export function meanReversion({ by = "zscore", period = 20, entry = 2, exit = 0, short = false } = {}): Strategy {
  if (!(exit < entry)) {
    throw new RangeError(
      `Cannot make mean_reversion as "exit" must be less than "entry": they are ${exit} and ${entry}`,
    );
  }
  return targetStrategy(({ assets, length }, memo, into) => {
    const K = assets.length;
    for (let k = 0; k < K; k++) {
      const { $close } = assets[k];
      const level = memo(
        `${by} ${k} ${period}`,
        () => by === "rsi" ? rsiLevel($close, period) : zscore($close, period),
      );
      let side = 0;
      for (let t = 0, i = k; t < length; t++, i += K) {
        const z = level[t];
        if (z < -entry) side = 1;
        else if (z > entry) side = short ? -1 : 0;
        else if (side * z >= -exit - ROUNDING) side = 0; // back at the level; NaN keeps the side
        into[i] = side / K;
      }
    }
  });
}

/**
 * Distance of each value from the mean of the last `period`, in their population deviations; NaN before there are as
 * many, and where they do not vary but for rounding. Rolling sums of distances from a level near the window, which is
 * set anew every 32 windows, and where it has got too far away to leave enough digits.
 */
function zscore(values: Float64Array, period: number): Float64Array {
  const out = new Float64Array(values.length).fill(NaN, 0, period - 1);
  const share = 1 / period;
  for (let t = period - 1; t < values.length;) {
    const level = values[t];
    const end = Math.min(values.length, t + 32 * period);
    let sum = 0;
    let squares = 0;
    for (let i = t - period + 1; i <= t; i++) {
      sum += values[i] - level;
      squares += (values[i] - level) * (values[i] - level);
    }
    for (const start = t; t < end; t++) {
      const distance = values[t] - level;
      if (t > start) {
        const leaving = values[t - period] - level;
        sum += distance - leaving;
        squares += (distance - leaving) * (distance + leaving);
      }
      const mean = sum * share;
      const variance = squares * share - mean * mean;
      if (variance < 1e-6 * (squares * share) && t > start) break;
      const deviation = Math.sqrt(variance);
      out[t] = deviation > 1e-9 * values[t] ? (distance - mean) / deviation : NaN;
    }
  }
  return out;
}

function rsiLevel(close: Float64Array, period: number): Float64Array {
  const level = rsi(close, period);
  for (let t = 0; t < level.length; t++) level[t] = (level[t] - 50) / 10;
  return level;
}
