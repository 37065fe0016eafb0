import { averageTypes } from "./average_types.ts";
import { fillExponential } from "./ema.ts";
import { fillKama } from "./kama.ts";
import { fillSma } from "./sma.ts";
import { fillT3 } from "./t3.ts";
import { fillTrima } from "./trima.ts";
import { fillWma } from "./wma.ts";

/** Index of the first value of a moving average of TA-Lib's number `matype`. With a period of 1 it is a copy. */
export function averageWarmup(period: number, matype: number): number {
  if (period === 1) return 0;
  const lag = period - 1;
  return { DEMA: 2 * lag, TEMA: 3 * lag, KAMA: period, T3: 6 * lag }[averageTypes[matype]] ?? lag;
}

/** Writes the moving average of TA-Lib's number `matype` (`averageTypes`) to `out`, from its warm-up on. */
export function fillAverage(values: Float64Array, period: number, matype: number, out: Float64Array): void {
  if (period === 1) return out.set(values);
  switch (averageTypes[matype]) {
    case "SMA":
      return fillSma(values, period, out);
    case "EMA":
      return fillExponential(values, period, { single: out });
    case "WMA":
      return fillWma(values, period, out);
    case "DEMA":
      return fillExponential(values, period, { double: out });
    case "TEMA":
      return fillExponential(values, period, { triple: out });
    case "TRIMA":
      return fillTrima(values, period, out);
    case "KAMA":
      return fillKama(values, period, out);
    case "T3":
      return fillT3(values, period, 0.7, out);
  }
  throw new RangeError(`Cannot average as matype must be one of TA-Lib's: current value is ${matype}`);
}
