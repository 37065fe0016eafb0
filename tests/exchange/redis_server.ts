import { freePort } from "../free_port.ts";

/** A real Redis on loopback, empty, that keeps nothing. Disposing ends it. */
export interface RedisServer extends AsyncDisposable {
  readonly url: string; // "redis://127.0.0.1:PORT"
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  /** Starts it again on the same port, empty. */
  start(): Promise<void>;
}

/** Why tests with a real Redis are skipped; nothing when there is one: Debian's `redis-server`. */
export function noRedis(): string | undefined {
  try {
    const { success } = new Deno.Command("redis-server", { args: ["--version"], stdout: "null", stderr: "null" })
      .outputSync();
    return success ? undefined : "redis-server does not run";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "redis-server is not installed";
    throw error;
  }
}

/** Starts a Redis of the tests' own. */
export async function redisServer(): Promise<RedisServer> {
  const folder = await Deno.makeTempDir();
  const port = freePort();
  let child: Deno.ChildProcess | undefined;
  const end = async (signal: Deno.Signal) => {
    const ending = child;
    child = undefined;
    ending?.kill(signal);
    await ending?.status;
  };
  const start = async () => {
    const args = ["--bind", "127.0.0.1", "--port", String(port), "--dir", folder, "--save", "", "--appendonly", "no"];
    child = new Deno.Command("redis-server", { args, stdin: "null", stdout: "piped", stderr: "null" }).spawn();
    await saidReady(child.stdout);
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    start,
    kill: () => end("SIGKILL"),
    async [Symbol.asyncDispose]() {
      await end("SIGTERM");
      await Deno.remove(folder, { recursive: true });
    },
  };
}

async function saidReady(output: ReadableStream<Uint8Array>): Promise<void> {
  let said = "";
  for await (const bytes of output) {
    said += new TextDecoder().decode(bytes);
    if (said.includes("Ready to accept connections")) return; // and closes the pipe, which Redis does not mind
  }
  throw new Error(`redis-server did not start: ${said}`);
}
