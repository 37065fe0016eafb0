import { join } from "node:path";
import { assert, assertEquals } from "@std/assert";
import { gitState, publicAddress } from "../../lib/track/git.ts";

async function git(folder: string, ...args: string[]) {
  const who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"];
  const { success, stderr } = await new Deno.Command("git", { args: [...who, ...args], cwd: folder }).output();
  assert(success, new TextDecoder().decode(stderr));
}

Deno.test("git says commit, branch, changes and origin, and nothing outside a repository", async () => {
  const folder = await Deno.makeTempDir();
  try {
    assertEquals(await gitState(folder), undefined);
    await git(folder, "init", "-q", "-b", "trunk");
    assertEquals(await gitState(folder), undefined); // no commit yet
    await Deno.writeTextFile(join(folder, "a.txt"), "1");
    await git(folder, "add", ".");
    await git(folder, "commit", "-qm", "one");
    const clean = await gitState(folder);
    assertEquals({ ...clean, commit: clean?.commit.length }, {
      commit: 40,
      branch: "trunk",
      dirty: false,
      repository: undefined,
    });
    await git(folder, "remote", "add", "origin", "https://me:hunter2@host.example/o/r.git");
    await Deno.writeTextFile(join(folder, "new.txt"), "2");
    const dirty = await gitState(folder);
    assertEquals([dirty?.dirty, dirty?.repository], [true, "https://host.example/o/r.git"]);
    await git(folder, "checkout", "-q", "--detach");
    assertEquals((await gitState(folder))?.branch, undefined);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a repository's address carries neither credentials nor a path of this machine", () => {
  assertEquals(publicAddress("git@host.example:o/r.git"), "git@host.example:o/r.git");
  assertEquals(publicAddress("ssh://token@host.example:22/o/r.git"), "ssh://host.example:22/o/r.git");
  for (const path of ["/srv/git/r.git", "../r.git", "file:///srv/r.git", "C:\\r.git", ""]) {
    assertEquals(publicAddress(path), undefined, path);
  }
});
