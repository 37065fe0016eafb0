import { formatTimeframe } from "../../lib/base/time.ts";
import { type Candles, firstBarAt } from "../../lib/market/candles.ts";
import { type Peer, webSocketServer } from "./web_socket_server.ts";

/** What goes wrong with one message. */
export type Disturbance =
  | "drop"
  | "duplicate"
  | "garbage" // no JSON
  | "html"
  | "truncated" // half of the JSON, in a whole frame
  | "nan" // a bar whose numbers are none
  | "cut" // the connection ends before it
  | "cut in frame" // … in its middle
  | "error frame" // a frame that no WebSocket may send
  | { readonly late: number }; // comes after so many others

/** A message as it is about to be sent. */
export interface Outgoing {
  readonly kind: "open" | "closed" | "trade" | "depth";
  readonly symbol: string; // "BTC/USDT"
  readonly time: number; // the bar's open, ms UTC
}

/** The streams of a local exchange, and what can be done to them. */
export interface LocalStream {
  readonly wsUrl: string; // "ws://127.0.0.1:PORT"
  /** Connections so far. */
  readonly connections: number;
  /** Names of streams that somebody is subscribed to now: "btcusdt@kline_1h". */
  readonly subscribed: ReadonlySet<string>;
  /** Waits until so many streams are subscribed to. */
  whenSubscribed(count: number): Promise<void>;
  /** Waits until there have been so many connections. */
  whenConnected(count: number): Promise<void>;
  /**
   * Lets `bars` bars end, one after the other: the open one is told as it is, the clock moves to its end, it is told
   * closed; and with it a trade and a change of the book. Waits until all is on its way.
   */
  tick(bars?: number): Promise<void>;
  /** Tells of the open bar as it is, of a trade, and of the book again. */
  update(): Promise<void>;
  /** Number of the book's latest change. */
  bookId(symbol: string): number;
  /** Ends all connections. */
  cut(): Promise<void>;
  /** Whether nothing is sent or answered any more, while connections stay open. */
  mute(on: boolean): void;
  /** The next so many connections get this answer instead of a WebSocket. */
  refuse(times: number, answer?: string): void;
}

export interface LocalStreamOptions {
  readonly candles: readonly Candles[]; // at the timeframe that is streamed
  now(): number;
  setNow(now: number): void;
  /** Asked before each message. */
  readonly disturb?: ((message: Outgoing) => Disturbance | undefined) | undefined;
}

const badGateway = "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 24\r\n\r\n" +
  "<html>Bad gateway</html>";

/** Binance's spot streams, as far as ccxt subscribes to them: `kline_*`, `trade`, `depth@100ms`. */
export function localStream(options: LocalStreamOptions): LocalStream & { close(): Promise<void> } {
  const { candles, disturb } = options;
  const streams = new Map<Peer, Set<string>>();
  const held: { after: number; send: () => void }[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  const refusals: string[] = [];
  let muted = false;
  const subscribed = () => new Set([...streams.values()].flatMap((names) => [...names]));

  const server = webSocketServer({
    muted: () => muted,
    refusal: () => refusals.shift(),
    onClosed: (peer) => void streams.delete(peer),
    onText(peer, words) {
      const { method, params = [], id } = JSON.parse(words) as { method: string; params?: string[]; id: number };
      const names = streams.get(peer) ?? new Set();
      for (const name of params) method === "SUBSCRIBE" ? names.add(name) : names.delete(name);
      streams.set(peer, names);
      peer.send(JSON.stringify({ result: null, id }));
      const count = subscribed().size;
      for (const one of waiting) if (count >= one.count) one.resolve();
    },
  });

  const release = () => {
    for (const one of held) one.after--;
    for (let i = 0; i < held.length;) held[i].after < 0 ? held.splice(i, 1)[0].send() : i++;
  };
  const tell = async (name: string, what: Outgoing, message: unknown) => {
    if (muted) return;
    for (const [peer, names] of streams) {
      if (!names.has(name)) continue;
      await sendTo(peer, what, JSON.stringify(message));
      release();
    }
  };
  const sendTo = async (peer: Peer, what: Outgoing, words: string) => {
    const wrong = disturb?.(what);
    if (wrong === undefined) return peer.send(words);
    if (typeof wrong === "object") {
      held.push({ after: wrong.late, send: () => peer.send(words) });
      return;
    }
    await happen[wrong](peer, words);
  };

  const ids = new Map(candles.map((own) => [own.symbol, 10 * (lastClosed(own, options.now()) + 1)]));
  const change = async (own: Candles, t: number, what: Outgoing, changes: BookChanges) => {
    const U = (ids.get(own.symbol) ?? 0) + 1;
    const u = Math.max(U, what.kind === "closed" ? 10 * (t + 1) : U);
    ids.set(own.symbol, u);
    const s = own.symbol.replace("/", "");
    const message = { e: "depthUpdate", E: own.time[t] + own.step, s, U, u, ...changes };
    await tell(`${s.toLowerCase()}@depth@100ms`, { ...what, kind: "depth" }, message);
  };
  const bar = async (own: Candles, t: number, closed: boolean) => {
    const id = own.symbol.replace("/", "");
    const interval = formatTimeframe(own.step);
    const what = { kind: closed ? "closed" : "open", symbol: own.symbol, time: own.time[t] } as const;
    await tell(`${id.toLowerCase()}@kline_${interval}`, what, klineMessage(own, t, id, interval, closed));
    if (!closed) return;
    await tell(`${id.toLowerCase()}@trade`, { ...what, kind: "trade" }, tradeMessage(own, t, id));
    await change(own, t, what, depthChanges(own, t));
  };

  return {
    wsUrl: `ws://127.0.0.1:${server.port}`,
    get connections() {
      return server.opened;
    },
    get subscribed() {
      return subscribed();
    },
    async whenConnected(count) {
      while (server.opened < count) await new Promise((resolve) => setTimeout(resolve, 2));
    },
    whenSubscribed: (count) =>
      subscribed().size >= count ? Promise.resolve() : new Promise((resolve) => waiting.push({ count, resolve })),
    async tick(bars = 1) {
      for (let i = 0; i < bars; i++) {
        const now = options.now();
        const open = candles.map((own) => [own, firstBarAt(own, now - own.step + 1)] as const)
          .filter(([own, t]) => t < own.length && own.time[t] <= now);
        for (const [own, t] of open) await bar(own, t, false);
        options.setNow(now - now % candles[0].step + candles[0].step);
        for (const [own, t] of open) await bar(own, t, true);
      }
      await Promise.all([...server.peers].map((peer) => peer.flushed()));
    },
    bookId: (symbol) => ids.get(symbol) ?? 0,
    async update() {
      for (const own of candles) {
        const t = lastClosed(own, options.now()) + 1;
        if (t >= own.length) continue;
        await bar(own, t, false);
        const what = { kind: "trade", symbol: own.symbol, time: own.time[t] } as const;
        const id = own.symbol.replace("/", "");
        await tell(`${id.toLowerCase()}@trade`, what, tradeMessage(own, t, id));
        const { bids: b, asks: a } = bookAfter(own, t - 1);
        await change(own, t, what, { b, a });
      }
    },
    async cut() {
      await Promise.all([...server.peers].map((peer) => peer.cut()));
    },
    mute: (on) => void (muted = on),
    refuse: (times, answer = badGateway) => void refusals.push(...Array<string>(times).fill(answer)),
    close: () => server.close(),
  };
}

/** What is done instead of sending a message. */
const happen: Readonly<Record<Extract<Disturbance, string>, (peer: Peer, words: string) => void | Promise<void>>> = {
  drop() {},
  duplicate(peer, words) {
    peer.send(words);
    peer.send(words);
  },
  garbage: (peer) => peer.send("\u0000 not json"),
  html: (peer) => peer.send("<html>Bad gateway</html>"),
  truncated: (peer, words) => peer.send(words.slice(0, words.length >> 1)),
  nan: (peer, words) => peer.send(words.replace(/"([ohlc])":"[^"]*"/g, '"$1":"NaN"')),
  cut: (peer) => peer.cut(),
  async "cut in frame"(peer, words) {
    peer.sendHalf(words);
    await peer.cut();
  },
  "error frame": (peer) => peer.sendBytes(Uint8Array.of(0xff, 0xff, 0, 0, 0, 0)),
};

function klineMessage(own: Candles, t: number, s: string, i: string, x: boolean): unknown {
  const close = x ? own.$close[t] : own.$open[t]; // the unfinished bar still has other numbers
  const volume = x ? own.$volume[t] : own.$volume[t] / 2;
  const prices = { o: own.$open[t], c: close, h: x ? own.$high[t] : own.$open[t], l: x ? own.$low[t] : own.$open[t] };
  const text = Object.fromEntries(Object.entries({ ...prices, v: volume }).map(([name, value]) => [name, `${value}`]));
  const end = own.time[t] + own.step - 1;
  const k = { t: own.time[t], T: end, s, i, f: 1, L: 2, ...text, n: 2, x, q: "0", V: "0", Q: "0", B: "0" };
  return { e: "kline", E: x ? end + 1 : own.time[t], s, k };
}

function tradeMessage(own: Candles, t: number, s: string): unknown {
  const T = own.time[t] + own.step - 1;
  return { e: "trade", E: T, s, t, p: `${own.$close[t]}`, q: "0.5", T, m: t % 2 === 0, M: true };
}

/**
 * The book after bar `t` has closed, with `lastUpdateId` 10 (t + 1): three levels on either side of its close. What bar
 * `t` changes takes away the levels of the bar before it.
 */
export function bookAfter(own: Candles, t: number): { lastUpdateId: number; bids: string[][]; asks: string[][] } {
  const levels = (side: number) => [1, 2, 3].map((i) => [`${price(own.$close[t], side * i)}`, `${i + t % 5}`]);
  return { lastUpdateId: 10 * (t + 1), bids: levels(-1), asks: levels(1) };
}

/** Levels that change, prices and units as text; 0 units take a level away. */
interface BookChanges {
  readonly b: string[][];
  readonly a: string[][];
}

function depthChanges(own: Candles, t: number): BookChanges {
  const book = bookAfter(own, t);
  const before = t === 0 ? { bids: [], asks: [] } : bookAfter(own, t - 1);
  const changes = (old: string[][], fresh: string[][]) => [...old.map(([at]) => [at, "0"]), ...fresh];
  return { b: changes(before.bids, book.bids), a: changes(before.asks, book.asks) };
}

/** Index of the latest bar that is over; 0 when none is. */
export function lastClosed(own: Candles, now: number): number {
  return Math.max(0, firstBarAt(own, now - own.step + 1) - 1);
}

const price = (close: number, steps: number) => Number((close * (1 + steps / 1e4)).toFixed(2));
