import { choice, flag, list, number, type Option, text } from "./option.ts";

const share = { min: 0, max: 1 };

/** Every setting there is, by section. Names are the users' words: snake_case, as in files and on the command line. */
export const schema = {
  run: {
    seed: number(7, "seed of everything random", { min: 0, max: Number.MAX_SAFE_INTEGER, whole: true }),
    seeds: number(1, "how many seeds a figure rests on; fewer than 5 are watermarked", {
      min: 1,
      max: 100,
      whole: true,
    }),
    track: flag(true, "whether runs are written to MLflow"),
    experiment: text("candelabra", "MLflow experiment"),
  },
  data: {
    input: list(
      text("", ""),
      ["coinbase_BTC-USD_1h"],
      "CSV or parquet files, symbols of the bundled sample, or symbols fetched before",
    ),
    timeframe: text("", "bar length: 1m, 15m, 1h, 4h, 1d, …; empty: the input's own"),
    exchange: text("", "exchange of a fetched symbol; empty: the one there is"),
    timerange: text("", "span used, as freqtrade writes it: 20180131-20180301; empty: all"),
    gaps: choice(
      ["fill", "drop", "fail"],
      "fill",
      "missing bars: filled forward with zero volume, dropped, or refused",
    ),
  },
  features: {
    spec: text("quick", "features and sets of them: rsi(14), $close/return, core44, my_column"),
    scaler: choice(["standard", "robust", "minmax", "none"], "standard", "scaling, fitted on training rows only"),
  },
  costs: {
    transaction_fee: number(10, "taker fee per side, bps of traded value", { min: 0, max: 1000 }),
    maker_fee: number(10, "maker fee per side, bps of traded value", { min: 0, max: 1000 }),
    spread: number(2, "full bid–ask spread, bps of price; a market order pays half", { min: 0, max: 1000 }),
    impact: number(0, "price impact of an order as large as the bar's volume, bps; grows with its square root", {
      min: 0,
      max: 1e6,
    }),
    participation: number(0.1, "largest share of a bar's volume that one order takes", { min: 1e-6, max: 1 }),
  },
  split: {
    train: number(0.6, "share of the bars, oldest, used for training and for fitting scalers", share),
    validation: number(0.2, "share of the bars used to choose", share),
    embargo: number(24, "bars left out between the parts", { min: 0, max: 100_000, whole: true }),
  },
  backtest: {
    cash: number(10_000, "starting cash, quote currency", { min: 1e-6, max: 1e15 }),
    leverage: number(1, "largest sum of exposures, times equity", { min: 0.01, max: 125 }),
    lag: number(0, "extra bars between a decision and its fill", { min: 0, max: 1000, whole: true }),
    period: choice(["test", "validation", "train", "all"], "test", "which part of the split is traded"),
  },
  report: {
    timeout: number(300, "longest a notebook cell may take, s", { min: 1, max: 86_400 }),
  },
} as const satisfies Record<string, Record<string, Option<unknown>>>;

/** Sections whose keys are another table's: a strategy's own parameters. Checked where they are used. */
export interface OpenSections {
  /** `name` and that strategy's parameters: `strategy.fast=12`. */
  readonly strategy: Readonly<Record<string, string | number | boolean>>;
}

type Values<S> = { readonly [Key in keyof S]: S[Key] extends Option<infer T> ? T : Values<S[Key]> };

/** All settings, resolved. */
export type Config = Values<typeof schema> & OpenSections;

/** Some settings, as a preset or a file states them. */
export type PartialConfig = { readonly [S in keyof Config]?: Partial<Config[S]> };

/** Every path that can be set, `section.key`, with its option. */
export const optionPaths: ReadonlyMap<string, Option<unknown>> = new Map(
  Object.entries(schema).flatMap(([section, options]) =>
    Object.entries(options).map(([key, option]) => [`${section}.${key}`, option as Option<unknown>] as const)
  ),
);

/** The settings' defaults. */
export function defaults(): Config {
  const sections = Object.entries(schema).map(([section, options]) => [
    section,
    Object.fromEntries(Object.entries(options).map(([key, option]) => [key, option.default])),
  ]);
  return { ...Object.fromEntries(sections), strategy: { name: "momentum" } } as Config;
}
