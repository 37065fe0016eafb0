import { join, resolve } from "node:path";
import { exists } from "../base/files.ts";
import { projectPath } from "../base/project.ts";
import type { Settings } from "../config/environment.ts";
import { type Config, defaults } from "../config/schema.ts";
import { getArtifact } from "../track/artifacts.ts";
import { connection } from "../track/connection.ts";
import { gitState } from "../track/git.ts";
import { findRun, type StoredRun } from "../track/runs.ts";
import { barOf, type Deps } from "./deps.ts";
import { loadMarket } from "./market.ts";
import { trackingVariables } from "./tracked.ts";

/** One number, then and now. */
export interface Compared {
  readonly name: string;
  readonly recorded: number;
  readonly again: number; // NaN where it is missing now
  readonly same: boolean; // to the last bit; NaN equals NaN
}

/** What became of executing a tracked run again. */
export interface Verification {
  readonly run: string;
  readonly name: string;
  readonly commit: string;
  /** Where it was executed again: the working tree, or a fresh checkout of the commit. */
  readonly from: "working tree" | "checkout";
  readonly numbers: readonly Compared[];
  readonly passed: boolean;
  /** What limits the verdict. */
  readonly notes: readonly string[];
}

/**
 * Executes a tracked run again from its recorded commit, settings, data and seed, and compares every number to the last
 * bit. Another commit than the one checked out is tried in a temporary checkout; nothing is written to the tracker.
 *
 * @param id the run's id, or enough of its beginning
 * @throws {RangeError} if there is no such run, it recorded too little, or its data are not what they were
 */
export async function verifyStage(id: string, settings: Settings, deps: Deps = {}): Promise<Verification> {
  const server = await connection({ variables: trackingVariables(settings) }).get();
  const run = await findRun(server, id);
  if (run.status !== "FINISHED") {
    throw new RangeError(`Cannot verify run ${run.id} as it must have finished: its status is ${run.status}`);
  }
  const command = commandOf(run);
  if (run.tags["candelabra.kind"] === "paper") {
    throw new RangeError(`Cannot verify run ${run.id} here as it ${traded(run)}`);
  }
  const decode = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes));
  const config: Config = decode(await getArtifact(server, run, "config.json"));
  const recorded: Record<string, number | string> = decode(await getArtifact(server, run, "metrics.json"));
  if (Object.keys(recorded).length === 0) throw new RangeError(`Cannot verify run ${run.id} as it recorded no number`);
  await checkData(config, run, deps);

  const commit = run.tags["mlflow.source.git.commit"];
  if (!commit) throw new RangeError(`Cannot verify run ${run.id} as it recorded no commit: it was made outside git`);
  const now = await gitState(projectPath());
  const inPlace = now?.commit === commit && !now.dirty;
  const notes: string[] = [];
  if (run.tags["candelabra.dirty"] === "true") {
    notes.push("The run was made with uncommitted changes, which the commit does not have.");
  }
  using bar = barOf(deps, `Verifying ${run.name}`);
  bar.update(0, 2, inPlace ? "in the working tree" : `in a checkout of ${commit.slice(0, 10)}`);
  const again = inPlace
    ? await execute(projectPath(), command, config, server.uri, deps)
    : await inCheckout(commit, (folder) => execute(folder, command, config, server.uri, deps));
  bar.update(2, 2);
  const numbers = compareNumbers(recorded, again);
  return {
    run: run.id,
    name: run.name,
    commit,
    from: inPlace ? "working tree" : "checkout",
    numbers,
    passed: numbers.length > 0 && numbers.every(({ same }) => same),
    notes,
  };
}

/** Numbers by name, then and now: all that were recorded, and any that are new. */
export function compareNumbers(
  recorded: Readonly<Record<string, number | string>>,
  again: Readonly<Record<string, number | string>>,
): Compared[] {
  const names = [...new Set([...Object.keys(recorded), ...Object.keys(again)])];
  return names.map((name) => {
    const [before, now] = [Number(recorded[name] ?? NaN), Number(again[name] ?? NaN)];
    return { name, recorded: before, again: now, same: name in recorded && name in again && Object.is(before, now) };
  });
}

function commandOf(run: StoredRun): string[] {
  try {
    const command = JSON.parse(run.tags["candelabra.command"] ?? "");
    if (Array.isArray(command) && command.every((word) => typeof word === "string")) return command;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new RangeError(
    `Cannot verify run ${run.id} as it does not say what made it: it is not a run of this project's`,
  );
}

/** What is said of a run of paper trading: its bars are in a journal, or nowhere. */
function traded(run: StoredRun): string {
  return commandOf(run).includes("--name")
    ? `traded on paper: \`lab paper --replay "${
      run.tags["candelabra.session"]
    }"\` trades its session again, from the ` +
      "journal, and compares every decision"
    : "traded on paper without a --name: nothing was kept that could be traded again";
}

async function checkData(config: Config, run: StoredRun, deps: Deps): Promise<void> {
  const hash = run.tags["candelabra.data_hash"];
  if (!hash) return;
  const source = await loadMarket(withDefaults(config), deps).catch((error) => {
    if (!(error instanceof Error) || deps.signal?.aborted) throw error;
    throw new RangeError(`Cannot verify run ${run.id} as its data can't be loaded: ${error.message}`, { cause: error });
  });
  if (source.hash === hash) return;
  throw new RangeError(
    `Cannot verify run ${run.id} as its data must hash to ${hash.slice(0, 16)}: ` +
      `${config.data.input.join(", ")} now hashes to ${source.hash.slice(0, 16)}`,
  );
}

/** Settings of an earlier commit, which may not have known all of today's. */
function withDefaults(config: Config): Config {
  const sections = Object.entries(defaults()).map((
    [name, keys],
  ) => [name, { ...keys, ...config[name as keyof Config] }]);
  return Object.fromEntries(sections) as unknown as Config;
}

/** Input files as whole paths: a checkout does not have what git does not. */
async function withWholePaths(config: Config): Promise<Config> {
  const input = await Promise.all(config.data.input.map(async (name) => {
    for (const path of [resolve(name), projectPath(name)]) if (await exists(path)) return path;
    return name;
  }));
  return { ...config, data: { ...config.data, input } };
}

/**
 * Runs the command line of the project in `folder` without tracking, and returns its numbers. A model that it names is
 * read from the server that the run was found on.
 */
async function execute(
  folder: string,
  command: readonly string[],
  config: Config,
  server: string,
  { signal }: Deps,
): Promise<Record<string, number | string>> {
  const scratch = await Deno.makeTempDir({ prefix: "candelabra-verify-" });
  try {
    const settings = join(scratch, "config.json");
    await Deno.writeTextFile(settings, JSON.stringify(await withWholePaths(config)));
    const output = command[0] === "report" ? ["--output", join(scratch, "reports")] : [];
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["task", "--quiet", "lab", ...command, "--config", settings, "--no-track", "--json", ...output],
      cwd: folder,
      env: {
        INIT_CWD: folder, // else that of the task which runs this
        MLFLOW_TRACKING_URI: Deno.env.get("MLFLOW_TRACKING_URI") ?? server,
      },
      stdout: "piped",
      stderr: "piped",
      ...(signal ? { signal } : {}),
    }).output();
    const text = new TextDecoder().decode(stdout);
    signal?.throwIfAborted();
    if (code !== 0) {
      const said = new TextDecoder().decode(stderr).trim().split("\n").slice(-5).join("\n");
      throw new Error(`Cannot verify as "lab ${command.join(" ")}" ended with exit code ${code}:\n${said}`);
    }
    const result = JSON.parse(text);
    return Array.isArray(result) ? result[0].metrics : result.metrics;
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

/** Runs `work` in a temporary checkout of a commit that shares this project's packages and fetched candles. */
async function inCheckout<T>(commit: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "candelabra-checkout-" });
  try {
    await git("worktree", "add", "--detach", "--force", folder, commit);
    // Other packages than these are installed afresh, so that they do not change under this project's feet.
    const [here, there] = await Promise.all(
      [projectPath(), folder].map((at) => Deno.readTextFile(join(at, "deno.lock"))),
    );
    for (const shared of [...(here === there ? ["node_modules"] : []), "data/raw"]) {
      const [from, to] = [projectPath(shared), join(folder, shared)];
      if (await exists(from) && !await exists(to)) await link(from, to);
    }
    return await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
    await git("worktree", "prune");
  }
}

/** Links a folder by a program of the system: Deno's own way would need permission to write anywhere. */
const link = (from: string, to: string) =>
  Deno.build.os === "windows" ? system("cmd", "/c", "mklink", "/J", to, from) : system("ln", "-s", from, to);

const git = (...args: string[]) => system("git", ...args);

async function system(program: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args, cwd: projectPath(), stderr: "piped" }).output();
  if (success) return;
  const said = new TextDecoder().decode(stderr).trim();
  throw new Error(`Cannot verify as ${program} ${args.slice(0, 2).join(" ")} failed: ${said}`);
}
