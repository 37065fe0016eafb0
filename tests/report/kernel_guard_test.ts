import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { kernelEnvironment } from "../../lib/report/kernel_environment.ts";
import { decider } from "../../lib/report/kernel_guard.ts";

const root = await Deno.realPath(".");
const decide = decider({ root, cwd: join(root, "notebooks"), net: ["data.example"], run: ["git"] });
const ask = (permission: string, value: string | null) => decide({ id: 1, pid: -1, permission, value });

Deno.test("cells reach this machine and the hosts they were given, nothing else", () => {
  for (const host of ["127.0.0.1:5000", "localhost:80", "[::1]:80", "data.example:443"]) assert(ask("net", host), host);
  for (const host of ["example.com:443", "127.0.0.1.evil.com:80", "10.0.0.1:80", null]) {
    assert(!ask("net", host), String(host));
  }
  assert(!ask("import", "example.com"));
});

Deno.test("cells read data and code, but no secrets", () => {
  for (const path of ["../data/sample/x.parquet", join(root, "lib/mod.ts"), "../.env.example", "/proc/self/status"]) {
    assert(ask("read", path), path);
  }
  const home = Deno.env.get("HOME") ?? "/root";
  for (
    const path of [
      ".env",
      "../.env.production",
      join(root, ".env"),
      join(home, ".ssh/id_ed25519"),
      "/proc/1/environ",
      null,
    ]
  ) {
    assert(!ask("read", path), String(path));
  }
});

Deno.test("a symbolic link is judged by where it leads", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(join(folder, ".env"), "KEY=1");
  await Deno.symlink(join(folder, ".env"), join(folder, "innocent.txt"));
  assert(!ask("read", join(folder, "innocent.txt")));
  await Deno.symlink("/etc", join(folder, "etc"));
  assert(!ask("write", join(folder, "etc/passwd")));
  assert(!ask("write", `${folder}/etc/../usr/x`)); // leads out of the folder, though it reads as if it stayed
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a project's packages and data may be links to another place", async () => {
  const [project, elsewhere] = [await Deno.makeTempDir(), await Deno.makeTempDir()];
  try {
    for (const name of ["node_modules", "data"]) {
      await Deno.mkdir(join(elsewhere, name));
      await Deno.symlink(join(elsewhere, name), join(project, name));
    }
    const linked = decider({ root: project, cwd: join(project, "notebooks") });
    const ask = (permission: string, value: string) => linked({ id: 1, pid: -1, permission, value });
    assert(ask("ffi", join(project, "node_modules/x/x.node")));
    assert(ask("ffi", join(elsewhere, "node_modules/x/x.node")));
    assert(ask("write", join(project, "data/raw/x.parquet")));
    assert(!ask("ffi", join(project, "data/x.node")));
    assert(!ask("write", join(project, "node_modules/x.js")));
    assert(!ask("write", join(project, "x")));
  } finally {
    await Deno.remove(project, { recursive: true });
    await Deno.remove(elsewhere, { recursive: true });
  }
});

Deno.test("cells write results, not code, settings or notebooks", () => {
  for (const path of ["../data/features/x.parquet", "../reports/a.html", "out.csv"]) assert(ask("write", path), path);
  for (const path of ["../lib/mod.ts", "../.git/hooks/x", "../deno.json", "a.ipynb", "/etc/passwd", "../x", null]) {
    assert(!ask("write", path), String(path));
  }
});

Deno.test("cells start only programs they were given, and load native code of packages only", () => {
  assert(ask("run", "git"));
  assert(!ask("run", "sh"));
  assert(!ask("run", null)); // Deno.kill
  assert(ask("ffi", join(root, "node_modules/x/x.node")));
  assert(!ask("ffi", "libc.so.6"));
  assert(ask("env", null) && ask("sys", "cpus"));
});

Deno.test("a kernel's environment is an allow-list without secrets", () => {
  const own = {
    PATH: "/bin",
    EXCHANGE_API_KEY: "k",
    MLFLOW_TRACKING_URI: "u",
    CANDELABRA_DATA_TIMEFRAME: "4h",
    AWS_X: "1",
  };
  const { PATH, CANDELABRA_DATA_TIMEFRAME, SEED, ...rest } = kernelEnvironment({ SEED: "7" }, own);
  assertEquals([PATH, CANDELABRA_DATA_TIMEFRAME, SEED], ["/bin", "4h", "7"]);
  assertEquals(Object.keys(rest).sort(), ["DENO_NO_PROMPT", "DENO_NO_UPDATE_CHECK"]);
  assertThrows(() => kernelEnvironment({ EXCHANGE_API_SECRET: "x" }), RangeError, "Cannot give EXCHANGE_API_SECRET");
});
