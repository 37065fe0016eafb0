import { join, resolve } from "node:path";
import { exists, writeAtomic } from "../base/files.ts";
import { kernelEnvironment } from "./kernel_environment.ts";
import { openGuard } from "./kernel_guard.ts";
import { jupyterEnvironment, KERNEL_NAME, writeKernelSpec } from "./kernel_spec.ts";

/** How JupyterLab is started. */
export interface JupyterLabOptions {
  /** The Python that has JupyterLab: `ensurePython()`'s. */
  readonly python: string;
  /** The project's folder. */
  readonly root?: string;
  /** The first port to try, on loopback. */
  readonly port?: number;
  /** What to open; the folder's overview without it. */
  readonly notebook?: string;
  /** Opens the user's browser. */
  readonly browser?: boolean;
  /** Hosts beside this machine that cells may reach. */
  readonly net?: readonly string[];
  /** Ends a start that is not done; what has started is ended by disposing it. */
  readonly signal?: AbortSignal;
}

/** JupyterLab at work. Disposing ends it and its kernels. */
export interface JupyterLab extends AsyncDisposable {
  /** Where to open it, with its token. */
  readonly url: string;
  readonly token: string;
  /** Settles when it has ended, with its exit code. */
  readonly done: Promise<number>;
}

/**
 * Starts JupyterLab on loopback with a token, the project's kernel and nothing installed by hand; resolves when it
 * answers. Its files stay in `.jupyter`. Its kernels see an allow-list of the environment and ask the same guard for
 * permissions as those that make reports: no keys, this machine only.
 *
 * @throws {Error} with JupyterLab's own last words if it ends before it answers
 */
export async function startJupyterLab(options: JupyterLabOptions): Promise<JupyterLab> {
  for (let tries = 1;; tries++) {
    try {
      return await start(options);
    } catch (error) {
      if (tries === 5 || !(error instanceof Error && /no available port could be found/.test(error.message))) {
        throw error;
      }
    } // it looks for a free port before it takes it: another program was quicker
  }
}

async function start(options: JupyterLabOptions): Promise<JupyterLab> {
  const { python, port = 8888, notebook, browser = false, net = [], signal } = options;
  const root = resolve(options.root ?? Deno.cwd());
  await using stack = new AsyncDisposableStack();
  await writeKernelSpec(root);
  await quietSettings(root);
  const guard = stack.use(await openGuard({ root, cwd: join(root, "notebooks"), net }));
  const token = crypto.randomUUID().replaceAll("-", "");
  const child = new Deno.Command(python, {
    args: [
      ...["-m", "jupyterlab", "--ServerApp.ip=127.0.0.1", `--ServerApp.port=${port}`],
      ...["--ServerApp.port_retries=50", `--ServerApp.root_dir=${root}`],
      ...[`--ServerApp.open_browser=${browser ? "True" : "False"}`, "--ServerApp.allow_remote_access=False"],
      `--LabApp.default_url=/lab${notebook ? `/tree/${notebook}` : "/tree/notebooks"}`,
      `--MultiKernelManager.default_kernel_name=${KERNEL_NAME}`,
      ...["--KernelSpecManager.ensure_native_kernel=False", `--KernelSpecManager.allowed_kernelspecs=${KERNEL_NAME}`],
      ...["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"],
      ...["--LabApp.extension_manager=readonly", "--ServerApp.terminals_enabled=False"],
      ...(Deno.build.os === "linux" && Deno.uid() === 0 ? ["--allow-root"] : []),
    ],
    cwd: root,
    env: {
      ...kernelEnvironment(),
      ...(browser && desktop()),
      ...jupyterEnvironment(root),
      ...guard.environment,
      JUPYTER_TOKEN: token, // not among the arguments, which every user of the machine can see
    },
    clearEnv: true,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    detached: Deno.build.os !== "windows", // Ctrl-C reaches us alone: JupyterLab would ask whether it is meant
  }).spawn();
  stack.defer(async () => {
    end(child, "SIGTERM");
    const timer = setTimeout(() => end(child, "SIGKILL"), 8000);
    await child.status;
    clearTimeout(timer);
  });
  const listening = Promise.withResolvers<string>();
  const words = readLines(child.stderr, (line) => {
    const [, found] = line.match(/https?:\/\/127\.0\.0\.1:(\d+)\/lab/) ?? [];
    if (found) listening.resolve(found);
  });
  const died = child.status.then(async ({ code }) => {
    throw new Error(`Cannot start JupyterLab as it ended with exit code ${code}: ${await words}`);
  });
  died.catch(() => {}); // after it has answered, `done` tells
  const ended = Promise.withResolvers<never>();
  ended.promise.catch(() => {});
  const abort = () => ended.reject(signal?.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort);
  stack.defer(() => signal?.removeEventListener("abort", abort));
  const bound = await Promise.race([listening.promise, died, ended.promise]);
  await Promise.race([answers(`http://127.0.0.1:${bound}/api/status`, token), died, ended.promise]);
  const open = stack.move();
  return {
    url: `http://127.0.0.1:${bound}/lab${notebook ? `/tree/${notebook}` : "/tree/notebooks"}?token=${token}`,
    token,
    done: child.status.then(({ code }) => code),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** Variables without which JupyterLab finds no browser. */
function desktop(): Record<string, string> {
  const names = ["BROWSER", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"];
  return Object.fromEntries(names.map((name) => [name, Deno.env.get(name) ?? ""]).filter(([, value]) => value !== ""));
}

/** No question about news from the network at the first start; what the user has set stays. */
async function quietSettings(root: string): Promise<void> {
  const folder = join(jupyterEnvironment(root).JUPYTERLAB_SETTINGS_DIR, "@jupyterlab", "apputils-extension");
  const path = join(folder, "notification.jupyterlab-settings");
  if (!await exists(path)) await writeAtomic(path, '{ "fetchNews": "false", "checkForUpdates": false }\n');
}

function end(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error; // it has ended
  }
}

/** Hands over each line, and gives the last few when the stream ends. */
async function readLines(stream: ReadableStream<Uint8Array>, take: (line: string) => void): Promise<string> {
  const decoder = new TextDecoder();
  const last: string[] = [];
  let held = "";
  for await (const chunk of stream) {
    const lines = (held + decoder.decode(chunk, { stream: true })).split("\n");
    held = lines.pop() ?? "";
    for (const line of lines) {
      take(line);
      last.push(line);
      if (last.length > 8) last.shift();
    }
  }
  return last.join("\n");
}

async function answers(url: string, token: string): Promise<void> {
  for (let tries = 0;; tries++) {
    try {
      const response = await fetch(url, { headers: { authorization: `token ${token}` } });
      await response.body?.cancel();
      if (response.ok) return;
    } catch (error) {
      if (tries === 300) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
