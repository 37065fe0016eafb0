import { didYouMean } from "../../base/suggest.ts";
import type { Candles } from "../../market/candles.ts";
import { crossingIndicators } from "./apo.ts";
import { bandIndicators } from "./bands.ts";
import { cciIndicators } from "./cci.ts";
import { computeCalls } from "./compute.ts";
import { correlIndicators } from "./correl.ts";
import { exponentialIndicators } from "./ema.ts";
import { extremeIndicators } from "./extremes.ts";
import { cycleIndicators } from "./ht_dcperiod.ts";
import type { Indicator, Params } from "./indicator.ts";
import { kamaIndicators } from "./kama.ts";
import { regressionIndicators } from "./linear_regression.ts";
import { macdIndicators } from "./macd.ts";
import { mfiIndicators } from "./mfi.ts";
import { momentumIndicators } from "./momentum.ts";
import { movementIndicators } from "./movement.ts";
import { strengthIndicators } from "./rsi.ts";
import { sarIndicators } from "./sar.ts";
import { t3Indicators } from "./t3.ts";
import { tiIndicators } from "./ti.ts";
import { trimaIndicators } from "./trima.ts";
import { trixIndicators } from "./trix.ts";
import { ultoscIndicators } from "./ultosc.ts";
import { volumeIndicators } from "./volume.ts";
import { wmaIndicators } from "./wma.ts";

export { apo, ppo } from "./apo.ts";
export { averageTypes } from "./average_types.ts";
export { type Bands, bbands, sma, stddev } from "./bands.ts";
export { cci } from "./cci.ts";
export { correl } from "./correl.ts";
export { dema, ema, tema } from "./ema.ts";
export {
  type Aroon,
  aroon,
  aroonosc,
  midprice,
  stoch,
  type Stochastic,
  type StochasticParams,
  willr,
} from "./extremes.ts";
export { htDcperiod } from "./ht_dcperiod.ts";
export {
  type Definition,
  type Indicator,
  indicator,
  type Job,
  type Jobs,
  type Kernel,
  type Params,
  single,
} from "./indicator.ts";
export { kama } from "./kama.ts";
export { linearregSlope, tsf } from "./linear_regression.ts";
export { type Macd, macd } from "./macd.ts";
export { mfi } from "./mfi.ts";
export { bop, mom, roc } from "./momentum.ts";
export { adx, adxr, atr, dx, minusDi, natr, plusDi, trange } from "./movement.ts";
export { cmo, rsi, type StochasticRsi, stochrsi } from "./rsi.ts";
export { sar } from "./sar.ts";
export { t3 } from "./t3.ts";
export { trima } from "./trima.ts";
export { trix } from "./trix.ts";
export { ultosc } from "./ultosc.ts";
export { ad, adosc, obv } from "./volume.ts";
export { wma } from "./wma.ts";

/** The 44 of TA-Lib, with its names, parameters, warm-up and numbers. */
export const talibIndicators: Readonly<Record<string, Indicator>> = {
  ...bandIndicators,
  ...exponentialIndicators,
  ...wmaIndicators,
  ...trimaIndicators,
  ...kamaIndicators,
  ...t3Indicators,
  ...sarIndicators,
  ...extremeIndicators,
  ...movementIndicators,
  ...crossingIndicators,
  ...momentumIndicators,
  ...cciIndicators,
  ...strengthIndicators,
  ...macdIndicators,
  ...mfiIndicators,
  ...trixIndicators,
  ...ultoscIndicators,
  ...volumeIndicators,
  ...regressionIndicators,
  ...correlIndicators,
  ...cycleIndicators,
};

/** Every indicator there is, by name. To add one: write its file and add its line here. */
export const indicators: Readonly<Record<string, Indicator>> = {
  ...talibIndicators,
  ...tiIndicators,
};

/** One indicator to be computed. */
export interface Call {
  readonly name: string;
  /** Those left out are at their defaults. */
  readonly params?: Params | undefined;
  /** Read instead of the indicator's first column: a column of the candles by name, or any series. [T] */
  readonly input?: string | Float64Array | undefined;
}

export interface ComputeOptions {
  /** Columns to fill, as an earlier call returned them for the same calls and number of bars, instead of new ones. */
  readonly into?: readonly (readonly Float64Array[])[];
}

/**
 * Computes several indicators of candles.
 *
 * What they share (smoothed averages, directional movement, rolling sums and extremes) is computed once. An indicator
 * gives the same numbers, to the last bit, alone and in any company, and for a bar the same however many follow it.
 *
 * NaN at the start of a column is an unknown past: the warm-up begins after it. From then on columns must be finite.
 *
 * @returns for each call its outputs in the table's order, one [T] array each, NaN before the warm-up. Equal calls give
 * the same arrays
 * @throws {RangeError} if a name, parameter or column is not known, a parameter is out of its range, or a column has a
 * NaN or infinity after its first known value
 */
export function computeIndicators(
  candles: Candles,
  calls: readonly Call[],
  { into }: ComputeOptions = {},
): Float64Array[][] {
  const resolved = calls.map(({ name, params, input }) => {
    if (Object.hasOwn(indicators, name)) return { indicator: indicators[name], params, input };
    throw new RangeError(
      `Cannot compute "${name}" as it is not an indicator: ${didYouMean(name, Object.keys(indicators))}`,
    );
  });
  return computeCalls(candles, resolved, into);
}
