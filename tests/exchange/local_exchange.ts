import { resample } from "../../lib/data/resample.ts";
import { formatTimeframe } from "../../lib/base/time.ts";
import { type Candles, firstBarAt } from "../../lib/market/candles.ts";
import { bookAfter, lastClosed, type LocalStream, localStream, type LocalStreamOptions } from "./local_stream.ts";

/** What goes wrong with one answer. */
export type Fault =
  | "drop" // the connection breaks in the middle of the answer
  | "empty" // no bars, whatever was asked
  | "html" // a proxy's page instead of JSON
  | { readonly status: number; readonly retryAfter?: number } // 429, 500, …; seconds
  | { readonly delay: number }; // ms, then a right answer

/** A request as the server saw it. */
export interface Seen {
  readonly path: string; // "/api/v3/klines"
  readonly query: Readonly<Record<string, string>>;
}

/** A market order as the exchange filled it. */
export interface TakenOrder {
  readonly symbol: string; // "BTCUSDT"
  readonly side: string; // "BUY"
  readonly quantity: number;
  readonly price: number; // it was filled at
  readonly id: string; // the client's
}

export interface LocalExchangeOptions {
  /** Markets, at the shortest timeframe that is served; longer ones are made of it. */
  readonly candles: readonly Candles[];
  /** Most bars in one answer. */
  readonly pageLimit?: number;
  /** The exchange's clock, ms UTC: later bars do not exist, and the one it falls into is unfinished. */
  readonly now?: number;
  /** Answers hold only bars of the span startTime … startTime + limit × interval, as Coinbase's do, not Binance's. */
  readonly windowed?: boolean;
  /** Every answer waits, ms. */
  readonly delay?: number;
  /** Asked before each message of a stream what goes wrong with it. */
  readonly disturb?: LocalStreamOptions["disturb"];
}

/** An exchange on loopback. Disposing shuts it down. */
export interface LocalExchange extends AsyncDisposable {
  readonly url: string; // "http://127.0.0.1:PORT"
  readonly port: number;
  readonly seen: readonly Seen[];
  /** Orders that it took, in order. */
  readonly orders: readonly TakenOrder[];
  /** Empties `seen`. */
  forget(): void;
  /** Requests for bars among `seen`. */
  klines(): readonly Seen[];
  /** Waits until so many requests for bars have come in. */
  asked(count: number): Promise<void>;
  /** Each of the next requests for bars meets one of these, in turn. */
  fail(...faults: readonly Fault[]): void;
  /** Moves the exchange's clock. */
  setNow(now: number): void;
  now(): number;
  /** The exchange's `/time` is so many ms ahead of its clock. */
  skew(ms: number): void;
  /** Opens its streams: live candles at the shortest timeframe. */
  stream(): LocalStream;
  close(): Promise<void>;
}

/**
 * Serves candles in the dialect of Binance's spot REST API, as far as ccxt asks for it: `exchangeInfo`, `klines`,
 * `depth`, `time`, `ping`; and, once `stream()` is called, its WebSocket streams on a port of their own.
 */
export function localExchange(options: LocalExchangeOptions): LocalExchange {
  const { candles, pageLimit = 1000, windowed = false, delay = 0 } = options;
  let now = options.now ?? Infinity;
  let skew = 0;
  let stream: ReturnType<typeof localStream> | undefined;
  const seen: Seen[] = [];
  const faults: Fault[] = [];
  const symbols = new Map(candles.map((bars) => [bars.symbol.replace("/", ""), bars]));
  const longer = new Map<string, Candles>();
  const waiting: { count: number; resolve: () => void }[] = [];
  const klinesSeen = () => seen.filter(({ path }) => path === "/api/v3/klines");

  const bars = (symbol: string, interval: string): Candles | undefined => {
    const own = symbols.get(symbol);
    if (own === undefined || interval === formatTimeframe(own.step)) return own;
    const key = `${symbol} ${interval}`;
    const made = longer.get(key) ?? resample(own, interval);
    longer.set(key, made);
    return made;
  };

  const routes: Record<string, (query: URLSearchParams) => Response> = {
    "/api/v3/ping": () => json({}),
    "/api/v3/time": () => json({ serverTime: Math.min(now, Date.now()) + skew }),
    "/api/v3/exchangeInfo": () => json(exchangeInfo([...symbols.values()])),
    "/api/v3/klines": (query) => {
      const found = bars(query.get("symbol") ?? "", query.get("interval") ?? "");
      if (!found) return json({ code: -1121, msg: "Invalid symbol." }, 400);
      return json(klines(found, query, { pageLimit, windowed, now }));
    },
  };

  routes["/api/v3/depth"] = (query) => {
    const found = symbols.get(query.get("symbol") ?? "");
    if (!found) return json({ code: -1121, msg: "Invalid symbol." }, 400);
    const book = bookAfter(found, lastClosed(found, now));
    return json({ ...book, lastUpdateId: stream?.bookId(found.symbol) ?? book.lastUpdateId });
  };

  const orders: TakenOrder[] = [];
  routes["/api/v3/order"] = (query) => {
    const found = symbols.get(query.get("symbol") ?? "");
    const id = query.get("newClientOrderId") ?? "";
    if (!found || !query.has("signature")) {
      return json({ code: -1022, msg: "Signature for this request is not valid." }, 400);
    }
    if (orders.some((order) => order.id === id)) return json({ code: -2010, msg: "Duplicate order sent." }, 400);
    const price = found.$close[Math.max(0, firstBarAt(found, now - found.step + 1) - 1)];
    const [side, quantity] = [query.get("side") ?? "", Number(query.get("quantity"))];
    orders.push({ symbol: query.get("symbol")!, side, quantity, price, id });
    const amounts = {
      origQty: String(quantity),
      executedQty: String(quantity),
      cummulativeQuoteQty: String(price * quantity),
    };
    return json({
      ...{ symbol: query.get("symbol"), orderId: orders.length, clientOrderId: id, transactTime: 1, ...amounts },
      ...{ price: "0.00", status: "FILLED", timeInForce: "GTC", type: "MARKET", side, fills: [] },
    });
  };

  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname: path, searchParams: given } = new URL(request.url);
    const searchParams = request.method === "POST" ? new URLSearchParams(await request.text()) : given;
    seen.push({ path, query: Object.fromEntries(searchParams) });
    for (const { count, resolve } of waiting) if (klinesSeen().length >= count) resolve();
    const fault = path === "/api/v3/klines" ? faults.shift() : undefined;
    const wait = typeof fault === "object" && "delay" in fault ? fault.delay : delay;
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    if (fault === "drop") return broken();
    if (fault === "empty") return json([]);
    if (fault === "html") return new Response("<html>Bad gateway</html>", { headers: { "content-type": "text/html" } });
    if (typeof fault === "object" && "status" in fault) {
      const headers = fault.retryAfter === undefined ? {} : { "retry-after": String(fault.retryAfter) };
      if (fault.status !== 429 && fault.status !== 418) return new Response("made to fail", { status: fault.status });
      return json({ code: -1003, msg: "made to fail" }, fault.status, headers);
    }
    return routes[path]?.(searchParams) ?? json({ code: -1, msg: `${path} is not served here` }, 404);
  });

  const { port } = server.addr as Deno.NetAddr;
  const close = async () => {
    await stream?.close();
    await server.shutdown();
  };
  const setNow = (time: number) => void (now = time);
  return {
    ...{ url: `http://127.0.0.1:${port}`, port, seen, orders, close },
    forget: () => void (seen.length = 0),
    klines: klinesSeen,
    asked: (count) => new Promise((resolve) => waiting.push({ count, resolve })),
    fail: (...more) => void faults.push(...more),
    setNow,
    now: () => now,
    skew: (ms) => void (skew = ms),
    stream: () => stream ??= localStream({ candles, setNow, now: () => now, disturb: options.disturb }),
    [Symbol.asyncDispose]: close,
  };
}

function json(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json(body, { status, headers: { "x-mbx-used-weight-1m": "2", ...headers } });
}

/** Promises a long body and breaks off. */
function broken(): Response {
  const body = new ReadableStream({
    async start(controller) {
      controller.enqueue(new TextEncoder().encode("[["));
      // Several turns of this thread, else nothing at all may be sent, and fetch asks again itself.
      for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
      controller.error(new Error("made to break"));
    },
  });
  return new Response(body, { headers: { "content-type": "application/json", "content-length": "1000" } });
}

/** Binance's rows: open time, prices and volume as text, close time, quote volume, trades, taker volumes. */
function klines(
  { time, step, length, ...bars }: Candles,
  query: URLSearchParams,
  { pageLimit, windowed, now }: { pageLimit: number; windowed: boolean; now: number },
): unknown[] {
  const limit = Math.min(Number(query.get("limit") ?? 500), pageLimit);
  const start = query.get("startTime");
  const end = Math.min(
    Number(query.get("endTime") ?? Infinity),
    windowed && start !== null ? Number(start) + limit * step - 1 : Infinity,
    now,
  );
  const row = (t: number) => {
    const done = time[t] + step <= now;
    const close = done ? bars.$close[t] : bars.$open[t]; // the unfinished bar still has other numbers
    const volume = done ? bars.$volume[t] : bars.$volume[t] / 2;
    const prices = [bars.$open[t], bars.$high[t], bars.$low[t], close].map(String);
    return [time[t], ...prices, String(volume), time[t] + step - 1, String(volume * close), 100, "0", "0", "0"];
  };
  const rows: unknown[] = [];
  let t = start === null ? Math.max(0, length - limit) : firstBarAt({ time, length } as Candles, Number(start));
  for (; t < length && rows.length < limit && time[t] <= end; t++) rows.push(row(t));
  return rows;
}

function exchangeInfo(candles: readonly Candles[]): unknown {
  const filters = [
    { filterType: "PRICE_FILTER", minPrice: "0.01", maxPrice: "1000000.00", tickSize: "0.01" },
    { filterType: "LOT_SIZE", minQty: "0.00001", maxQty: "9000.0", stepSize: "0.00001" },
    { filterType: "NOTIONAL", minNotional: "5.0", maxNotional: "9000000.0", avgPriceMins: 5 },
  ];
  const market = ({ symbol }: Candles) => {
    const [baseAsset, quoteAsset] = symbol.split("/");
    return {
      ...{ symbol: baseAsset + quoteAsset, status: "TRADING", baseAsset, quoteAsset, orderTypes: ["LIMIT", "MARKET"] },
      ...{ baseAssetPrecision: 8, quotePrecision: 8, quoteAssetPrecision: 8, isSpotTradingAllowed: true },
      ...{ isMarginTradingAllowed: false, permissions: ["SPOT"], permissionSets: [["SPOT"]], filters },
    };
  };
  const rateLimits = [{ rateLimitType: "REQUEST_WEIGHT", interval: "MINUTE", intervalNum: 1, limit: 6000 }];
  return { timezone: "UTC", serverTime: 0, rateLimits, exchangeFilters: [], symbols: candles.map(market) };
}
