import { formatTimeframe, parseTimeframe } from "../../base/time.ts";
import type { Settings } from "../../config/environment.ts";
import type { Config } from "../../config/schema.ts";
import { openStream, type StreamOptions } from "../../data/shared_stream.ts";
import type { MarketStream } from "../../data/stream.ts";
import { replayStream } from "../../live/replay.ts";
import type { Candles } from "../../market/candles.ts";
import type { Deps } from "../deps.ts";
import { loadMarket } from "../market.ts";

/** Where a paper trader's bars come from. */
export interface PaperSource {
  readonly symbols: readonly string[];
  readonly step: number; // bar length, ms
  readonly feed: string; // for people: "binance", "replay of coinbase BTC/USD 1h"
  /** Bars there will be; undefined for a market that goes on. */
  readonly bars?: number;
  /**
   * Opens the stream.
   *
   * @param since its first bar opens then or later, ms UTC; undefined: at the first there is, of a market that goes on
   * so many that history is complete now
   * @param history bars that are given at once
   */
  open(since: number | undefined, history: number): Promise<MarketStream>;
}

/** Bars of candles that are there already, as fast as is wanted. */
export function replaySource(assets: readonly Candles[], feed: string, speed = Infinity): PaperSource {
  return {
    symbols: assets.map(({ symbol }) => symbol),
    step: assets[0].step,
    feed,
    bars: Math.min(...assets.map(({ length }) => length)),
    open: (since = -Infinity, history) => Promise.resolve(replayStream(assets, { speed, since, atOnce: history })),
  };
}

/** The candles that settings name, cleaned and aligned, as a replay. */
export async function fileSource(config: Config, speed: number, deps: Deps): Promise<PaperSource> {
  const { market, name } = await loadMarket(config, deps);
  return replaySource(market.assets, `replay of ${name}`, speed);
}

/**
 * The exchange that settings name, live.
 *
 * @param more for tests: where else requests go, another clock
 * @throws {RangeError} if none is named, or a symbol is not one
 */
export function exchangeSource(
  { data }: Config,
  settings: Settings,
  more: Partial<StreamOptions> = {},
): PaperSource {
  const { exchange, input: symbols, timeframe } = data;
  if (exchange === "") {
    throw new RangeError(
      "Cannot trade on paper as it must be said where bars come from: --exchange binance --symbol BTC/USDT, or --replay FILE",
    );
  }
  const strange = symbols.find((symbol) => !symbol.includes("/"));
  if (strange !== undefined) {
    throw new RangeError(
      `Cannot trade on ${exchange} as it must be said what is traded there, such as --symbol BTC/USDT: ` +
        `current value is ${strange}`,
    );
  }
  const step = parseTimeframe(timeframe || "1m");
  return {
    symbols,
    step,
    feed: exchange,
    async open(since, history) {
      const { webSocketEndpoint, redisUrl } = settings;
      const now = more.now?.() ?? Date.now();
      return await openStream({
        ...{ exchange, symbols, timeframe: formatTimeframe(step), books: 10 },
        since: since ?? (Math.floor(now / step) - history) * step,
        ...{ webSocketEndpoint, redisUrl },
        ...more,
      });
    },
  };
}
