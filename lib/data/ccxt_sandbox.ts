import type { Exchange as Client, Order } from "ccxt";
import type { Secret } from "../base/secret.ts";
import { didYouMean } from "../base/suggest.ts";

/** How to reach an exchange's test network. */
export interface SandboxOptions {
  readonly exchange: string; // as ccxt calls it: "binance"
  /** Keys of the test network, which are not those of the exchange. */
  readonly apiKey: Secret;
  readonly apiSecret: Secret;
  /** A server on loopback that gets every request instead: tests. `http://127.0.0.1:PORT` */
  readonly endpoint?: string;
  readonly signal?: AbortSignal;
}

/** An order as the test network took it. */
export interface SandboxOrder {
  readonly id: string; // ours
  readonly units: number; // filled; negative sold
  readonly price: number; // mean of its fills, quote currency; NaN where the exchange does not tell
}

/** An exchange's test network: play money. */
export interface Sandbox extends AsyncDisposable {
  /**
   * Buys (or sells, units below 0) at the market.
   *
   * @param id of ours: sent twice it is one order
   * @returns nothing where the order is smaller than the exchange takes
   */
  order(symbol: string, units: number, id: string): Promise<SandboxOrder | undefined>;
}

/**
 * Opens an exchange's test network, through ccxt's sandbox mode.
 *
 * **Real orders cannot be sent from here.** There is no other client with keys in this project; this one is made only
 * where the test network has hosts of its own, and what it sends goes through a `fetch` that refuses every other host.
 *
 * @throws {RangeError} if ccxt does not know the exchange, or knows no test network with hosts of its own
 */
export async function openSandbox(
  { exchange: name, apiKey, apiSecret, endpoint, signal }: SandboxOptions,
): Promise<Sandbox> {
  const ccxt = (await import("ccxt")).default;
  if (!ccxt.exchanges.includes(name)) {
    throw new RangeError(
      `Cannot open the test network of "${name}" as ccxt does not know it: ${didYouMean(name, ccxt.exchanges)}`,
    );
  }
  if (endpoint !== undefined && !/^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?\/?$/.test(endpoint)) {
    throw new RangeError(`Cannot send orders to ${endpoint} as only a test network, or loopback, may get them`);
  }
  const makers = ccxt as unknown as Record<string, new (settings: object) => Client>;
  let allowed: ReadonlySet<string> = new Set();
  const client = new makers[name]({
    fetchImplementation: guarded(() => allowed, endpoint, signal),
    ...{
      apiKey: apiKey.reveal(),
      secret: apiSecret.reveal(),
      timeout: 30_000,
      enableRateLimit: endpoint === undefined,
    },
    options: { fetchCurrencies: false, defaultType: "spot" },
  });
  allowed = testHosts(client, name);
  client.setSandboxMode(true);
  const types = client.options.fetchMarkets?.types;
  if (Array.isArray(types) && types.includes("spot")) client.options.fetchMarkets.types = ["spot"];
  return {
    async order(symbol, units, id) {
      await client.loadMarkets();
      const { limits } = client.market(symbol);
      const [side, size] = [units > 0 ? "buy" : "sell", Math.abs(units)];
      if (!(size >= Math.max(limits.amount?.min ?? 0, Number.MIN_VALUE))) return undefined;
      const amount = Number(client.amountToPrecision(symbol, size));
      if (!(amount > 0)) return undefined;
      const sent = await client.createOrder(symbol, "market", side, amount, undefined, { clientOrderId: id });
      return taken(sent, id, side === "buy" ? 1 : -1);
    },
    async [Symbol.asyncDispose]() {
      await client.close();
    },
  };
}

function taken({ filled, average, price }: Order, id: string, sign: number): SandboxOrder {
  return { id, units: sign * (filled ?? 0), price: average ?? price ?? NaN };
}

/** Hosts of the test network, none of which serves the market. */
function testHosts(client: Client, name: string): Set<string> {
  const urls = client.urls as Readonly<Record<string, unknown>>;
  const test = hostsOf(urls.test, client);
  const real = hostsOf(urls.api, client);
  if (test.size > 0 && ![...test].some((host) => real.has(host))) return test;
  throw new RangeError(
    `Cannot send orders to ${name} as ${
      test.size === 0 ? "it has no test network" : "its test network is not apart from the market"
    } that ccxt knows: real orders are never sent`,
  );
}

function hostsOf(urls: unknown, client: Client): Set<string> {
  const found = new Set<string>();
  const visit = (value: unknown) => {
    if (typeof value === "object" && value !== null) Object.values(value).forEach(visit);
    if (typeof value !== "string") return;
    const address = value.replaceAll("{hostname}", String((client as { hostname?: string }).hostname ?? ""));
    if (URL.canParse(address)) found.add(new URL(address).host);
  };
  visit(urls);
  return found;
}

/** `fetch` that knows the test network's hosts only. */
function guarded(
  allowed: () => ReadonlySet<string>,
  endpoint: string | undefined,
  signal: AbortSignal | undefined,
): typeof fetch {
  return async (input, init = {}) => {
    const url = new URL(String(input));
    if (!allowed().has(url.host)) {
      throw new RangeError(
        `Cannot send a request to ${url.host} as it is not the test network: real orders are never sent`,
      );
    }
    const address = endpoint === undefined ? url.href : endpoint.replace(/\/$/, "") + url.pathname + url.search;
    const own = (init as { signal?: AbortSignal }).signal;
    const signals = [own, signal].filter((one) => one !== undefined && one !== null);
    return await fetch(address, { ...init, redirect: "error", signal: AbortSignal.any(signals) });
  };
}
