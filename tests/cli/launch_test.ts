import { assert, assertEquals } from "@std/assert";
import { join, resolve } from "node:path";
import { commands } from "../../lib/cli/mod.ts";
import { permissions } from "../../lib/launch.ts";

const folder = await Deno.makeTempDir();
Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

/** What a command line may do: `["read", "env", "ffi"]`, with hosts and folders as the flags have them. */
function may(line: string): Record<string, string> {
  const flags = permissions(line.split(" "), folder, "/here");
  return Object.fromEntries(
    flags.map((flag) => flag.replace("--allow-", "").split("=")).map(([name, of = "all"]) => [name, of]),
  );
}

Deno.test("only fetch and paper reach the network; what tracks reaches this machine; the rest reaches nothing", () => {
  for (const name of Object.keys(commands)) {
    const { net = "none" } = may(name);
    const wanted = ["fetch", "paper"].includes(name)
      ? "all"
      : ["features", "check-leaks", "explain", "publish", "list", "config", "monitor"].includes(name)
      ? "none"
      : "127.0.0.1,localhost";
    assertEquals([name, net.startsWith(wanted) ? wanted : net], [name, wanted]); // behind it the user's own server
  }
});

Deno.test("code of the user's own in check-leaks gets no network and starts no program", () => {
  const { net, run } = may("check-leaks --module mine.ts");
  assertEquals([net, run], [undefined, undefined]);
});

Deno.test("a tracking server of the user's own is reached, from the environment or .env", async () => {
  if (Deno.env.get("MLFLOW_TRACKING_URI")) return; // it goes before .env's
  await Deno.writeTextFile(join(folder, ".env"), "MLFLOW_TRACKING_URI=https://user:password@mlflow.example:8443/ml\n");
  try {
    assertEquals(may("backtest").net, "127.0.0.1,localhost,mlflow.example:8443");
    assertEquals(may("features").net, undefined);
  } finally {
    await Deno.remove(join(folder, ".env"));
  }
});

Deno.test("writing is limited to the folders a command needs and where it is told to write", () => {
  const folders = (line: string) => (may(line).write ?? "").split(",").filter((path) => path !== "");
  const own = (...names: string[]) => names.map((name) => resolve(folder, name));
  const temporary = Deno.env.get("TMPDIR") ?? Deno.env.get("TEMP") ?? "/tmp";
  assertEquals(folders("list"), []);
  assertEquals(folders("config"), []);
  assertEquals(folders("explain reports/x.html"), []);
  assertEquals(folders("features"), [...own("data"), temporary]);
  assertEquals(folders("features --output out/x.parquet"), [
    ...own("data"),
    temporary,
    "/here/out/x.parquet",
    "/here/out",
  ]);
  assertEquals(folders("features --output=/a/x.csv").slice(2), ["/a/x.csv", "/a"]);
  assertEquals(folders("publish --to site"), ["/here/site", "/here"]);
  assertEquals(folders("report -o pages").slice(-2), ["/here/pages", "/here"]);
  assertEquals(folders("report -opages").slice(-2), ["/here/pages", "/here"]);
  assert(
    !folders("report").some((path) => [folder, resolve(folder, "lib"), resolve(folder, "notebooks")].includes(path)),
  );
});

Deno.test("help needs to write, reach and start nothing", () => {
  for (const line of ["--help", "help", "help backtest", "backtest --help", "report -h", "notebook --help --port 1"]) {
    const { read, env, ffi: _ffi, sys: _sys, ...rest } = may(line);
    assertEquals([line, read, env, rest], [line, "all", "all", {}]);
  }
});

Deno.test("an environment that is wrong is left for the command to tell", async () => {
  await Deno.writeTextFile(join(folder, ".env"), "ENV=nowhere\n");
  try {
    assert(may("backtest").net.startsWith("127.0.0.1,localhost"));
  } finally {
    await Deno.remove(join(folder, ".env"));
  }
});
