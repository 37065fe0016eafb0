import { join } from "node:path";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ensurePython, findPython } from "../../lib/track/python.ts";
import { projectPath } from "../../lib/base/project.ts";
import { writeShellScript } from "../shell_script.ts";

const ignore = Deno.build.os === "windows"; // the stand-ins are shell scripts

interface Place extends AsyncDisposable {
  readonly folder: string;
  readonly lock: string;
  readonly environment: Record<string, string>;
  /** Puts a stand-in for Python on the path. `version` is what it says; `pip` the exit status of its installs. */
  python(name: string, version: string, options?: { lacks?: string; pip?: number }): Promise<void>;
  /** What was done, a line each. */
  done(): Promise<string[]>;
}

async function place(): Promise<Place> {
  const home = await Deno.makeTempDir();
  const lock = join(home, "requirements.lock");
  await Deno.writeTextFile(lock, "six==1.17.0 \\\n    --hash=sha256:00\nflask==3 \\\n    --hash=sha256:11\n");
  const log = join(home, "log");
  await Deno.writeTextFile(log, "");
  await Deno.mkdir(join(home, "path"));
  return {
    folder: join(home, ".venv"),
    lock,
    environment: { PATH: join(home, "path") },
    async python(name, version, { lacks = "", pip = 0 } = {}) {
      const script = `#!/bin/sh
case "$1 $2" in
  "-c "*) printf '${version}\\n${lacks}\\n' ;;
  "-m venv") echo "venv" >> ${log}
     /bin/mkdir -p "$3/bin"; /bin/cp "$0" "$3/bin/python" ;;
  "-m pip") echo "pip" >> ${log}; echo "Collecting six==1.17.0"; echo "secret: https://me:hunter2@host/simple" >&2
     exit ${pip} ;;
esac`;
      await writeShellScript(join(home, "path", name), script);
    },
    done: async () => (await Deno.readTextFile(log)).split("\n").filter(Boolean),
    [Symbol.asyncDispose]: () => Deno.remove(home, { recursive: true }),
  };
}

Deno.test({
  name: "the first Python that is new enough is taken, whatever it is called",
  ignore,
  async fn() {
    await using here = await place();
    await assertRejects(() => findPython(here.environment), Error, "found no Python. Install it, or set PYTHON");
    await here.python("python3", "3 8 10");
    const old = await assertRejects(() => findPython(here.environment));
    assertStringIncludes(old.message, "Python 3.10 or newer");
    assertStringIncludes(old.message, "found python3 is 3.8.10, which is too old");
    await here.python("python3.12", "3 12 1", { lacks: "ensurepip" });
    const bare = await assertRejects(() => findPython(here.environment));
    assertStringIncludes(bare.message, "python3.12 lacks ensurepip (Debian and Ubuntu: apt install python3-venv)");
    await here.python("python3.11", "3 11 9");
    assertEquals(await findPython(here.environment), "python3.11");
    await here.python("python3", "4 0 0");
    assertEquals(await findPython(here.environment), "python3");
  },
});

Deno.test({
  name: "PYTHON is the one that is taken, or an error: never another in its place",
  ignore,
  async fn() {
    await using here = await place();
    await here.python("python3", "3 12 0");
    await here.python("mine", "3 9 1");
    const with_ = (PYTHON: string) => findPython({ ...here.environment, PYTHON });
    await assertRejects(() => with_("mine"), Error, "mine is 3.9.1, which is too old");
    await assertRejects(() => with_("nowhere"), Error, "PYTHON=nowhere does not start");
    assertEquals(await with_("python3"), "python3");
  },
});

Deno.test({
  name: "tools are installed once, again when the lock changes, and anew when something was left half made",
  ignore,
  async fn() {
    await using here = await place();
    await here.python("python3", "3 11 0");
    const seen: string[] = [];
    const ensure = () =>
      ensurePython({ ...here, onProgress: (done, total, note) => seen.push(`${done}/${total} ${note}`) });
    const venv = await ensure();
    assertEquals([venv.python, venv.bin("mlflow")], [
      join(here.folder, "bin", "python"),
      join(here.folder, "bin", "mlflow"),
    ]);
    assertEquals(await here.done(), ["venv", "pip"]);
    assert(seen.includes("1/2 six"), seen.join("\n"));
    await ensure();
    assertEquals(await here.done(), ["venv", "pip"]);
    await Deno.writeTextFile(here.lock, "six==1.18.0 \\\n    --hash=sha256:22\n");
    await ensure();
    assertEquals(await here.done(), ["venv", "pip", "pip"]); // what was installed by hand stays
    await Deno.remove(venv.python); // its Python was uninstalled
    await Deno.writeTextFile(join(here.folder, "stale"), "");
    await ensure();
    assertEquals((await here.done()).slice(3), ["venv", "pip"]);
    await assertRejects(() => Deno.stat(join(here.folder, "stale")), Deno.errors.NotFound);
  },
});

Deno.test({
  name: "an install that fails says why, shows no password, and is done again next time",
  ignore,
  async fn() {
    await using here = await place();
    await here.python("python3", "3 11 0", { pip: 1 });
    const { message } = await assertRejects(() => ensurePython(here), Error, "Cannot install the Python tools");
    assertStringIncludes(message, "https://me:***@host/simple");
    await here.python("python3", "3 11 0");
    await ensurePython(here);
    assertEquals(await here.done(), ["venv", "pip", "venv", "pip"]);
  },
});

Deno.test({
  name: "two that start together install once",
  ignore,
  async fn() {
    await using here = await place();
    await here.python("python3", "3 11 0");
    await Promise.all([ensurePython(here), ensurePython(here), ensurePython(here)]);
    assertEquals(await here.done(), ["venv", "pip"]);
  },
});

Deno.test({
  name: "an environment that someone else made is not touched",
  ignore,
  async fn() {
    await using here = await place();
    await here.python("python3", "3 11 0");
    await Deno.mkdir(here.folder);
    await Deno.writeTextFile(join(here.folder, "pyvenv.cfg"), "theirs");
    await assertRejects(() => ensurePython(here), Error, "another tool made what is there");
    assertEquals(await here.done(), []);
  },
});

Deno.test("the lock pins and hashes every package and names no host", async () => {
  const lock = await Deno.readTextFile(projectPath("requirements.lock"));
  assert(!lock.includes("://"));
  const packages = lock.split(/\n(?=[a-zA-Z0-9])/).filter((block) => !block.startsWith("#"));
  assert(packages.length > 100);
  for (const block of packages) {
    assert(/^[\w.[\]-]+==\S+.*\\\n( +--hash=sha256:[0-9a-f]{64}( \\)?\n?)+$/.test(block), block);
  }
  const wanted = (await Deno.readTextFile(projectPath("requirements.in"))).match(/^[a-z]+==[\d.]+/gm)!;
  for (const pin of wanted) assertStringIncludes(lock, `\n${pin} \\\n`);
});
