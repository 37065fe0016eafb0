const encoder = new TextEncoder();
const decoder = new TextDecoder();

// Frame flags, ZMTP 3.0 section 3.
const MORE = 1;
const LONG = 2;
const COMMAND = 4;
const GREETING = 64; // bytes

/** Kinds of ZeroMQ socket that a Jupyter client needs: requests go by DEALER, broadcasts come by SUB. */
export type SocketKind = "DEALER" | "SUB";

/**
 * One ZeroMQ connection over TCP on loopback: ZMTP 3.0 with the NULL mechanism, as a client. It reads ahead of who
 * asks, as a publisher drops what a subscriber does not fetch in time. Source: rfc.zeromq.org/spec/23.
 */
export class ZmtpSocket implements Disposable {
  readonly #connection: Deno.TcpConn;
  #held = new Uint8Array(0); // read, and not yet a whole frame
  #greeted = false;
  #frames: Uint8Array[] = []; // of a message whose last frame is to come
  readonly #arrived: Uint8Array[][] = [];
  #next = 0; // of #arrived
  #news = Promise.withResolvers<void>();
  #ended: unknown;
  #sending: Promise<void> = Promise.resolve();

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
    this.#readAhead();
  }

  /**
   * Connects to `port` on this machine and shakes hands. A SUB socket subscribes to everything.
   *
   * @throws {Deno.errors.ConnectionRefused} while nobody listens
   * @throws {SyntaxError} if the peer does not speak ZMTP 3
   */
  static async connect(port: number, kind: SocketKind, identity = ""): Promise<ZmtpSocket> {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    connection.setNoDelay(true);
    const socket = new ZmtpSocket(connection);
    try {
      await socket.#handshake(kind, identity);
      if (kind === "SUB") await socket.send([Uint8Array.of(1)]);
      return socket;
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  /** Sends one message of several frames; messages leave in the order of the calls. */
  send(frames: readonly Uint8Array[]): Promise<void> {
    const parts = frames.flatMap((frame, i) => {
      const more = i < frames.length - 1 ? MORE : 0;
      if (frame.length <= 255) return [Uint8Array.of(more, frame.length), frame];
      const head = new Uint8Array(9);
      head[0] = more | LONG;
      new DataView(head.buffer).setBigUint64(1, BigInt(frame.length));
      return [head, frame];
    });
    return this.#sending = this.#sending.then(() => this.#write(joined(parts)));
  }

  /**
   * Waits for one message.
   *
   * @throws {Deno.errors.UnexpectedEof} when the peer has closed the connection and all it sent was received
   */
  async receive(): Promise<Uint8Array[]> {
    while (this.#next === this.#arrived.length) {
      this.#arrived.length = this.#next = 0;
      if (this.#ended) throw this.#ended;
      this.#news = Promise.withResolvers();
      await this.#news.promise;
    }
    return this.#arrived[this.#next++];
  }

  close(): void {
    try {
      this.#connection.close();
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error; // closed before: fine
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #handshake(kind: SocketKind, identity: string): Promise<void> {
    const greeting = new Uint8Array(GREETING);
    greeting.set([0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 0]);
    greeting.set(encoder.encode("NULL"), 12);
    await this.#write(greeting);
    const ready = joined([
      Uint8Array.of(5),
      encoder.encode("READY"),
      property("Socket-Type", kind),
      property("Identity", identity),
    ]);
    await this.#write(joined([Uint8Array.of(COMMAND, ready.length), ready]));
    const [answer] = await this.receive();
    if (decoder.decode(answer.subarray(0, 6)) !== "\x05READY") {
      throw new SyntaxError(`Cannot talk to the kernel as it must answer READY: it sent ${decoder.decode(answer)}`);
    }
  }

  async #readAhead(): Promise<void> {
    try {
      while (true) {
        const chunk = new Uint8Array(262_144);
        const read = await this.#connection.read(chunk);
        if (read === null) throw new Deno.errors.UnexpectedEof("the kernel closed the connection");
        this.#held = this.#held.length > 0 ? joined([this.#held, chunk.subarray(0, read)]) : chunk.subarray(0, read);
        this.#cut();
      }
    } catch (error) {
      this.#ended = error;
    }
    this.#news.resolve();
  }

  /** Cuts whole messages off what was read. The first frame after the greeting is the peer's READY, a command. */
  #cut(): void {
    let at = 0;
    if (!this.#greeted) {
      if (this.#held.length < GREETING) return;
      const [first, last, major] = [this.#held[0], this.#held[9], this.#held[10]];
      if (first !== 0xff || last !== 0x7f || major < 3) {
        throw new SyntaxError(
          `Cannot talk to the kernel as it must speak ZMTP 3: its greeting is ${this.#held.slice(0, 12)}`,
        );
      }
      this.#greeted = true;
      at = GREETING;
    }
    const view = new DataView(this.#held.buffer, this.#held.byteOffset, this.#held.length);
    while (at + 2 <= this.#held.length) {
      const flags = this.#held[at];
      const start = at + (flags & LONG ? 9 : 2);
      if (start > this.#held.length) break;
      const end = start + (flags & LONG ? Number(view.getBigUint64(at + 1)) : this.#held[at + 1]);
      if (end > this.#held.length) break;
      this.#frames.push(this.#held.subarray(start, end));
      if (!(flags & MORE)) this.#arrived.push(this.#frames.splice(0));
      at = end;
    }
    this.#held = this.#held.subarray(at);
    if (this.#next < this.#arrived.length) this.#news.resolve();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
  }
}

function property(name: string, value: string): Uint8Array {
  const size = new Uint8Array(4);
  new DataView(size.buffer).setUint32(0, encoder.encode(value).length);
  return joined([Uint8Array.of(name.length), encoder.encode(name), size, encoder.encode(value)]);
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
