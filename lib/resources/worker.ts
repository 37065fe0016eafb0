import type { Json } from "../base/json.ts";

/** What a job can say while it is worked on, and hear. */
export interface JobTalk {
  /** Sends a message. */
  tell(message: { readonly [key: string]: Json }): void;
  /** Sends a message and waits for its answer. One at a time. */
  ask(message: { readonly [key: string]: Json }): Promise<Json>;
  /** The pool wants the job to end soon: it has `grace` ms to keep what it has. A job that never took it is ended at once. */
  readonly signal: AbortSignal;
}

/**
 * The other side of a pool: reads a job per line of standard input, does one after the other, and writes what they say.
 * Ends the process when the input ends, whatever it is doing: then nobody listens any more. What code below prints with
 * `console.log` goes to standard error, so that it can't be taken for a message.
 *
 * On Linux, where `--allow-ffi` is granted and a pool is the parent, the kernel is asked to end this process with it: the
 * end of the input is not noticed in a loop that never awaits.
 */
export async function serveJobs(work: (job: Json, talk: JobTalk) => Promise<Json>): Promise<never> {
  console.log = console.info = console.debug = console.error;
  dieWithParent();
  const stop = new AbortController();
  let answer: ((value: Json) => void) | undefined;
  let working = false;
  let listening = false; // to the signal
  const write = (message: unknown) => writeLine(JSON.stringify(message));
  if (Deno.build.os !== "windows") {
    Deno.addSignalListener("SIGTERM", () => working && listening ? stop.abort() : Deno.exit(143));
  }
  const talk: JobTalk = {
    tell: write,
    ask: (message) =>
      new Promise((resolve) => {
        answer = resolve;
        write(message);
      }),
    get signal() {
      listening = true;
      return stop.signal;
    },
  };
  const begin = async (job: Json) => {
    [working, listening] = [true, false];
    try {
      write({ result: await work(job, talk) ?? null });
    } catch (error) {
      if (stop.signal.aborted) Deno.exit(143);
      console.error(error);
      write({ error: error instanceof Error ? error.message : String(error) });
    }
    working = false;
    if (stop.signal.aborted) Deno.exit(143);
  };
  for await (const line of lines(Deno.stdin.readable)) {
    const value: Json = JSON.parse(line);
    if (!working) void begin(value);
    else if (answer) {
      const give = answer;
      answer = undefined;
      give(value);
    } else throw new SyntaxError(`Cannot take an answer as nothing was asked: ${line.slice(0, 100)}`);
  }
  Deno.exit(working ? 1 : 0);
}

function writeLine(text: string): void {
  const bytes = new TextEncoder().encode(text + "\n");
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of stream) {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = parts.pop()!;
    for (const part of parts) if (part.trim() !== "") yield part;
  }
}

const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9n;

/** Asks the kernel to end this process when its parent ends. Source: prctl(2). */
function dieWithParent(): void {
  if (Deno.build.os !== "linux" || Deno.env.get("CANDELABRA_POOL") === undefined) return;
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return; // the end of the input must do
  const parameters = ["i32", "u64", "u64", "u64", "u64"] as const;
  const libc = Deno.dlopen("libc.so.6", { prctl: { parameters, result: "i32" } });
  libc.symbols.prctl(PR_SET_PDEATHSIG, SIGKILL, 0n, 0n, 0n);
  libc.close();
}
