import { nearest } from "../base/suggest.ts";
import { indicators } from "./indicators/mod.ts";
import { ownColumns, type ParseOptions, splitSpecs } from "./spec.ts";

const relative = (indicator: string) => `${indicator}/$close - 1`;
const perVolume = (indicator: string) => `${indicator}/sma(20, $volume)`;

/**
 * Sets of features by name. All are free of the scale of price and volume, so that they mean the same over years and
 * across assets: prices as distance from the close, differences of prices as a fraction of it, cumulated volumes as
 * their change against the average volume.
 */
export const featureSets = {
  /** A dozen that say little of the same: what a first training run should see. */
  quick: [
    "$close/logreturn",
    "$close/logreturn(6)",
    "$close/logreturn(24)",
    relative("ema(20)"),
    relative("ema(100)"),
    "rsi(14)/50 - 1",
    "adx(14)/50 - 1",
    "macd.hist/$close",
    "($close - bbands(20).lower)/(bbands(20).upper - bbands(20).lower)",
    "natr(14)",
    "bop",
    "$volume/sma(20, $volume)/log1p",
  ],
  /** The bar itself: its return, body, wicks and volume. */
  bars: [
    "$close/logreturn",
    "$close/$open - 1",
    "$high/$close - 1",
    "$low/$close - 1",
    "$volume/sma(20, $volume)/log1p",
  ],
  /** Every one of the 44 indicators, with all that its outputs tell. */
  core44: [
    ...["sma(20)", "ema(20)", "wma(20)", "dema(20)", "tema(20)", "trima(20)", "kama(30)", "t3"].map(relative),
    "($close - bbands(20).lower)/(bbands(20).upper - bbands(20).lower)",
    "(bbands(20).upper - bbands(20).lower)/bbands(20).middle",
    relative("sar"),
    relative("midprice(14)"),
    ...[
      "adx(14)",
      "adxr(14)",
      "apo/$close",
      "aroon(14).down",
      "aroon(14).up",
      "aroonosc(14)",
      "bop",
      "cci(14)",
      "cmo(14)",
    ],
    ...[
      "dx(14)",
      "macd.macd/$close",
      "macd.signal/$close",
      "macd.hist/$close",
      "mfi(14)",
      "minus_di(14)",
      "plus_di(14)",
    ],
    ...["mom(10)/$close", "ppo", "roc(10)", "rsi(14)", "stoch.k", "stoch.d", "stochrsi.k", "stochrsi.d", "trix(15)"],
    ...["ultosc", "willr(14)", "atr(14)/$close", "natr(14)", "trange/$close"],
    ...["ad/diff", "adosc", "obv/diff"].map(perVolume),
    ...["stddev(20)/$close", "linearreg_slope(14)/$close", relative("tsf(14)"), "correl(30)", "ht_dcperiod"],
  ],
} satisfies Readonly<Record<string, readonly string[]>>;

/**
 * The specs of a list in which a set's name stands for all of it: `"quick, funding_rate/zscore(50)"`.
 *
 * @param options.columns names of the data's further columns, so that a mistyped set is told from a column
 * @throws {SyntaxError} if something between two commas is empty
 * @throws {RangeError} if a bare name is neither a set nor an indicator nor a column
 */
export function featureSpecs(text: string, { columns }: ParseOptions = {}): string[] {
  const sets: Readonly<Record<string, readonly string[]>> = featureSets;
  const known = columns && new Set([...ownColumns, ...columns]);
  const expand = (piece: string): readonly string[] => {
    if (Object.hasOwn(sets, piece)) return sets[piece];
    const unknown = known && /^[\p{L}_][\p{L}\p{N}_]*$/u.test(piece) && !known.has(piece) &&
      !Object.hasOwn(indicators, piece);
    if (!unknown) return [piece];
    const names = [...Object.keys(sets), ...known, ...Object.keys(indicators)];
    const close = nearest(piece, names);
    throw new RangeError(
      `Cannot use "${piece}" as a feature as it is neither a set (${
        Object.keys(sets).join(", ")
      }) nor an indicator nor ` +
        `a column of the data${close ? `: nearest is "${close}"` : ""}`,
    );
  };
  return [...new Set(splitSpecs(text).flatMap(expand))];
}
