import { join } from "node:path";
import { exists, withLock, writeAtomic } from "../base/files.ts";
import { hashOf } from "../base/hash.ts";
import { log } from "../base/log.ts";
import { type OnProgress } from "../base/progress.ts";
import { projectPath } from "../base/project.ts";
import { redact } from "../base/secret.ts";

/** The project's own Python, with the tools of `requirements.lock` in it. */
export interface Venv {
  readonly folder: string;
  readonly python: string;
  /** Path of an installed program: `bin("jupyter")`. */
  bin(name: string): string;
}

/** Where the Python tools go and what they are. The defaults are the project's. */
export interface PythonOptions {
  readonly folder?: string; // .venv
  readonly lock?: string; // requirements.lock: every package pinned and hashed
  readonly onProgress?: OnProgress;
  readonly environment?: Readonly<Record<string, string>>; // PYTHON names the interpreter; the rest reaches pip
}

const windows = Deno.build.os === "windows";
const least = [3, 10];

/**
 * Makes sure that the pinned Python tools are installed, and says where. The first call takes seconds to a minute and
 * 800 MB of disk; the next ones compare a hash. What was installed on top by hand stays when the lock changes; a folder
 * left half made is made anew; two processes take turns. uv installs where it has a wheel, else pip, from the same lock
 * with the same hashes.
 *
 * Permissions: read; write to `folder`; run (Python, by any name); env.
 *
 * @throws {Error} if there is no Python 3.10 or newer with venv, if `folder` is not ours, or if installing fails
 */
export async function ensurePython(options: PythonOptions = {}): Promise<Venv> {
  const { folder = projectPath(".venv"), lock = projectPath("requirements.lock"), onProgress = () => {} } = options;
  const requirements = await Deno.readTextFile(lock);
  const wanted = hashOf(requirements);
  const venv = venvAt(folder);
  if (await stamped(venv) === wanted) return venv;
  if (await exists(folder) && !await ours(folder)) {
    throw new Error(
      `Cannot install the Python tools as ${folder} must be free or made by Candelabra: another tool made what is there; ` +
        `move it away or delete it`,
    );
  }
  const total = requirements.match(/^[a-z0-9].*==/gim)?.length ?? 0;
  onProgress(0, total, "Python packages");
  await withLock(join(folder, "candelabra"), async () => {
    const stamp = await stamped(venv);
    if (stamp === wanted) return; // another process was quicker
    const environment = cleaned(options.environment ?? Deno.env.toObject());
    if (stamp === undefined) await makeVenv(venv, environment, (note) => onProgress(0, total, note));
    await Deno.writeTextFile(join(folder, making), "");
    await install(
      venv,
      requirements,
      lock,
      environment,
      (done, note) => onProgress(Math.min(done, total), total, note),
    );
    onProgress(total, total);
    await writeAtomic(join(folder, stampName), wanted);
    await Deno.remove(join(folder, making));
  });
  return venv;
}

const stampName = "candelabra.stamp"; // the hash of the lock that was installed, written last
const making = "candelabra.making"; // there while a folder of ours is not done

function venvAt(folder: string): Venv {
  const bin = (name: string) => windows ? join(folder, "Scripts", `${name}.exe`) : join(folder, "bin", name);
  return { folder, python: bin("python"), bin };
}

/** The hash of the lock that `venv` holds, or nothing when it is missing, half made, or its Python is gone. */
async function stamped(venv: Venv): Promise<string | undefined> {
  const stamp = join(venv.folder, stampName);
  return await exists(stamp) && await exists(venv.python) ? await Deno.readTextFile(stamp) : undefined;
}

async function ours(folder: string): Promise<boolean> {
  for (const name of [stampName, making, "candelabra.lock"]) if (await exists(join(folder, name))) return true;
  return false;
}

/** Without what would send packages elsewhere or bring other ones in. */
function cleaned(environment: Readonly<Record<string, string>>): Record<string, string> {
  const drop = ["PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "PIP_USER", "PIP_TARGET", "PIP_PREFIX"];
  const kept = Object.fromEntries(Object.entries(environment).filter(([name]) => !drop.includes(name)));
  const index = kept["PIP_INDEX_URL"];
  return {
    ...(index ? { UV_DEFAULT_INDEX: index } : {}),
    ...kept,
    PIP_DISABLE_PIP_VERSION_CHECK: "1",
    PIP_NO_INPUT: "1",
    PIP_REQUIRE_VIRTUALENV: "0",
    UV_NO_PROGRESS: "1",
    UV_PYTHON_DOWNLOADS: "never",
  };
}

async function makeVenv(
  venv: Venv,
  environment: Record<string, string>,
  onStep: (note: string) => void,
): Promise<void> {
  const python = await findPython(environment);
  onStep(`making .venv with ${python}`);
  await Deno.writeTextFile(join(venv.folder, making), "");
  for await (const { name } of Deno.readDir(venv.folder)) {
    if (name !== making && name !== "candelabra.lock") await Deno.remove(join(venv.folder, name), { recursive: true });
  }
  await run([python, "-m", "venv", venv.folder], environment, "make a Python environment");
}

/**
 * The first Python that is new enough and can make environments: `PYTHON` if set, else `python3`, `python3.14` …
 * `python3.10`, `python`.
 *
 * @throws {Error} that lists what was found and what is wrong with it
 */
export async function findPython(environment: Readonly<Record<string, string>> = Deno.env.toObject()): Promise<string> {
  const chosen = environment["PYTHON"];
  const names = chosen
    ? [chosen]
    : ["python3", ...[14, 13, 12, 11, 10].map((minor) => `python3.${minor}`), "python", ...(windows ? ["py"] : [])];
  const found: string[] = [];
  for (const name of names) {
    const fault = await faultOf(name, { ...environment });
    if (fault === undefined) return name;
    if (fault !== missing) found.push(`${name} ${fault}`);
    else if (chosen) found.push(`PYTHON=${chosen} ${fault}`);
  }
  throw new Error(
    `Cannot set up the Python tools as Python ${least.join(".")} or newer with its venv module must be installed: ` +
      `${found.length > 0 ? `found ${found.join("; ")}` : "found no Python"}. Install it, or set PYTHON to its path`,
  );
}

const missing = "does not start";
const question =
  "import sys\nprint(*sys.version_info[:3])\ntry:\n import venv, ensurepip\nexcept ImportError as e: print(e.name)";

async function faultOf(python: string, env: Record<string, string>): Promise<string | undefined> {
  let answer;
  try {
    answer = await new Deno.Command(python, { args: ["-c", question], env, clearEnv: true, stdin: "null" }).output();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) return missing;
    throw error;
  }
  const [version = "", lacking] = new TextDecoder().decode(answer.stdout).trim().split(/\r?\n/);
  const [major, minor] = version.split(" ").map(Number);
  if (!answer.success || !Number.isInteger(minor)) return missing;
  if (major < least[0] || (major === least[0] && minor < least[1])) {
    return `is ${version.replaceAll(" ", ".")}, which is too old`;
  }
  return lacking ? `lacks ${lacking} (Debian and Ubuntu: apt install python3-venv)` : undefined;
}

async function install(
  venv: Venv,
  requirements: string,
  lock: string,
  environment: Record<string, string>,
  onPackage: (done: number, name: string) => void,
): Promise<void> {
  const seen = new Set<string>();
  const onLine = (line: string) => {
    const name = line.match(/^\s*(?:Collecting|Downloaded|\+) ([A-Za-z0-9._-]+)/)?.[1]?.split("==")[0];
    if (name) onPackage(seen.add(name.toLowerCase()).size, name);
  };
  const what = "install the Python tools";
  if (await installUv(venv, requirements, environment)) {
    try {
      const args = ["pip", "install", "--python", venv.python, "--require-hashes", "-r", lock];
      return await run([venv.bin("uv"), ...args], environment, what, onLine);
    } catch (error) {
      log("warn", `uv could not install, so pip goes on with the same lock, more slowly: ${(error as Error).message}`);
    }
  }
  const args = ["-m", "pip", "install", "--require-hashes", "--progress-bar", "off", "-r", lock];
  await run([venv.python, ...args], environment, what, onLine);
}

/** Whether uv is there now: its wheel carries the program, and the lock its hashes. */
async function installUv(venv: Venv, requirements: string, environment: Record<string, string>): Promise<boolean> {
  const pinned = requirements.match(/^uv==.*(?:\n[ \t]+.*)*/m)?.[0];
  if (!pinned) return false;
  const only = join(venv.folder, "uv.requirements");
  await Deno.writeTextFile(only, pinned);
  try {
    const args = ["-m", "pip", "install", "--only-binary", ":all:", "--require-hashes", "-r", only];
    await run([venv.python, ...args], environment, "install uv");
    await Deno.remove(only);
    return true;
  } catch (error) {
    log("warn", `uv is not to be had here, so pip installs, more slowly: ${(error as Error).message}`);
    return false;
  }
}

/** Runs a program to its end; its last words are in the error. */
async function run(
  [program, ...args]: string[],
  env: Record<string, string>,
  what: string,
  onLine: (line: string) => void = () => {},
): Promise<void> {
  const options = { args, env, clearEnv: true, stdin: "null", stdout: "piped", stderr: "piped" } as const;
  const child = new Deno.Command(program, options).spawn();
  const tail: string[] = [];
  const read = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split(/\r?\n/);
      rest = lines.pop() ?? "";
      for (const line of lines) {
        onLine(line);
        if (line.trim()) tail.push(line);
        if (tail.length > 15) tail.shift();
      }
    }
  };
  const [{ code }] = await Promise.all([child.status, read(child.stdout), read(child.stderr)]);
  if (code === 0) return;
  throw new Error(redact(`Cannot ${what} as ${program} ended with ${code}:\n${tail.join("\n")}`));
}
