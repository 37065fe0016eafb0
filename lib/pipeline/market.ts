import { hashOf } from "../base/hash.ts";
import { formatDate, formatTimeframe, parseTimerange } from "../base/time.ts";
import type { Config } from "../config/schema.ts";
import { loadCandles, type Loaded } from "../data/load.ts";
import { align } from "../market/align.ts";
import { hashCandles } from "../market/candles.ts";
import type { Costs, Market } from "../market/market.ts";
import { type BarRange, type Split, split } from "../market/split.ts";
import { barOf, type Deps } from "./deps.ts";

/** The market that settings name, cleaned, aligned, and cut into training, validation and test by time. */
export interface LoadedMarket {
  readonly market: Market;
  readonly loaded: readonly Loaded[]; // [K] with what cleaning changed
  readonly split: Split;
  /** The bars that `backtest.period` names. */
  readonly period: BarRange;
  readonly hash: string; // of all candles
  readonly name: string; // "BTC/USD 1h"
  readonly origin: string; // where the bars came from
}

/**
 * Loads what `config.data` names.
 *
 * @throws {RangeError} if an input is unknown or unusable, saying which and what would do
 */
export async function loadMarket(config: Config, deps: Deps = {}): Promise<LoadedMarket> {
  const { input, timeframe, exchange, timerange, gaps } = config.data;
  using bar = barOf(deps, "Loading candles");
  const loaded: Loaded[] = [];
  for (const [k, one] of input.entries()) {
    deps.signal?.throwIfAborted();
    bar.update(k, input.length, one);
    loaded.push(
      await loadCandles(one, {
        gaps,
        ...(timeframe === "" ? {} : { timeframe }),
        ...(exchange === "" ? {} : { exchange }),
        ...(timerange === "" ? {} : { timerange: parseTimerange(timerange) }),
      }),
    );
  }
  bar.update(input.length, input.length);
  const market = align(loaded.map(({ candles }) => candles), costsOf(config));
  const parts = splitOf(market.length, config);
  const { period } = config.backtest;
  return {
    market,
    loaded,
    split: parts,
    period: period === "all" ? { from: 0, to: market.length } : parts[period],
    hash: hashOf(...market.assets.map(hashCandles)),
    name: `${market.assets.map(({ symbol }) => symbol).join(" + ")} ${formatTimeframe(market.assets[0].step)}`,
    origin: originOf([...new Set(loaded.map(({ origin }) => origin))]),
  };
}

/** Origins one after the other; what all say in brackets once: `sample a; sample b (recorded by …)`. */
function originOf(origins: readonly string[]): string {
  const parts = origins.map((origin) => origin.match(/^(.*?)( \(.*\))$/) ?? [origin, origin, ""]);
  const [, , shared] = parts[0];
  return parts.every(([, , bracket]) => bracket === shared)
    ? parts.map(([, name]) => name).join("; ") + shared
    : origins.join("; ");
}

/** The frictions that settings state. */
export function costsOf({ costs }: Config): Costs {
  return {
    transactionFee: costs.transaction_fee,
    makerFee: costs.maker_fee,
    spread: costs.spread,
    impact: costs.impact,
    participation: costs.participation,
  };
}

/** Training, validation and test spans of T bars; the test gets what the other two leave. */
export function splitOf(length: number, { split: { train, validation, embargo } }: Config): Split {
  return split(length, { train, validation, test: Number((1 - train - validation).toFixed(12)), embargo });
}

/** "2019-04-01 to 2019-10-17", of a range of a market's bars. */
export function spanText(market: Market, { from, to }: BarRange): string {
  const { time } = market.assets[0];
  return `${formatDate(time[from])} to ${formatDate(time[to - 1])}`;
}
