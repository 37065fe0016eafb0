import { basename, dirname, isAbsolute, join, relative } from "node:path";
import { looksSecret } from "./kernel_environment.ts";

/** What notebooks may do beside computing. */
export interface GuardPolicy {
  /** The project: its packages may load native code; its lib/, tests/ and dot files can't be written. */
  readonly root: string;
  /** Where the kernel runs: the notebook's folder. */
  readonly cwd: string;
  /** Hosts that may be reached; this machine always may. */
  readonly net?: readonly string[];
  /** Programs that may be started. */
  readonly run?: readonly string[];
}

/** A guard that listens. Disposing it ends every kernel that it guarded: without a guard a kernel does not go on. */
export interface Guard extends AsyncDisposable {
  /** Goes into a kernel's environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** What was asked for and refused, oldest first: `net example.com:443`. */
  readonly refused: readonly string[];
}

/** One question of Deno's permission broker protocol. */
interface Question {
  readonly id: number;
  readonly pid: number;
  readonly permission: string;
  readonly value: string | null;
}

/**
 * Answers the permission questions of Deno kernels. `deno jupyter` takes no permission flags and runs with all of
 * them, but asks a permission broker where DENO_PERMISSION_BROKER_PATH names one; this is that broker. It costs 0.07 ms
 * a question. Deno has it on Unix only: on Windows `environment` is empty and the kernel gives up its network and
 * programs by itself (see `kernel.ts`).
 */
export async function openGuard(policy: GuardPolicy): Promise<Guard> {
  const refused: string[] = [];
  if (Deno.build.os === "windows") return { environment: {}, refused, async [Symbol.asyncDispose]() {} };
  const folder = await Deno.makeTempDir({ prefix: "guard-" });
  const path = join(folder, "s");
  const listener = Deno.listen({ transport: "unix", path });
  const open = new Set<Deno.Conn>();
  const decide = decider(policy);
  const judge = (question: Question) => {
    const asked = `${question.permission} ${question.value ?? "(all)"}`;
    try {
      if (decide(question)) return true;
      refused.push(asked);
    } catch (error) {
      refused.push(`${asked} (${(error as Error).message})`); // a path that leads in circles, or is too long
    }
    return false;
  };

  const answer = async (connection: Deno.Conn) => {
    open.add(connection);
    const decoder = new TextDecoder();
    const encoder = new TextEncoder();
    const chunk = new Uint8Array(65_536);
    try {
      for (let held = "";;) {
        const read = await connection.read(chunk);
        if (read === null) return;
        held += decoder.decode(chunk.subarray(0, read), { stream: true });
        for (let end = held.indexOf("\n"); end >= 0; end = held.indexOf("\n")) {
          const question: Question = JSON.parse(held.slice(0, end));
          held = held.slice(end + 1);
          const allow = judge(question);
          const reply = encoder.encode(JSON.stringify({ id: question.id, result: allow ? "allow" : "deny" }) + "\n");
          for (let at = 0; at < reply.length;) at += await connection.write(reply.subarray(at));
        }
      }
    } catch (error) {
      if (!gone(error)) throw error; // the kernel was killed while it asked
    } finally {
      if (open.delete(connection)) connection.close();
    }
  };
  const accepting = (async () => {
    const answering: Promise<void>[] = [];
    try {
      for await (const connection of listener) answering.push(answer(connection));
    } finally {
      await Promise.all(answering);
    }
  })();

  return {
    environment: { DENO_PERMISSION_BROKER_PATH: path },
    refused,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const connection of open) {
        open.delete(connection);
        connection.close();
      }
      await accepting;
      await Deno.remove(folder, { recursive: true });
    },
  };
}

function gone(error: unknown): boolean {
  const { BadResource, BrokenPipe, ConnectionReset, Interrupted } = Deno.errors;
  return [BadResource, BrokenPipe, ConnectionReset, Interrupted].some((kind) => error instanceof kind);
}

/** Yes or no to each question, from the policy alone. Exported for tests. */
export function decider(policy: GuardPolicy): (question: Question) => boolean {
  const { net = [], run = [] } = policy;
  const [root, cwd] = [real(policy.root), real(policy.cwd)];
  const home = real(Deno.env.get("HOME") ?? Deno.cwd());
  const temporary = [Deno.env.get("TMPDIR") ?? "/tmp", "/tmp"].map(real);
  const cache = real(cacheFolder());
  const own = (name: string) => real(join(root, name)); // may be a link: packages that are shared, data on another disk
  const native = [cache, own("node_modules")];
  const results = [...["data", "reports", "mlflow_runs"].map(own), cwd];
  const writable = [...results, ...temporary];
  // Also where a hidden folder is above.
  const open = [...native, ...writable, root, dirname(real(Deno.execPath()))];
  const closed = ["/run/secrets", "/var/run/secrets", join(root, ".jupyter", "runtime"), ...secretFiles()].map(real);
  const within = (path: string, folders: readonly string[]) => folders.some((folder) => inside(path, folder));

  const readable = (path: string, pid: number) => {
    if (secretName(basename(path)) || within(path, closed)) return false;
    const process = path.match(/^\/proc\/(\d+)\/(?:environ|mem|root|cwd|fd|task)/);
    if (process && Number(process[1]) !== pid) return false; // another process's variables and files
    const hidden = inside(path, home) && relative(home, path).startsWith(".");
    return !hidden || within(path, open);
  };
  return ({ permission, value, pid }) => {
    if (permission === "env" || permission === "sys") return true; // the environment was chosen, see kernel_environment.ts
    if (value === null) return false;
    if (permission === "net") return loopback(value) || net.includes(value) || net.includes(value.replace(/:\d+$/, ""));
    if (permission === "run") return run.includes(value) || run.includes(basename(value));
    const absolute = isAbsolute(value) ? value : `${workingFolder(pid) ?? cwd}/${value}`;
    const path = real(absolute.replace(/^\/proc\/(?:self|thread-self)(?=\/|$)/, `/proc/${pid}`));
    if (permission === "read") return !secretName(basename(absolute)) && readable(path, pid);
    if (permission === "ffi") return within(path, native);
    // A project that lies in a temporary folder is no temporary file.
    const mine = inside(path, root) ? within(path, results) : within(path, writable);
    return permission === "write" && mine && !within(path, native) && !protectedPath(path, root);
  };
}

function cacheFolder(): string {
  const [own, caches] = [Deno.env.get("DENO_DIR"), Deno.env.get("XDG_CACHE_HOME")];
  const home = Deno.env.get("HOME") ?? "/";
  return own ??
    (Deno.build.os === "darwin" ? join(home, "Library/Caches/deno") : join(caches ?? join(home, ".cache"), "deno"));
}

function loopback(host: string): boolean {
  return /^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\]|::1)(?::\d+)?$/i.test(host);
}

function secretName(name: string): boolean {
  return (/^\.env(\..+)?$/.test(name) && name !== ".env.example") || /\.(pem|p12|pfx|key)$/.test(name);
}

/** Files that this process's environment names as holding a secret. */
function secretFiles(): string[] {
  return Object.entries(Deno.env.toObject())
    .filter(([name, path]) => name.endsWith("_FILE") && looksSecret(name) && path !== "")
    .map(([, path]) => path);
}

/** Code and settings of the project: a notebook does not change what it is run from. */
function protectedPath(path: string, root: string): boolean {
  if (!inside(path, root)) return false;
  const [first = ""] = relative(root, path).split("/");
  return first.startsWith(".") || ["lib", "tests", "node_modules", "deno.json", "deno.lock"].includes(first) ||
    path.endsWith(".ipynb");
}

function inside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === "" || (!way.startsWith("..") && !isAbsolute(way));
}

/**
 * Where a path leads: links resolved, also of one whose last parts are not there yet. `..` is taken of the folder that a
 * link leads to, as the system does, and not of the text.
 */
function real(path: string): string {
  const [before, ...after] = path.split(/[\\/]\.\.(?=[\\/]|$)/);
  return after.reduce((at, rest) => resolved(join(dirname(at), rest)), resolved(before));
}

function resolved(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) throw error;
    const parent = dirname(path);
    return parent === path ? path : join(resolved(parent), basename(path));
  }
}

/** A process's working folder where the system tells (Linux): it may have moved since it started. */
function workingFolder(pid: number): string | undefined {
  if (Deno.build.os !== "linux") return undefined;
  try {
    return Deno.readLinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined; // it has just ended
  }
}
