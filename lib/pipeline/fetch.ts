import { projectPath } from "../base/project.ts";
import { parseDate } from "../base/time.ts";
import type { Settings } from "../config/environment.ts";
import { fetchCandles, type Fetched } from "../data/exchange.ts";
import { clean, type Cleaned } from "../data/clean.ts";
import { barOf, type Deps } from "./deps.ts";

/** What to fetch, as a person writes it. */
export interface FetchRequest {
  readonly exchange: string; // as ccxt names it
  readonly symbol: string; // BTC/USDT
  readonly timeframe: string;
  readonly since: string; // date or epoch
  readonly until?: string;
  /** Another address for the exchange: a proxy, or a server of tests. */
  readonly endpoint?: string;
}

/** What came, and what cleaning makes of it; a single bar can't be cleaned. */
export interface FetchedAndCleaned extends Fetched {
  readonly cleaned: Cleaned | undefined;
}

/**
 * Fetches candles into `data/raw`: only what is not there. Interrupted, it goes on from there the next time.
 *
 * @throws {RangeError} if the exchange, symbol, timeframe or span is unknown or impossible
 */
export async function fetchStage(
  request: FetchRequest,
  settings: Settings,
  deps: Deps = {},
): Promise<FetchedAndCleaned> {
  const { exchange, symbol, timeframe, since, until, endpoint } = request;
  using bar = barOf(deps, `Fetching ${symbol} ${timeframe} from ${exchange}`);
  const fetched = await fetchCandles({
    exchange,
    symbol,
    timeframe,
    since: parseDate(since),
    folder: projectPath("data", "raw"),
    onProgress: bar.update,
    ...(until === undefined ? {} : { until: parseDate(until) }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(settings.exchangeApiKey ? { apiKey: settings.exchangeApiKey } : {}),
    ...(settings.exchangeApiSecret ? { apiSecret: settings.exchangeApiSecret } : {}),
    ...(deps.signal ? { signal: deps.signal } : {}),
  });
  const { candles } = fetched;
  return { ...fetched, cleaned: candles.length < 2 ? undefined : clean(candles) };
}
