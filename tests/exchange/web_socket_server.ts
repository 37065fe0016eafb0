import { createHash } from "node:crypto";

/** One connection, byte by byte in our hands. */
export interface Peer {
  readonly path: string; // "/ws/0"
  /** Sends a text message. */
  send(text: string): void;
  /** Sends the first half of a text message's frame, then nothing: what follows makes no sense. */
  sendHalf(text: string): void;
  /** Sends these bytes, whatever they are. */
  sendBytes(bytes: Uint8Array): void;
  ping(): void;
  /** Ends the TCP connection once what was sent is out, without a word. */
  cut(): Promise<void>;
  /** Waits until what was sent is out. */
  flushed(): Promise<void>;
}

export interface WebSocketServerOptions {
  onText(peer: Peer, text: string): void;
  onClosed?(peer: Peer): void;
  /** What a client that connects gets instead of a WebSocket; nothing: a WebSocket. */
  refusal?(): string | undefined;
  /** Whether nothing is answered, not even a ping. */
  muted?(): boolean;
}

/** A WebSocket server on loopback. Closing it ends every connection. */
export interface WebSocketServer {
  readonly port: number;
  readonly peers: ReadonlySet<Peer>;
  readonly opened: number; // connections so far, refused ones included
  close(): Promise<void>;
}

/**
 * A WebSocket server (RFC 6455) on bare TCP, which lets a test do what a library would not: break off in the middle of a
 * frame, stop answering pings, answer the handshake with a proxy's page.
 */
export function webSocketServer(options: WebSocketServerOptions): WebSocketServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const peers = new Set<Peer>();
  const serving = new Set<Promise<void>>();
  let opened = 0;
  const accept = async () => {
    for await (const connection of listener) {
      opened++;
      const work = serve(connection, options, peers).finally(() => serving.delete(work));
      serving.add(work);
    }
  };
  const accepting = accept();
  return {
    port: (listener.addr as Deno.NetAddr).port,
    peers,
    get opened() {
      return opened;
    },
    async close() {
      listener.close();
      await accepting;
      await Promise.all([...peers].map((peer) => peer.cut()));
      await Promise.all(serving);
    },
  };
}

const text = new TextDecoder();
const bytesOf = (words: string) => new TextEncoder().encode(words);

async function serve(connection: Deno.Conn, options: WebSocketServerOptions, peers: Set<Peer>): Promise<void> {
  const chunks = reader(connection);
  const head = await chunks.until("\r\n\r\n");
  const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1] ?? "";
  const refusal = options.refusal?.();
  const peer = peerOf(connection, /^GET (\S+)/.exec(head)?.[1] ?? "");
  if (refusal !== undefined) {
    peer.sendBytes(bytesOf(refusal));
    return await peer.cut();
  }
  const accepted = createHash("sha1").update(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest("base64");
  peer.sendBytes(bytesOf(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accepted}\r\n\r\n`,
  ));
  peers.add(peer);
  try {
    for (;;) {
      const frame = await readFrame(chunks);
      if (frame === undefined || frame.code === 8) break;
      if (options.muted?.()) continue;
      if (frame.code === 9) peer.sendBytes(frameOf(10, frame.body));
      if (frame.code === 1) options.onText(peer, text.decode(frame.body));
    }
  } finally {
    peers.delete(peer);
    await peer.cut();
    options.onClosed?.(peer);
  }
}

function peerOf(connection: Deno.Conn, path: string): Peer {
  let open = true;
  let last: Promise<void> = Promise.resolve();
  const write = async (bytes: Uint8Array) => {
    try {
      for (let at = 0; at < bytes.length && open;) at += await connection.write(bytes.subarray(at));
    } catch (error) {
      open = false; // the other side has gone
      if (!(error instanceof Error)) throw error;
    }
  };
  const sendBytes = (bytes: Uint8Array) => void (last = last.then(() => write(bytes)));
  return {
    path,
    sendBytes,
    send: (words) => sendBytes(frameOf(1, bytesOf(words))),
    sendHalf(words) {
      const frame = frameOf(1, bytesOf(words));
      sendBytes(frame.subarray(0, frame.length >> 1));
    },
    ping: () => sendBytes(frameOf(9, new Uint8Array())),
    flushed: () => last,
    async cut() {
      await last;
      if (!open) return closeQuietly(connection);
      open = false;
      closeQuietly(connection);
    },
  };
}

function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error; // closed before
  }
}

/** A frame of a server: final, not masked. */
function frameOf(code: number, body: Uint8Array): Uint8Array {
  const size = body.length;
  const head = size < 126
    ? [0x80 | code, size]
    : size < 65_536
    ? [0x80 | code, 126, size >> 8, size & 255]
    : [0x80 | code, 127, 0, 0, 0, 0, size >>> 24, (size >> 16) & 255, (size >> 8) & 255, size & 255];
  const frame = new Uint8Array(head.length + size);
  frame.set(head);
  frame.set(body, head.length);
  return frame;
}

interface Chunks {
  take(count: number): Promise<Uint8Array | undefined>;
  until(end: string): Promise<string>;
}

function reader(connection: Deno.Conn): Chunks {
  let kept = new Uint8Array();
  const more = async (): Promise<boolean> => {
    const chunk = new Uint8Array(16_384);
    const count = await connection.read(chunk).catch(() => null); // cut from either side
    if (count === null) return false;
    const joined = new Uint8Array(kept.length + count);
    joined.set(kept);
    joined.set(chunk.subarray(0, count), kept.length);
    kept = joined;
    return true;
  };
  const take = async (count: number) => {
    while (kept.length < count) if (!await more()) return undefined;
    const taken = kept.slice(0, count);
    kept = kept.slice(count);
    return taken;
  };
  return {
    take,
    async until(end) {
      for (;;) {
        const at = text.decode(kept).indexOf(end);
        if (at >= 0) return text.decode(await take(at + end.length));
        if (!await more()) return "";
      }
    },
  };
}

/** A frame of a client: masked. Nothing once the connection is over. */
async function readFrame({ take }: Chunks): Promise<{ code: number; body: Uint8Array } | undefined> {
  const head = await take(2);
  if (head === undefined) return undefined;
  const short = head[1] & 127;
  const long = short === 126 ? await take(2) : short === 127 ? await take(8) : new Uint8Array();
  const mask = await take(4);
  if (long === undefined || mask === undefined) return undefined;
  const size = short < 126 ? short : long.reduce((sum, byte) => sum * 256 + byte, 0);
  const body = await take(size);
  return body && { code: head[0] & 15, body: body.map((byte, i) => byte ^ mask[i % 4]) };
}
