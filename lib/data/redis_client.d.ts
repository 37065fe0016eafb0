// What is used of `@redis/client`. Its own types bring Node's, which change the types of everything beside them.

/** How to reach a Redis. */
export interface RedisOptions {
  readonly url: string;
  readonly socket: { readonly connectTimeout: number; readonly reconnectStrategy: (times: number) => number };
  readonly disableOfflineQueue: boolean;
}

/** An entry of a stream. */
export interface StreamEntry {
  readonly id: string;
  readonly message: Readonly<Record<string, string>>;
}

/** A connection to a Redis, which comes back by itself. */
export interface RedisClient {
  readonly isReady: boolean;
  readonly isOpen: boolean;
  connect(): Promise<RedisClient>;
  duplicate(): RedisClient;
  close(): Promise<void>;
  destroy(): void;
  on(event: "error", listener: (error: Error) => void): RedisClient;
  once(event: "error", listener: (error: Error) => void): RedisClient;
  off(event: "error", listener: (error: Error) => void): RedisClient;
  xAdd(
    key: string,
    id: string,
    message: Readonly<Record<string, string>>,
    options: {
      readonly TRIM: { readonly strategy: "MAXLEN"; readonly strategyModifier: "~"; readonly threshold: number };
    },
  ): Promise<string>;
  xRevRange(
    key: string,
    start: string,
    end: string,
    options: { readonly COUNT: number },
  ): Promise<readonly StreamEntry[]>;
  xRead(
    streams: readonly { readonly key: string; readonly id: string }[],
    options: { readonly BLOCK: number; readonly COUNT: number },
  ): Promise<readonly { readonly name: string; readonly messages: readonly StreamEntry[] }[] | null>;
  eval(
    script: string,
    options: { readonly keys: readonly string[]; readonly arguments: readonly string[] },
  ): Promise<unknown>;
  publish(channel: string, message: string): Promise<number>;
  subscribe(channel: string, listener: (message: string) => void): Promise<void>;
}

/** A client that is not connected yet. */
export function createClient(options: RedisOptions): RedisClient;
