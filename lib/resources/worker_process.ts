import { redact } from "../base/secret.ts";
import { waitAtMost } from "../base/wait_at_most.ts";

/** A program that speaks lines. */
export interface WorkerProcess {
  readonly pid: number;
  /** How it ended, when it has and all it wrote was heard: `ended with code 1`, `was ended by SIGKILL`. Never rejects. */
  readonly ended: Promise<string>;
  /** Writes a line; one that can't be written any more is dropped: `ended` tells. */
  send(line: string): Promise<void>;
  /** The end of what it wrote to standard error since `forget`, without secrets. */
  words(): string;
  forget(): void;
  /** Asks it to end (SIGTERM; its input stays open: the end of that means that nobody listens any more), and ends it if it has not after `grace` ms. Resolves when it is gone. */
  stop(grace: number): Promise<void>;
}

/** What to start and who listens. */
export interface WorkerProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Takes a line of its standard output; the next one waits for it. Must not throw. */
  readonly onLine: (line: string) => void | Promise<void>;
}

const WORDS = 4000; // characters of standard error that are kept
const LONGEST = 2 ** 27; // characters of a line

/**
 * Starts a program of lines in a process group of its own: Ctrl-C in a terminal reaches its parent, which ends it.
 *
 * @throws {Deno.errors.NotFound} if there is no such program
 */
export function startWorker({ command, args, env, onLine }: WorkerProcessOptions): WorkerProcess {
  const child = new Deno.Command(command, {
    args: [...args],
    env: { ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    detached: Deno.build.os !== "windows",
  }).spawn();
  const input = child.stdin.getWriter();
  let said = "";
  const listening = listen(child.stdout, onLine);
  const hearing = hear(child.stderr, (text) => said = (said + text).slice(-WORDS));
  let gone = false;
  const ended = child.status.then(async ({ code, signal }) => {
    gone = true;
    // A program of its own may keep the pipes open: what comes later is not waited for.
    await waitAtMost(500, Promise.all([listening.done, hearing.done]));
    await Promise.all([listening.cancel(), hearing.cancel(), quietly(input.close())]);
    return signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
  });
  const kill = (signal: Deno.Signal) => {
    if (gone) return;
    try {
      child.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error; // it has ended
    }
  };
  return {
    pid: child.pid,
    ended,
    send: (line) => quietly(input.write(new TextEncoder().encode(line + "\n"))),
    words: () => redact(said.trim()),
    forget: () => void (said = ""),
    async stop(grace) {
      kill("SIGTERM");
      const timer = setTimeout(() => kill("SIGKILL"), grace);
      await ended;
      clearTimeout(timer);
    },
  };
}

interface Reading {
  readonly done: Promise<void>;
  cancel(): Promise<void>;
}

/** Lines of a stream, each handled before the next. One that does not end is cut, so that its reader sees it is none. */
function listen(stream: ReadableStream<Uint8Array>, onLine: (line: string) => void | Promise<void>): Reading {
  let parts: string[] = [];
  let length = 0;
  return hear(stream, async (text) => {
    const lines = text.split("\n");
    for (const [i, line] of lines.entries()) {
      if (i === lines.length - 1 && length + line.length < LONGEST) {
        parts.push(line);
        length += line.length;
        continue;
      }
      const whole = parts.join("") + line;
      [parts, length] = [[], 0];
      if (whole.trim() !== "") await onLine(whole);
    }
  }, async () => {
    const rest = parts.join("");
    if (rest.trim() !== "") await onLine(rest);
  });
}

function hear(
  stream: ReadableStream<Uint8Array>,
  onText: (text: string) => unknown,
  onEnd: () => unknown = () => {},
): Reading {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  const read = async () => {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      await onText(decoder.decode(value, { stream: true }));
    }
    await onEnd();
  };
  return { done: quietly(read()), cancel: () => quietly(reader.cancel()) };
}

/** A pipe that breaks is no news: the process has ended, and `ended` says how. */
async function quietly(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    const expected = error instanceof TypeError || error instanceof Deno.errors.BrokenPipe ||
      error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted;
    if (!expected) throw error;
  }
}
