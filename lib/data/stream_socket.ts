import type { Exchange as Client } from "ccxt";
import ws from "ws";
import type { Rng } from "../base/random.ts";
import { pause } from "./retry.ts";

/** What the sockets of a client are doing. */
export interface SocketWatch {
  /** It was connected, or a message, a ping or a pong came in. */
  onLife(): void;
  /** A JSON message came in, `performance.now()`. */
  onMessage(received: number): void;
  /** One was lost and comes back in `wait` ms. */
  onLost(url: string, wait: number): void;
  /** A message was no JSON object, and was left out. */
  onGarbage(): void;
}

/** How lost connections come back. */
export interface ReconnectOptions {
  /** Wait before the first dial after a loss, ms; doubles with each, up to `longestWait`, less up to half at random. */
  readonly firstWait: number;
  readonly longestWait: number;
  /** A connection that lasted so long was a good one: waits start anew. ms */
  readonly stableAfter: number;
  readonly random: Rng;
}

/** The sockets of a ccxt client, in our hands. */
export interface Sockets {
  /** Asks all for a sign of life. */
  ping(): void;
  /** Ends those that are connected, without a word to the other side; they come back. */
  drop(): void;
  /** Ends all; none comes back. */
  close(): Promise<void>;
  readonly lost: number; // connections lost so far
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

const handshakeTimeout = 10_000; // ms
const largestMessage = 16 * 2 ** 20; // bytes

/**
 * Gives a ccxt client sockets of the `ws` package. Under Deno ccxt takes the built-in WebSocket, which can neither ping
 * nor be ended when the other side has gone silent: its `close` waits for an answer that never comes, and what waits keeps
 * the process alive. Waits between dials are ours too, as ccxt's cannot be stopped.
 */
export function ownSockets(
  client: Client,
  options: ReconnectOptions,
  signal: AbortSignal,
  watch: SocketWatch,
): Sockets {
  const open = new Map<WebSocket, Promise<void>>();
  const dials = new Map<string, { losses: number }>();
  let lost = 0;
  let nextLoss = Promise.withResolvers<void>();

  const waitFor = ({ losses }: { losses: number }) =>
    losses === 0 ? 0 : Math.min(options.longestWait, options.firstWait * 2 ** (losses - 1)) *
      (0.5 + 0.5 * options.random());

  const dial = async (own: WsClient) => {
    const state = dials.get(own.url) ?? { losses: 0 };
    dials.set(own.url, state);
    const wait = waitFor(state);
    if (state.losses > 0) watch.onLost(own.url, wait);
    try {
      await pause(wait, signal);
      connect(own, state);
    } catch (error) {
      own.onError(error as Error); // closed meanwhile, or no address
    }
  };
  const connect = (own: WsClient, state: { losses: number }) => {
    const socket = new WebSocket(own.url, { handshakeTimeout, maxPayload: largestMessage });
    own.connection = socket;
    let since = Infinity; // performance.now()
    let over = false;
    const lose = () => {
      if (over) return;
      over = true;
      lost++;
      nextLoss.resolve();
      nextLoss = Promise.withResolvers();
      state.losses = performance.now() - since > options.stableAfter ? 1 : state.losses + 1;
    };
    socket.onopen = () => {
      since = performance.now();
      watch.onLife();
      own.onOpen();
    };
    socket.onmessage = (event) => {
      watch.onLife();
      own.onMessage(event);
    };
    socket.on("ping", watch.onLife).on("pong", watch.onLife);
    socket.onerror = (event) => {
      lose();
      own.onError(new Error(event.message));
    };
    const closed = new Promise<void>((resolve) => {
      socket.onclose = (event) => {
        open.delete(socket);
        lose();
        own.onClose(event);
        resolve();
      };
    });
    open.set(socket, closed);
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
  client.handleMessage = function (this: Client, own: unknown, message: unknown) {
    if (typeof message !== "object" || message === null) return watch.onGarbage();
    watch.onMessage(performance.now());
    handle.call(this, own as never, message as never);
  } as typeof handle;

  const connected = () => [...open.keys()].filter(({ readyState }) => readyState === WebSocket.OPEN);
  return {
    drop: () => connected().forEach((socket) => socket.terminate()),
    get lost() {
      return lost;
    },
    ping: () => connected().forEach((socket) => socket.ping()),
    loss: (before) => lost > before || signal.aborted ? Promise.resolve() : nextLoss.promise,
    async close() {
      nextLoss.resolve();
      for (const socket of open.keys()) socket.terminate();
      await Promise.all(open.values());
    },
  };
}
