/**
 * Starts the command line with the Deno permissions that the command needs and no more: `deno task lab …` runs this.
 *
 * Reading and the environment are open (candles may lie anywhere); the rest is by command: only `fetch` may reach the
 * network at large, those that track or run notebooks reach loopback and the tracking server; only those that start
 * kernels, Python or git may start programs, and what such a program does is its own affair; native packages (polars, ONNX
 * Runtime) need `--allow-ffi`, which Deno cannot fence in; writing is limited to the project's own folders, the temporary
 * one and where `--output` points.
 */
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { EVENTS, readEnvironment } from "./config/environment.ts";
import { projectPath } from "./base/project.ts";

/** What a command needs beside reading and the environment. */
interface Needs {
  readonly net?: "any" | "tracking"; // loopback and MLflow's host
  readonly run?: boolean; // kernels, Python, git
  readonly native?: boolean;
  /** Folders of the project; `--output`, `--to` and `--storage-path` are added. */
  readonly write?: readonly string[];
}

const tracks = { net: "tracking", run: true, native: true, write: ["data", "mlflow_runs", ".venv"] } as const;

const needs: Readonly<Record<string, Needs>> = {
  fetch: { net: "any", native: true, write: ["data"] },
  features: { native: true, write: ["data"] },
  "check-leaks": { native: true, write: ["data"] }, // runs code of the user's with --module: no network, no programs
  paper: { ...tracks, net: "any" },
  tune: { ...tracks, write: [...tracks.write, ".venv-ray"] },
  monitor: { run: true, native: true, write: ["data"] },
  report: { ...tracks, write: [...tracks.write, "reports", ".jupyter"] },
  demo: { ...tracks, write: [...tracks.write, "reports", ".jupyter"] },
  explain: {},
  publish: {},
  notebook: { net: "tracking", run: true, write: [".venv", ".jupyter"] },
  panel: { net: "tracking", run: true, write: ["mlflow_runs", ".venv", "data/paper"] }, // kill switches; stages have their own
  list: { native: true },
  config: {},
  help: {},
};

/**
 * The permission flags of a command line, for `deno run`.
 *
 * @param folder the project's, where `.env` files and its own folders are
 * @param cwd what relative paths of `--output` and `--to` start from
 * @param events the file that somebody watches, where there is one
 */
export function permissions(
  args: readonly string[],
  folder = projectPath(),
  cwd = Deno.cwd(),
  events = Deno.env.get(EVENTS),
): string[] {
  const command = args.find((arg) => !arg.startsWith("-")) ?? "help";
  const helps = command === "help" || args.some((arg) => arg === "--help" || arg === "-h");
  const named = command === "help" ? args[args.indexOf("help") + 1] ?? command : command;
  const all = Object.hasOwn(needs, named) ? needs[named] : tracks;
  const { net, run, native, write = [] } = helps ? { native: all.native } : all;
  const writable = [
    ...write.map((name) => resolve(folder, name)),
    ...(write.length > 0 ? [temporaryFolder()] : []),
    ...(helps ? [] : [...outputs(args, cwd), ...(events ? [resolve(cwd, events)] : [])]),
  ];
  const hosts = ["127.0.0.1", "localhost", ...trackingHost(folder)];
  return [
    ...["--allow-read", "--allow-env"],
    ...(native || run ? ["--allow-sys"] : []), // cores for polars, the user for JupyterLab
    ...(native ? ["--allow-ffi"] : []),
    ...(writable.length > 0 ? [`--allow-write=${writable.join(",")}`] : []),
    ...(run ? ["--allow-run"] : []),
    ...(net === "any" ? ["--allow-net"] : net === "tracking" ? [`--allow-net=${hosts.join(",")}`] : []),
  ];
}

/** Where the command line says to write. A file is written beside its place first, so its folder is among them. */
function outputs(args: readonly string[], cwd: string): string[] {
  const paths = args.flatMap((arg, i) => {
    if (["--output", "--to", "-o", "--storage-path"].includes(args[i - 1] ?? "")) return [arg];
    return arg.match(/^(?:--output=|--to=|--storage-path=|-o(?=[^-=]))(.+)$/s)?.slice(1) ?? [];
  }).filter((path) => path !== "");
  return paths.flatMap((path) => [resolve(cwd, path), dirname(resolve(cwd, path))]);
}

function trackingHost(folder: string): string[] {
  try {
    const uri = readEnvironment(folder)["MLFLOW_TRACKING_URI"];
    return uri && URL.canParse(uri) && new URL(uri).host ? [new URL(uri).host] : [];
  } catch (error) {
    if (error instanceof RangeError) return []; // the command itself says what is wrong with the environment
    throw error;
  }
}

function temporaryFolder(): string {
  return Deno.env.get("TMPDIR") ?? Deno.env.get("TEMP") ?? "/tmp";
}

/** Arguments of `deno` that run a command line: with its permissions, never through a shell. */
export function denoArguments(args: readonly string[], cwd = Deno.cwd(), events = Deno.env.get(EVENTS)): string[] {
  const cli = fileURLToPath(import.meta.resolve("./cli.ts"));
  return ["run", "--quiet", "--no-prompt", ...native(), ...permissions(args, projectPath(), cwd, events), cli, ...args];
}

/** TensorFlow's packages in `.gpu` are CommonJS and don't say so; without them nothing changes. */
function native(): string[] {
  return existsSync(projectPath(".gpu")) ? ["--unstable-detect-cjs"] : [];
}

/** Runs the command line and returns its exit code. Ctrl-C and other ends are the child's to handle, once. */
async function launch(args: readonly string[]): Promise<number> {
  const cwd = Deno.env.get("INIT_CWD") ?? Deno.cwd(); // where the user is: `deno task` goes to the project's folder
  const child = new Deno.Command(Deno.execPath(), { args: denoArguments(args, cwd), cwd }).spawn();
  let interrupted = 0;
  const kill = (signal: Deno.Signal) => {
    try {
      child.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error; // it has ended
    }
  };
  Deno.addSignalListener("SIGINT", () => {
    // A terminal sends it to the child too, which ends cleanly; one that is deep in a computation does not hear the second.
    interrupted ||= performance.now();
    if (performance.now() - interrupted > 500) setTimeout(() => kill("SIGKILL"), 500);
  });
  if (Deno.build.os !== "windows") {
    for (const signal of ["SIGTERM", "SIGHUP"] as const) Deno.addSignalListener(signal, () => kill(signal));
  }
  const { code, signal } = await child.status;
  return signal === "SIGKILL" && interrupted > 0 ? 130 : code;
}

if (import.meta.main) Deno.exit(await launch(Deno.args));
