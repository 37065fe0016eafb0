import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import { join } from "node:path";
import { setImmediate } from "node:timers";
import { log } from "../base/log.ts";
import { writeStandardError } from "../base/standard_error.ts";
import { waitAtMost } from "../base/wait_at_most.ts";
import { kernelEnvironment } from "./kernel_environment.ts";
import { type GuardPolicy, openGuard } from "./kernel_guard.ts";
import { type SocketKind, ZmtpSocket } from "./zmtp.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A message of Jupyter's protocol, version 5.3, without its buffers. */
export interface Message {
  readonly type: string;
  readonly parent: string; // msg_id of the request that it answers, or ""
  // deno-lint-ignore no-explicit-any
  readonly content: any;
}

/** What a kernel is started with. */
export interface KernelOptions {
  /** Imports and files of cells are relative to it. */
  readonly cwd: string;
  /** Variables beside the allowed ones, see `kernelEnvironment`. */
  readonly env?: Readonly<Record<string, string>>;
  readonly guard: GuardPolicy;
}

/** A kernel that ended before it was told to. */
export class KernelDied extends Error {
  override name = "KernelDied";
}

/**
 * What each kernel runs before its first cell. Errors that nothing awaits would be lost or stop the event loop. Printing
 * is held to 20 lines a ms: the kernel can print 100,000 lines a second and drops those that nobody fetched in time.
 */
const prologue = `{
  for (const kind of ["error", "unhandledrejection"]) {
    globalThis.addEventListener(kind, (event) => {
      event.preventDefault();
      const thrown = kind === "error" ? event.error : event.reason;
      const uncaught = thrown instanceof Error
        ? { name: thrown.name, message: thrown.message, stack: String(thrown.stack) }
        : { name: "Uncaught", message: String(thrown), stack: String(thrown) };
      Deno.jupyter.broadcast("display_data", { data: {}, metadata: { uncaught }, transient: {} });
    });
  }
  const pause = new Int32Array(new SharedArrayBuffer(4));
  let printed = 0;
  for (const name of ["log", "info", "debug", "warn", "error", "table", "dir"]) {
    const print = console[name];
    console[name] = (...values) => {
      if (++printed % 20 === 0) Atomics.wait(pause, 0, 0, 1);
      print(...values);
    };
  }
  // Ends the kernel when the process that started it is gone: its standard input closes, the guard no longer answers.
  const watch = "for await (const _ of Deno.stdin.readable); Deno.statSync('.'); self.postMessage('end');";
  new Worker("data:text/javascript," + encodeURIComponent(watch), { type: "module" }).onmessage = () => Deno.exit(1);
  ${Deno.build.os === "windows" ? 'for (const name of ["net", "run"]) Deno.permissions.revokeSync({ name });' : ""}
}
void 0;`; // a value of its own would be shown, and come as late as in the first cell

/**
 * A Deno kernel of our own, started for one notebook: talks over loopback, signed; sees an allow-list of the
 * environment; asks a guard for permissions; is gone when this is disposed, whatever it is doing.
 */
export class Kernel implements AsyncDisposable {
  /** Rejects with `KernelDied` once the process has ended. */
  readonly dead: Promise<never>;
  /** Gets every broadcast: outputs and states. */
  onBroadcast: (message: Message) => void = () => {};
  /** What the kernel asked for and was refused. */
  readonly refused: readonly string[];

  readonly #process: Deno.ChildProcess;
  readonly #key: string;
  readonly #session = randomUUID();
  readonly #waiting = new Map<string, (message: Message) => void>();
  readonly #stack: AsyncDisposableStack;
  #sockets: ZmtpSocket[] = [];
  #idle = true;
  #lastWords = "";

  private constructor(
    process: Deno.ChildProcess,
    key: string,
    refused: readonly string[],
    stack: AsyncDisposableStack,
  ) {
    this.#process = process;
    this.#key = key;
    this.#stack = stack;
    this.refused = refused;
    const logged = [process.stdout, process.stderr].map((stream) => this.#forward(stream));
    this.dead = process.status.then(async ({ code, signal }) => {
      await waitAtMost(500, Promise.all(logged)); // a program of a cell's may keep the pipes open
      const words = this.#lastWords.trim();
      throw new KernelDied(`The kernel died (${signal ?? `exit code ${code}`})${words ? `: ${words}` : ""}`);
    });
    this.dead.catch(() => {}); // whoever waits for something races with it
  }

  /** Starts a kernel and waits until it answers. Another process may take one of its ports first: three tries. */
  static async start(options: KernelOptions): Promise<Kernel> {
    for (let attempt = 1;; attempt++) {
      try {
        return await Kernel.#start(options);
      } catch (error) {
        if (attempt === 3 || !(error instanceof KernelDied || error instanceof SyntaxError)) throw error;
      }
    }
  }

  static async #start({ cwd, env = {}, guard: policy }: KernelOptions): Promise<Kernel> {
    await using stack = new AsyncDisposableStack();
    const folder = await Deno.makeTempDir({ prefix: "kernel-" });
    stack.defer(() => Deno.remove(folder, { recursive: true }));
    const guard = stack.use(await openGuard(policy));
    const key = randomUUID();
    const ports = freePorts(5);
    const connection = join(folder, "connection.json");
    await Deno.writeTextFile(
      connection,
      JSON.stringify({
        ip: "127.0.0.1",
        transport: "tcp",
        signature_scheme: "hmac-sha256",
        key,
        shell_port: ports[0],
        iopub_port: ports[1],
        control_port: ports[2],
        stdin_port: ports[3],
        hb_port: ports[4],
        kernel_name: "candelabra",
      }),
      { mode: 0o600 },
    );
    const child = new Deno.Command(Deno.execPath(), {
      args: ["jupyter", "--quiet", "--kernel", "--conn", connection],
      cwd,
      env: { ...kernelEnvironment(env), ...guard.environment },
      clearEnv: true,
      stdin: "piped", // stays open as long as this process lives
      stdout: "piped",
      stderr: "piped",
      detached: Deno.build.os !== "windows", // Ctrl-C in a terminal reaches us alone
    }).spawn();
    const kernel = new Kernel(child, key, guard.refused, stack.move());
    try {
      await kernel.#connect(ports);
      await kernel.execute(prologue, { silent: true });
      return kernel;
    } catch (error) {
      await kernel[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Runs code and resolves with the kernel's reply. `silent` code has no number and no history. */
  async execute(code: string, { silent = false } = {}): Promise<Message> {
    this.#idle = false;
    const reply = await this.#request("shell", "execute_request", {
      code,
      silent,
      store_history: !silent,
      user_expressions: {},
      allow_stdin: false,
      stop_on_error: true,
    });
    this.#idle = true;
    return reply;
  }

  /** Ends the process: asked politely when it is idle, at once when it runs a cell or does not answer within a second. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { promise: late, resolve: giveUp } = Promise.withResolvers<void>();
    const timer = setTimeout(giveUp, 1000);
    try {
      if (this.#idle && this.#sockets.length > 0) {
        const leaving = this.#request("control", "shutdown_request", { restart: false });
        await Promise.race([Promise.allSettled([leaving, this.dead]), late]);
      }
    } finally {
      clearTimeout(timer);
      this.#kill();
      for (const socket of this.#sockets) socket.close();
      await this.#process.stdin.close().catch(() => {}); // closed with the process
      await Promise.allSettled([this.dead]);
      await this.#stack.disposeAsync();
    }
  }

  #kill(): void {
    try {
      this.#process.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error; // it has ended
    }
  }

  async #connect([shell, broadcasts, control]: readonly number[]): Promise<void> {
    for (
      const [port, kind] of [[shell, "DEALER"], [control, "DEALER"], [broadcasts, "SUB"]] as [number, SocketKind][]
    ) {
      this.#sockets.push(await this.#dial(port, kind));
    }
    const [requests, controls, published] = this.#sockets;
    const settle = (message: Message) => {
      this.#waiting.get(message.parent)?.(message);
      this.#waiting.delete(message.parent);
    };
    this.#listen(requests, settle);
    this.#listen(controls, settle);
    this.#listen(published, (message) => this.onBroadcast(message));
    await this.#request("shell", "kernel_info_request", {});
  }

  /** The kernel takes a moment to listen, on a busy machine many: tries again for a minute, as long as it lives. */
  async #dial(port: number, kind: SocketKind): Promise<ZmtpSocket> {
    for (const begun = performance.now();;) {
      try {
        return await ZmtpSocket.connect(port, kind, kind === "DEALER" ? this.#session : "");
      } catch (error) {
        if (performance.now() - begun > 60_000 || !(error instanceof Deno.errors.ConnectionRefused)) throw error;
        await Promise.race([new Promise((resolve) => setTimeout(resolve, 20)), this.dead]);
      }
    }
  }

  async #listen(socket: ZmtpSocket, take: (message: Message) => void): Promise<void> {
    const { BadResource, ConnectionReset, Interrupted, UnexpectedEof } = Deno.errors;
    try {
      for (let since = performance.now();;) {
        take(this.#decode(await socket.receive()));
        if (performance.now() - since < 2) continue;
        await new Promise<void>((resolve) => setImmediate(() => resolve())); // lets the sockets read
        since = performance.now();
      }
    } catch (error) {
      if ([BadResource, ConnectionReset, Interrupted, UnexpectedEof].some((kind) => error instanceof kind)) return;
      log("error", `Cannot read from the kernel: ${(error as Error).message}`);
      this.#kill();
    }
  }

  #request(channel: "shell" | "control", type: string, content: unknown): Promise<Message> {
    const id = randomUUID();
    const header = {
      msg_id: id,
      msg_type: type,
      session: this.#session,
      username: "candelabra",
      date: new Date().toISOString(),
      version: "5.3",
    };
    const parts = [header, {}, {}, content].map((part) => encoder.encode(JSON.stringify(part)));
    const { promise, resolve } = Promise.withResolvers<Message>();
    this.#waiting.set(id, resolve);
    const frames = [encoder.encode("<IDS|MSG>"), encoder.encode(this.#sign(parts)), ...parts];
    const sent = this.#sockets[channel === "shell" ? 0 : 1].send(frames).then(() => promise, () => this.dead);
    return Promise.race([sent, this.dead]);
  }

  #decode(frames: readonly Uint8Array[]): Message {
    const at = frames.findIndex((frame) => frame.length === 9 && decoder.decode(frame) === "<IDS|MSG>");
    const parts = frames.slice(at + 2, at + 6);
    const wanted = encoder.encode(this.#sign(parts));
    const found = frames[at + 1] ?? new Uint8Array();
    if (at < 0 || parts.length < 4 || wanted.length !== found.length || !timingSafeEqual(wanted, found)) {
      throw new SyntaxError("a message is not signed with the kernel's key");
    }
    const [header, parent, , content] = parts.map((part) => JSON.parse(decoder.decode(part)));
    return { type: header.msg_type, parent: parent.msg_id ?? "", content };
  }

  #sign(parts: readonly Uint8Array[]): string {
    const hmac = createHmac("sha256", this.#key);
    for (const part of parts) hmac.update(part);
    return hmac.digest("hex");
  }

  /** Passes on what the process itself prints (logs, native code) to standard error, and keeps the end of it. */
  async #forward(stream: ReadableStream<Uint8Array>): Promise<void> {
    const text = new TextDecoder();
    for await (const chunk of stream) {
      const told = text.decode(chunk, { stream: true }).replace(
        /^.*Permission broker is an experimental feature.*\n?/m,
        "",
      );
      if (told === "") continue;
      this.#lastWords = (this.#lastWords + told).slice(-2000);
      writeStandardError(told);
    }
  }
}

/** Ports that nobody listens on now. */
function freePorts(count: number): number[] {
  const listeners = Array.from({ length: count }, () => Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  const ports = listeners.map((listener) => (listener.addr as Deno.NetAddr).port);
  for (const listener of listeners) listener.close();
  return ports;
}
