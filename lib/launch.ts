/**
 * Starts the command line with the Deno permissions that the command needs and no more: `deno task lab …` runs this.
 *
 * Native packages (polars) need `--allow-ffi`, which Deno cannot fence in; the rest is fenced: only `fetch` may reach the
 * network at large, others reach loopback and the tracking server; only commands that start kernels, Python or git may
 * start programs; writing is limited to the project's own folders, the temporary one and where `--output` points.
 */
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { readEnvironment } from "./config/environment.ts";

const own = ["data", "mlflow_runs", "reports", ".venv", ".jupyter"];

/** Commands that start no program at all. Everything tracked asks git for the commit and may start the tracking server. */
const startsNothing = new Set(["fetch", "features", "check-leaks", "list", "config", "explain", "publish"]);
const offline = new Set(["features", "check-leaks", "list", "config", "explain", "publish"]);

/** The permission flags of a command line, for `deno run`. */
export function permissions(args: readonly string[], folder = "."): string[] {
  const command = args.find((arg) => !arg.startsWith("-")) ?? "";
  const outputs = args.flatMap((arg, i) => {
    if (["--output", "--to", "-o"].includes(args[i - 1] ?? "")) return [arg];
    return arg.match(/^--(?:output|to)=(.+)$/)?.slice(1) ?? [];
  }).flatMap((path) => [resolve(path), dirname(resolve(path))]);
  const writable = [...own.map((name) => resolve(folder, name)), temporaryFolder(), ...outputs];
  const flags = ["--allow-read", "--allow-env", "--allow-ffi", "--allow-sys", `--allow-write=${writable.join(",")}`];
  if (!startsNothing.has(command)) flags.push("--allow-run");
  if (command === "fetch") flags.push("--allow-net");
  else if (!offline.has(command)) {
    flags.push(`--allow-net=${["127.0.0.1", "localhost", ...trackingHost(folder)].join(",")}`);
  }
  return flags;
}

function trackingHost(folder: string): string[] {
  const uri = readEnvironment(folder)["MLFLOW_TRACKING_URI"];
  return uri && URL.canParse(uri) && new URL(uri).host ? [new URL(uri).host] : [];
}

function temporaryFolder(): string {
  return Deno.env.get("TMPDIR") ?? Deno.env.get("TEMP") ?? "/tmp";
}

if (import.meta.main) {
  const cli = fileURLToPath(import.meta.resolve("./cli.ts"));
  const child = new Deno.Command(Deno.execPath(), { args: ["run", ...permissions(Deno.args), cli, ...Deno.args] })
    .spawn();
  // Ctrl-C goes to the whole group: the command ends itself cleanly, and this waits for it.
  Deno.addSignalListener("SIGINT", () => {});
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", () => child.kill("SIGTERM"));
  const { code } = await child.status;
  Deno.exit(code);
}
