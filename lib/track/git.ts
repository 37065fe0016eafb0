/** The state of the code that runs. */
export interface GitState {
  readonly commit: string; // 40 hex digits
  readonly branch: string | undefined; // nothing on a detached head
  readonly dirty: boolean; // something was changed or added since the commit
  readonly repository: string | undefined; // where it comes from, without credentials; nothing for a folder
}

/**
 * What git says of `folder`, or nothing outside a repository, before its first commit, or without git.
 *
 * Permissions: run `git`.
 */
export async function gitState(folder: string): Promise<GitState | undefined> {
  const status = await git(folder, "status", "--porcelain=v2", "--branch");
  if (status === undefined) return undefined;
  const lines = status.split("\n").filter((line) => line !== "");
  const header = (name: string) => lines.find((line) => line.startsWith(`# branch.${name} `))?.split(" ")[2];
  const [commit, branch] = [header("oid"), header("head")];
  if (!commit || !/^[0-9a-f]{40,64}$/.test(commit)) return undefined;
  return {
    commit,
    branch: branch === "(detached)" ? undefined : branch,
    dirty: lines.some((line) => !line.startsWith("#")),
    repository: publicAddress((await git(folder, "config", "--get", "remote.origin.url"))?.trim() ?? ""),
  };
}

/** Without user and password; nothing for a path of this machine. */
export function publicAddress(remote: string): string | undefined {
  if (URL.canParse(remote)) {
    const url = new URL(remote);
    if (url.protocol === "file:" || url.host === "") return undefined;
    return `${url.protocol}//${url.host}${url.pathname}`;
  }
  return /^[\w.-]+@[\w.-]+:/.test(remote) ? remote : undefined;
}

async function git(folder: string, ...args: string[]): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command("git", {
      args: ["--no-optional-locks", ...args],
      cwd: folder,
      stdin: "null",
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout) : undefined;
  } catch (error) {
    const absent = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable;
    if (absent) return undefined; // no git on this machine, or not allowed to start it
    throw error;
  }
}
