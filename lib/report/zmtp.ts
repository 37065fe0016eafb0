const encoder = new TextEncoder();
const decoder = new TextDecoder();

// Frame flags, ZMTP 3.0 section 3.
const MORE = 1;
const LONG = 2;
const COMMAND = 4;

/** Kinds of ZeroMQ socket that a Jupyter client needs: requests go by DEALER, broadcasts come by SUB. */
export type SocketKind = "DEALER" | "SUB";

/**
 * One ZeroMQ connection over TCP on loopback: ZMTP 3.0 with the NULL mechanism, as a client.
 * Source: rfc.zeromq.org/spec/23.
 */
export class ZmtpSocket implements Disposable {
  readonly #connection: Deno.TcpConn;
  #held = new Uint8Array(0); // read from the wire and not yet asked for
  #sending: Promise<void> = Promise.resolve();

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
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
   * @throws {Deno.errors.UnexpectedEof} when the peer has closed the connection
   */
  async receive(): Promise<Uint8Array[]> {
    const frames: Uint8Array[] = [];
    while (true) {
      const { flags, body } = await this.#frame();
      if (flags & COMMAND) continue; // no command matters after the handshake
      frames.push(body);
      if (!(flags & MORE)) return frames;
    }
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
    const greeting = new Uint8Array(64);
    greeting.set([0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 0]);
    greeting.set(encoder.encode("NULL"), 12);
    await this.#write(greeting);
    const peer = await this.#take(64);
    if (peer[0] !== 0xff || peer[9] !== 0x7f || peer[10] < 3) {
      throw new SyntaxError(`Cannot talk to the kernel as it must speak ZMTP 3: its greeting is ${peer.slice(0, 12)}`);
    }
    const ready = joined([
      Uint8Array.of(5),
      encoder.encode("READY"),
      property("Socket-Type", kind),
      property("Identity", identity),
    ]);
    await this.#write(joined([Uint8Array.of(COMMAND, ready.length), ready]));
    const answer = await this.#frame();
    if (!(answer.flags & COMMAND) || decoder.decode(answer.body.subarray(1, 6)) !== "READY") {
      throw new SyntaxError(
        `Cannot talk to the kernel as it must answer READY: it sent ${decoder.decode(answer.body)}`,
      );
    }
  }

  async #frame(): Promise<{ flags: number; body: Uint8Array }> {
    const flags = (await this.#take(1))[0];
    const size = await this.#take(flags & LONG ? 8 : 1);
    const length = flags & LONG ? Number(new DataView(size.buffer, size.byteOffset, 8).getBigUint64(0)) : size[0];
    return { flags, body: await this.#take(length) };
  }

  /** The next `count` bytes, a copy. */
  async #take(count: number): Promise<Uint8Array> {
    if (this.#held.length < count) {
      const parts = [this.#held];
      for (let have = this.#held.length; have < count;) {
        const chunk = new Uint8Array(65_536);
        const read = await this.#connection.read(chunk);
        if (read === null) throw new Deno.errors.UnexpectedEof("the kernel closed the connection");
        parts.push(chunk.subarray(0, read));
        have += read;
      }
      this.#held = joined(parts);
    }
    const taken = this.#held.slice(0, count);
    this.#held = this.#held.subarray(count);
    return taken;
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
