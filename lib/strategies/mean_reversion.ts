import { targetStrategy } from "./follow.ts";
import { rsi, sma, stddev } from "../features/indicators/mod.ts";
import type { Setting } from "./setting.ts";
import type { Strategy } from "./strategy.ts";

export const meanReversionSettings = {
  by: { default: "zscore", choices: ["zscore", "rsi"], help: "what measures how far the price has gone" },
  period: { default: 20, min: 2, max: 5000, whole: true, help: "bars of the mean, or of the RSI" },
  entry: { default: 2, min: 0, max: 10, help: "enters beyond this: deviations from the mean, or tens of RSI points" },
  exit: { default: 0, min: -10, max: 10, help: "leaves within this, in the same unit; less than the entry" },
  short: { default: false, help: "whether it also sells what has risen too far" },
} satisfies Readonly<Record<string, Setting>>;

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
        else if (side * z >= -exit) side = 0; // back at the level; NaN keeps the side
        into[i] = side / K;
      }
    }
  });
}

/** NaN where the close does not vary: what is left then is rounding. */
function zscore(close: Float64Array, period: number): Float64Array {
  const mean = sma(close, period);
  const deviation = stddev(close, period);
  return mean.map((level, t) => deviation[t] > 1e-9 * level ? (close[t] - level) / deviation[t] : NaN);
}

function rsiLevel(close: Float64Array, period: number): Float64Array {
  return rsi(close, period).map((value) => (value - 50) / 10);
}
