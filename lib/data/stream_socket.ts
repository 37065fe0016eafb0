import type { Exchange as Client } from "ccxt";
import ws from "ws";
import type { Rng } from "../base/random.ts";
import { pause } from "./retry.ts";

/** What the sockets of a client are doing. */
export interface SocketWatch {
  /** One was lost and is dialled again in `wait` ms. */
  onLost(url: string, wait: number): void;
  /** One is connected that brings nothing: it is ended. */
  onStale(why: string): void;
  /** Messages come from all, for the first time or again. */
  onConnected(): void;
}

/** How dead connections are told from live ones, and how lost ones come back. */
export interface SocketOptions {
  /** Each is asked for a sign of life so often, and ended when there was none for twice as long, ms. */
  readonly heartbeat: number;
  /** Without a message for so long a connection is stale, ms; longer where messages are rare: twice the longest pause. */
  readonly staleAfter: number;
  /** Wait before the first dial after a loss, ms; doubles with each, up to `longestWait`, less up to half at random. */
  readonly firstWait: number;
  readonly longestWait: number;
  /** A connection that lasted so long was a good one: waits start anew. ms */
  readonly stableAfter: number;
  readonly random: Rng;
}

/** The sockets of a ccxt client, in our hands. */
export interface Sockets {
  /** Pings where that is due, and ends what is dead or stale. */
  check(): void;
  /** Ends those that are connected, without a word to the other side; they come back. */
  drop(): void;
  /** Ends all; none comes back. */
  close(): Promise<void>;
  readonly lost: number; // connections lost so far
  readonly garbage: number; // messages that were no JSON object, and were left out
  /** Waits until more than `before` have been lost, or all were closed. */
  loss(before: number): Promise<void>;
}

/** What is used of `ws`, which has no types of its own. */
interface WebSocket {
  readonly readyState: number;
  onopen: () => void;
  onmessage: (event: { data: unknown }) => void;
  onerror: (event: { message: string }) => void;
  onclose: (event: { code: number }) => void;
  on(event: "ping" | "pong", listener: () => void): WebSocket;
  ping(): void;
  terminate(): void;
}
const WebSocket = ws as unknown as {
  new (url: string, options: { handshakeTimeout: number; maxPayload: number }): WebSocket;
  readonly OPEN: number;
};

/** ccxt's own wrapper of a socket, as far as it is taken over. */
interface WsClient {
  readonly url: string;
  connection: WebSocket | undefined;
  connectionTimeout: number;
  createConnection(): void;
  isOpen(): boolean;
  close(): unknown;
  log(...words: unknown[]): void;
  onOpen(): void;
  onMessage(event: { data: unknown }): void;
  onError(error: Error): void;
  onClose(event: { code: number }): void;
}

/** What is known of an address, through all its connections. */
interface Line {
  losses: number; // in a row
  message: number; // latest, performance.now()
  pause: number; // longest between two messages lately, ms
  brings: boolean; // messages since it was dialled
}

/** A connection. */
interface Open {
  readonly socket: WebSocket;
  readonly line: Line;
  readonly url: string;
  readonly closed: Promise<void>;
  since: number; // connected, performance.now()
  sign: number; // of life, the latest, performance.now()
}

const handshakeTimeout = 10_000; // ms
const largestMessage = 16 * 2 ** 20; // bytes

/**
 * Gives a ccxt client sockets of the `ws` package. Under Deno ccxt takes the built-in WebSocket, which can neither ping
 * nor be ended when the other side has gone silent: its `close` waits for an answer that never comes, and what waits keeps
 * the process alive. Waits between dials are ours too, as ccxt's cannot be stopped.
 */
export function ownSockets(client: Client, options: SocketOptions, signal: AbortSignal, watch: SocketWatch): Sockets {
  const { firstWait, longestWait, heartbeat, staleAfter } = options;
  const lines = new Map<string, Line>();
  const all = new Set<Open>();
  let [lost, garbage, pinged, connected] = [0, 0, performance.now(), false];
  let nextLoss = Promise.withResolvers<void>();

  const lineOf = (url: string): Line => {
    const line = lines.get(url) ?? { losses: 0, message: performance.now(), pause: 0, brings: false };
    lines.set(url, line);
    return line;
  };
  const dial = async (own: WsClient) => {
    const line = lineOf(own.url);
    line.brings = false;
    const wait = line.losses === 0
      ? 0
      : Math.min(longestWait, firstWait * 2 ** (line.losses - 1)) * (0.5 + 0.5 * options.random());
    if (line.losses > 0) {
      connected = false;
      watch.onLost(own.url, wait);
    }
    try {
      await pause(wait, signal);
      connect(own, line);
    } catch (error) {
      own.onError(error as Error); // closed meanwhile, or no address
    }
  };
  const connect = (own: WsClient, line: Line) => {
    const socket = new WebSocket(own.url, { handshakeTimeout, maxPayload: largestMessage });
    own.connection = socket;
    const closed = Promise.withResolvers<void>();
    const one: Open = { socket, line, url: own.url, closed: closed.promise, since: Infinity, sign: Infinity };
    all.add(one);
    let over = false;
    const lose = () => {
      if (over) return;
      over = true;
      lost++;
      line.losses = performance.now() - one.since > options.stableAfter ? 1 : line.losses + 1;
      nextLoss.resolve();
      nextLoss = Promise.withResolvers();
    };
    const live = () => void (one.sign = performance.now());
    socket.on("ping", live).on("pong", live);
    socket.onopen = () => {
      one.since = one.sign = performance.now();
      own.onOpen();
    };
    socket.onmessage = (event) => {
      live();
      own.onMessage(event);
    };
    socket.onerror = (event) => {
      lose();
      own.onError(new Error(event.message));
    };
    socket.onclose = (event) => {
      all.delete(one);
      lose();
      own.onClose(event);
      closed.resolve();
    };
  };

  client.calculateWsBackoffDelay = () => 0;
  const clientOf = client.client;
  client.client = function (this: Client, url: string) {
    if (signal.aborted) throw signal.reason;
    const known = this.clients[url] !== undefined;
    const own = clientOf.call(this, url) as unknown as WsClient;
    if (known) return own as never;
    own.connectionTimeout = 0; // the handshake has a limit of its own
    own.createConnection = () => void dial(own);
    own.isOpen = () => own.connection?.readyState === WebSocket.OPEN;
    own.close = () => own.connection?.terminate();
    own.log = () => {}; // ccxt prints messages that are no JSON; they are counted below
    return own as never;
  };

  const handle = client.handleMessage;
  client.handleMessage = function (this: Client, own: { readonly url: string }, message: unknown) {
    if (typeof message !== "object" || message === null) return void garbage++;
    const line = lineOf(own.url);
    const at = performance.now();
    line.pause = Math.max(0.99 * line.pause, Math.min(at - line.message, 3 * staleAfter)); // an outage is no habit
    Object.assign(line, { message: at, brings: true });
    if (!connected && [...lines.values()].every(({ brings }) => brings)) {
      connected = true;
      watch.onConnected();
    }
    handle.call(this, own as never, message as never);
  } as typeof handle;

  const end = ({ url, socket }: Open, what: string, since: number) => {
    const seconds = ((performance.now() - since) / 1000).toFixed(0);
    watch.onStale(`no ${what} from ${url} for ${seconds} s`);
    socket.terminate();
  };
  const isOpen = ({ socket }: Open) => socket.readyState === WebSocket.OPEN;
  return {
    get lost() {
      return lost;
    },
    get garbage() {
      return garbage;
    },
    check() {
      const at = performance.now();
      const ping = at - pinged >= heartbeat;
      if (ping) pinged = at;
      for (const one of [...all].filter(isOpen)) {
        const message = Math.max(one.line.message, one.since);
        if (at - one.sign >= 2 * heartbeat) end(one, "sign of life", one.sign);
        else if (at - message >= Math.max(staleAfter, 2 * one.line.pause)) end(one, "message", message);
        else if (ping) one.socket.ping();
      }
    },
    drop: () => [...all].filter(isOpen).forEach(({ socket }) => socket.terminate()),
    loss: (before) => lost > before || signal.aborted ? Promise.resolve() : nextLoss.promise,
    async close() {
      nextLoss.resolve();
      for (const { socket } of all) socket.terminate();
      await Promise.all([...all].map(({ closed }) => closed));
    },
  };
}
