/** Tells many browsers at once what happens: server-sent events, written once for all of them. */
export interface Hub extends Disposable {
  /** Where the stream is now: what a browser that has seen everything so far names as its last. */
  readonly cursor: string;
  readonly clients: number;
  /** Sends a message to all. */
  send(event: string, data: unknown): void;
  /**
   * A stream from `after` on, a cursor of earlier: what was missed comes first. Where that is no longer known, or the
   * server is another one, the first message is a `reset`: ask again for everything.
   *
   * A client that takes nothing for `queue` messages is cut off; it comes back by itself, with its cursor.
   */
  open(after?: string): ReadableStream<Uint8Array>;
}

/** Bounds of a hub. */
export interface HubOptions {
  readonly kept?: number; // messages for those who come back
  readonly bytes?: number; // and how much they may take
  readonly queue?: number; // messages that may wait for a client
  readonly beat?: number; // ms between two comments that keep connections open
  readonly clients?: number; // most at once
}

/** @throws {RangeError} from `open` when there are too many clients */
export function openHub(
  { kept = 2000, bytes = 8e6, queue = 512, beat = 15_000, clients: mostClients = 1000 }: HubOptions = {},
): Hub {
  const epoch = crypto.randomUUID().slice(0, 8);
  const encoder = new TextEncoder();
  const clients = new Set<ReadableStreamDefaultController<Uint8Array>>();
  const past: Uint8Array[] = []; // the last messages; the newest has number `last`
  let last = 0;
  let size = 0;

  const drop = (client: ReadableStreamDefaultController<Uint8Array>) => {
    if (!clients.delete(client)) return;
    client.close();
  };
  const give = (client: ReadableStreamDefaultController<Uint8Array>, message: Uint8Array) => {
    if ((client.desiredSize ?? 0) <= 0) drop(client);
    else client.enqueue(message);
  };
  const comment = encoder.encode(": beat\n\n");
  const heart = setInterval(() => {
    for (const client of [...clients]) give(client, comment);
  }, beat);

  return {
    get cursor() {
      return `${epoch}-${last}`;
    },
    get clients() {
      return clients.size;
    },
    send(event, data) {
      const message = encoder.encode(`event: ${event}\nid: ${epoch}-${++last}\ndata: ${JSON.stringify(data)}\n\n`);
      past.push(message);
      size += message.length;
      while (past.length > kept || (size > bytes && past.length > 1)) size -= past.shift()!.length;
      for (const client of [...clients]) give(client, message);
    },
    open(after) {
      if (clients.size >= mostClients) {
        throw new RangeError(`Cannot open another event stream as there must be at most ${mostClients}`);
      }
      const first = [encoder.encode(`retry: 1000\n\n`), ...missed(after)];
      let own: ReadableStreamDefaultController<Uint8Array>;
      return new ReadableStream<Uint8Array>({
        start(client) {
          own = client;
          clients.add(client);
          for (const message of first) client.enqueue(message);
        },
        cancel() {
          clients.delete(own);
        },
      }, { highWaterMark: queue + first.length });
    },
    [Symbol.dispose]() {
      clearInterval(heart);
      for (const client of [...clients]) drop(client);
    },
  };

  function missed(after: string | undefined): Uint8Array[] {
    if (after === undefined) return [];
    const [, of, text] = after.match(/^([0-9a-f]{8})-(\d{1,15})$/) ?? [];
    const count = last - Number(text);
    if (of === epoch && count >= 0 && count <= past.length) return past.slice(past.length - count);
    return [encoder.encode(`event: reset\nid: ${epoch}-${last}\ndata: {}\n\n`)];
  }
}
