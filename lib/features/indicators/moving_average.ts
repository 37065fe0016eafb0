import { averageTypes } from "./average_types.ts";
import { exponentialStep } from "./ema.ts";
import { copyStep, kamaStep } from "./kama.ts";
import { smaStep } from "./sma.ts";
import type { Step } from "./step.ts";
import { t3Step } from "./t3.ts";
import { trimaStep } from "./trima.ts";
import { wmaStep } from "./wma.ts";

/** Index of the first value of a moving average of TA-Lib's number `matype`. With a period of 1 it is a copy. */
export function averageWarmup(period: number, matype: number): number {
  if (period === 1) return 0;
  const lag = period - 1;
  return { DEMA: 2 * lag, TEMA: 3 * lag, KAMA: period, T3: 6 * lag }[averageTypes[matype]] ?? lag;
}

/** Writes the moving average of TA-Lib's number `matype` (`averageTypes`) to `out`, from its warm-up on. */
export function averageStep(values: Float64Array, period: number, matype: number, out: Float64Array): Step {
  if (period === 1) return copyStep(values, out);
  switch (averageTypes[matype]) {
    case "SMA":
      return smaStep(values, period, out);
    case "EMA":
      return exponentialStep(values, period, { single: out });
    case "WMA":
      return wmaStep(values, period, out);
    case "DEMA":
      return exponentialStep(values, period, { double: out });
    case "TEMA":
      return exponentialStep(values, period, { triple: out });
    case "TRIMA":
      return trimaStep(values, period, out);
    case "KAMA":
      return kamaStep(values, period, out);
    case "T3":
      return t3Step(values, period, 0.7, out);
  }
  throw new RangeError(`Cannot average as matype must be one of TA-Lib's: current value is ${matype}`);
}
