import type { Exchange as Client } from "ccxt";
import { didYouMean } from "../base/suggest.ts";
import type { Bar, Exchange, ExchangeOptions } from "./exchange.ts";

/**
 * Any exchange that ccxt knows, over REST. ccxt is loaded here and only when this is called.
 *
 * Requests go through a `fetch` of ours, not ccxt's: an answer that breaks off in its middle, or that is no JSON, would
 * else pass for an empty one, and no request could be stopped.
 *
 * @throws {RangeError} if ccxt does not know the exchange, or it serves no bars
 */
export async function openCcxt(name: string, options: ExchangeOptions): Promise<Exchange> {
  return (await ccxtClient(name, options, "rest")).exchange;
}

/**
 * ccxt's client of an exchange, and the exchange over REST through it. With `"live"` the client knows live streams too.
 *
 * @throws {RangeError} if ccxt does not know the exchange, it serves no bars, or no live ones where they are wanted
 */
export async function ccxtClient(
  name: string,
  options: ExchangeOptions,
  kind: "rest" | "live",
): Promise<{ readonly client: Client; readonly exchange: Exchange }> {
  const ccxt = (await import("ccxt")).default;
  if (!ccxt.exchanges.includes(name)) {
    throw new RangeError(
      `Cannot open the exchange "${name}" as ccxt does not know it: ${didYouMean(name, ccxt.exchanges)}`,
    );
  }
  const seen: Seen = { requests: 0, status: 0, headers: new Headers(), json: true };
  const makers = (kind === "live" ? ccxt.pro : ccxt) as unknown as Record<string, new (settings: object) => Client>;
  if (!Object.hasOwn(makers, name)) throw new RangeError(`Cannot stream from ${name} as ccxt knows no stream of it`);
  const client = new makers[name](settings(options, transport(seen, options)));
  if (!client.has.fetchOHLCV) throw new RangeError(`Cannot fetch candles from ${name} as ccxt knows none of it`);
  if (kind === "live" && !client.has.watchOHLCV) {
    throw new RangeError(`Cannot stream candles from ${name} as ccxt knows no stream of them`);
  }
  const exchange: Exchange = {
    timeframes: Object.keys(client.timeframes ?? {}),
    pageLimit: (symbol) => client.featureValue(symbol, "fetchOHLCV", "limit") ?? cautious,
    requests: () => seen.requests,
    async symbols(wanted) {
      if (!wanted.includes(":")) spotOnly(client); // one request instead of one per kind of market
      await client.loadMarkets();
      return client.symbols;
    },
    async bars(symbol, timeframe, since, limit) {
      const bars = await client.fetchOHLCV(symbol, timeframe, since, limit);
      if (bars.length === 0 && !seen.json) throw new ccxt.BadResponse(`${name} answered something else than JSON`);
      return bars as unknown as readonly Bar[];
    },
    time: () => Date.parse(seen.headers.get("date") ?? "") || Infinity,
    temporary(error) {
      if (!(error instanceof ccxt.NetworkError || error instanceof ccxt.BadResponse)) return undefined;
      const refused = seen.status >= 400 && seen.status < 500 && ![408, 418, 425, 429].includes(seen.status);
      if (refused && !(error instanceof ccxt.DDoSProtection || error instanceof ccxt.RateLimitExceeded)) {
        return undefined;
      }
      const wait = 1000 * Number(seen.headers.get("retry-after") ?? 0) || 0;
      return wait > longestWait ? undefined : wait;
    },
    async [Symbol.asyncDispose]() {
      await client.close();
    },
  };
  return { client, exchange };
}

/** Bars in an answer where ccxt does not know the most: too many would make an answer for a shorter span look empty. */
const cautious = 100;

/** ms; an exchange that wants us to stay away for longer is believed, and the user told. */
const longestWait = 300_000;

/** What the latest answer was like. */
interface Seen {
  requests: number;
  status: number; // 0 when there was no answer
  headers: Headers;
  json: boolean;
}

/** `fetch` as ccxt calls it: to `endpoint` if one is given, whatever the address; never redirected; read to its end. */
function transport(seen: Seen, { endpoint, signal }: ExchangeOptions): typeof fetch {
  return async (input, init = {}) => {
    const address = String(input);
    const url = endpoint === undefined ? address : address.replace(/^https?:\/\/[^/]+/, endpoint.replace(/\/$/, ""));
    Object.assign(seen, { requests: seen.requests + 1, status: 0, headers: new Headers(), json: true });
    const signals = [(init as { signal?: AbortSignal }).signal, signal].filter((one) => one !== undefined);
    const [answer, body] = await whole(url, { ...init, redirect: "error", signal: AbortSignal.any(signals) });
    Object.assign(seen, { status: answer.status, headers: answer.headers, json: /^\s*[[{]/.test(body) });
    return new Response(body, { status: answer.status, statusText: answer.statusText, headers: answer.headers });
  };
}

async function whole(url: string, init: RequestInit): Promise<[Response, string]> {
  try {
    const answer = await fetch(url, init);
    return [answer, await answer.text()];
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new TypeError("fetch failed", { cause: error }); // ccxt's message shows the cause
  }
}

function settings({ apiKey, apiSecret, rateLimit }: ExchangeOptions, fetchImplementation: typeof fetch): object {
  return {
    ...{ fetchImplementation, timeout: 30_000, options: { fetchCurrencies: false } },
    enableRateLimit: rateLimit !== 0,
    ...(rateLimit !== undefined && rateLimit > 0 && { rateLimit }),
    ...(apiKey && apiSecret && { apiKey: apiKey.reveal(), secret: apiSecret.reveal() }),
  };
}

function spotOnly({ options }: Client): void {
  const types = options.fetchMarkets?.types;
  if (Array.isArray(types) && types.includes("spot")) options.fetchMarkets.types = ["spot"];
}
