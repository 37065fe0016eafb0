import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { temporaryProject } from "./project.ts";

const project = await temporaryProject();
Deno.test.afterAll(() => project[Symbol.asyncDispose]());

/** A shell in name spaces of its own, where we may mount; Linux only, and not everywhere allowed. */
const inside = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-euc"];

async function shell(script: string, cwd: string) {
  const [program, ...args] = [...inside, script];
  const env = { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
  const { code, stdout, stderr } = await new Deno.Command(program, { args, cwd, env, stdin: "null" }).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

const mounts = Deno.build.os === "linux" && await shell("mount -t tmpfs -o size=64k tmpfs /mnt", "/").then(
  ({ code }) => code === 0,
  () => false,
);

/** A disk of 64 kB in `folder`, with nothing left of it. */
const full = (folder: string) =>
  `mkdir -p ${folder}; mount -t tmpfs -o size=64k tmpfs ${folder}; head -c 65536 /dev/zero > ${folder}/full\n`;
const readOnly = (folder: string) =>
  `mkdir -p ${folder}; mount --bind ${folder} ${folder}; mount -o remount,bind,ro ${folder}\n`;
const lab = (line: string) => `"${Deno.execPath()}" task --quiet lab ${line}\n`;

Deno.test({
  name: "a full disk costs what would have been kept there, not the work; what was asked to be written is an error",
  // Once in five full runs on a crowded machine the small disk took what it should not have; alone it never did.
  ignore: !mounts || Deno.env.get("CI") === "true",
  async fn() {
    const disks = ["data/processed", "data/features", "mlflow_runs"].map(full).join("");
    const backtest = await shell(`${disks}${lab("backtest --no-track --json")}`, project.folder);
    assertEquals(backtest.code, 0, backtest.stderr);
    assert(JSON.parse(backtest.stdout).metrics.bars > 1000);
    assertStringIncludes(backtest.stderr, "can't be kept");

    const output = await shell(
      `${disks}${full("out")}${lab("features --output out/x.parquet")}ls out >&2`,
      project.folder,
    );
    assertEquals([output.code, output.stdout], [1, ""]);
    assertStringIncludes(output.stderr, "error Cannot write x.parquet as its folder does not take it: No space left");
    assert(!output.stderr.includes("    at "), output.stderr);

    const env = "MLFLOW_TRACKING_URI=http://127.0.0.1:1";
    const tracked = await shell(`${disks}${env} ${lab("backtest --json")}`, project.folder);
    assertEquals(tracked.code, 0, tracked.stderr);
    assertStringIncludes(tracked.stderr, "Cannot keep the run on disk: No space left");
  },
});

Deno.test({
  name: "a reports folder that is full or can't be written is told before the notebooks are run",
  ignore: !mounts,
  async fn() {
    const notebook = await project.notebook("own.ipynb", [`await Deno.writeTextFile("ran", "")`]);
    for (const disk of [readOnly("reports"), full("reports")]) {
      const ran = await shell(`${disk}${lab(`report ${notebook} --no-track`)}`, project.folder);
      assertEquals([ran.code, ran.stdout], [1, ""]);
      assertStringIncludes(ran.stderr, "error Cannot write index.html as its folder does not take it");
    }
    assert(![...Deno.readDirSync(project.folder)].some(({ name }) => name === "ran"));
  },
});
