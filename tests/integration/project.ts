import { dirname, join } from "node:path";
import { projectPath } from "../../lib/base/project.ts";

/** How a command line ended. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command line at work, in a process group of its own, as a terminal gives it. */
export interface Running {
  /** Waits until its output has `text` in it. */
  said(text: string): Promise<void>;
  /** Ctrl-C: every process of the group gets the signal. */
  interrupt(signal?: Deno.Signal): void;
  readonly ended: Promise<Ran>;
}

/** A project to try things in: this tree's code, notebooks and samples, with packages shared and nothing run yet. */
export interface Project {
  readonly folder: string;
  path(...parts: string[]): string;
  /** `deno task lab …`, from `cwd` (the project's folder unless given), to its end. */
  lab(args: readonly string[], options?: LabOptions): Promise<Ran>;
  /** The same, not waited for. */
  start(args: readonly string[], options?: LabOptions): Running;
  /** Several command lines, one after the other, in one process: quick, for many that end soon. All permissions. */
  each(lines: readonly (readonly string[])[], options?: LabOptions): Promise<Ran[]>;
  /** Puts all under git, as a commit. */
  commit(): Promise<void>;
  /** Writes a notebook of code cells; the first gets the tag `parameters` where `parameters` says so. */
  notebook(path: string, cells: readonly string[], parameters?: boolean): Promise<string>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface LabOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Makes a project in a temporary folder; disposing removes it. */
export async function temporaryProject(): Promise<Project> {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "project-" }));
  const path = (...parts: string[]) => join(folder, ...parts);
  for (const part of ["lib", "notebooks", "data/sample"]) await copyFolder(projectPath(part), path(part));
  for (const file of ["deno.json", "deno.lock", "requirements.lock", ".gitignore"]) {
    await Deno.copyFile(projectPath(file), path(file));
  }
  for (const shared of ["node_modules", ".venv"]) await Deno.symlink(projectPath(shared), path(shared));
  const lab = (args: readonly string[], options: LabOptions, detached: boolean) =>
    spawn(["task", "--quiet", "lab", ...args], folder, options, detached);
  return {
    folder,
    path,
    lab: (args, options = {}) => lab(args, options, false).ended,
    start: (args, options = {}) => lab(args, options, true),
    async each(lines, options = {}) {
      await Deno.writeTextFile(path("each.ts"), eachSource);
      const { code, stdout, stderr } = await spawn(
        ["run", "--quiet", "-A", path("each.ts"), JSON.stringify(lines)],
        folder,
        options,
        false,
      ).ended;
      if (code !== 0) throw new Error(`the command lines did not come to their end: ${stderr}`);
      return JSON.parse(stdout);
    },
    async commit() {
      const git = async (...args: string[]) => {
        const own = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false"];
        const { success, stderr } = await new Deno.Command("git", { args: [...own, ...args], cwd: folder }).output();
        if (!success) throw new Error(new TextDecoder().decode(stderr));
      };
      // A link is no folder to .gitignore's `node_modules/`.
      await git("init", "--quiet", "--initial-branch=main");
      await Deno.writeTextFile(path(".git/info/exclude"), "node_modules\n.venv\neach.ts\n");
      await git("add", "--all");
      await git("commit", "--quiet", "--message=all");
    },
    async notebook(name, cells, parameters = false) {
      const content = {
        ...{ nbformat: 4, nbformat_minor: 5 },
        metadata: { kernelspec: { name: "deno", display_name: "Deno", language: "typescript" } },
        cells: cells.map((source, i) => ({
          ...{ cell_type: "code", id: `cell-${i}`, source, outputs: [], execution_count: null },
          metadata: parameters && i === 0 ? { tags: ["parameters"] } : {},
        })),
      };
      await Deno.mkdir(dirname(path(name)), { recursive: true });
      await Deno.writeTextFile(path(name), JSON.stringify(content));
      return name;
    },
    async [Symbol.asyncDispose]() {
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Nothing of the machine's own settings: no keys, no tracking server, no colours. */
function environment(own: Readonly<Record<string, string>>): Record<string, string> {
  const kept = ["PATH", "HOME", "DENO_DIR", "TMPDIR", "SYSTEMROOT", "USERPROFILE", "LOCALAPPDATA", "XDG_CACHE_HOME"];
  const values = kept.map((name) => [name, Deno.env.get(name)]).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(values), NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", ...own };
}

function spawn(args: string[], folder: string, { cwd = folder, env = {} }: LabOptions, detached: boolean): Running {
  const child = new Deno.Command(Deno.execPath(), {
    ...{ args, cwd, env: environment(env), clearEnv: true, detached },
    ...{ stdin: "null", stdout: "piped", stderr: "piped" },
  }).spawn();
  const said = { stdout: "", stderr: "" };
  const waiting: { text: string; resolve: () => void }[] = [];
  const read = async (name: "stdout" | "stderr") => {
    for await (const text of child[name].pipeThrough(new TextDecoderStream())) {
      said[name] += text;
      for (const { text, resolve } of waiting) if (said[name].includes(text)) resolve();
    }
  };
  const ended = (async () => {
    const [{ code }] = await Promise.all([child.status, read("stdout"), read("stderr")]);
    return { code, ...said };
  })();
  return {
    said: async (text) => {
      const heard = new Promise<void>((resolve) => {
        waiting.push({ text, resolve });
        if (said.stdout.includes(text) || said.stderr.includes(text)) resolve();
      });
      const over = ended.then(({ code, stdout, stderr }) => {
        if ((stdout + stderr).includes(text)) return;
        throw new Error(`it ended with ${code} before it said ${JSON.stringify(text)}: ${stdout}\n${stderr}`);
      });
      await Promise.race([heard, over]);
    },
    interrupt: (signal = "SIGINT") => Deno.kill(-child.pid, signal),
    ended,
  };
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isFile, isDirectory } of Deno.readDir(from)) {
    if (isDirectory && !name.startsWith(".")) await copyFolder(join(from, name), join(to, name));
    else if (isFile) await Deno.copyFile(join(from, name), join(to, name));
  }
}

/** Runs command lines one after the other and prints what each said. */
const eachSource = `
  import process from "node:process";
  import { main } from "./lib/cli.ts";
  const heard = { stdout: "", stderr: "" };
  const print = console.log;
  console.log = (...values) => void (heard.stdout += values.join(" ") + "\\n");
  process.stdout.write = (text) => Boolean(heard.stdout += text); // commander's
  Deno.stderr.writeSync = (bytes) => (heard.stderr += new TextDecoder().decode(bytes), bytes.length);
  const all = [];
  for (const line of JSON.parse(Deno.args[0])) {
    heard.stdout = heard.stderr = "";
    const code = await main(line);
    all.push({ code, ...heard });
  }
  print(JSON.stringify(all));
  Deno.exit(0);
`;
