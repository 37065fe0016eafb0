import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fakeMlflow } from "../track/fake_mlflow.ts";
import { temporaryProject } from "./project.ts";

const project = await temporaryProject();
Deno.test.afterAll(() => project[Symbol.asyncDispose]());

const windows = Deno.build.os === "windows"; // no process groups
const backtest = ["backtest", "--input", "bitstamp_LTC-USD_1d", "--json"];

Deno.test("a backtest is a run with settings, numbers, history, data, results; numbers are those that are printed", async () => {
  await using mlflow = fakeMlflow();
  const { code, stdout, stderr } = await project.lab(backtest, { env: { MLFLOW_TRACKING_URI: mlflow.uri } });
  assertEquals([code, stderr], [0, ""]);
  const { run: { id, url }, metrics, data_hash } = JSON.parse(stdout);
  const run = mlflow.runs.get(id)!;
  assert(url.startsWith(mlflow.uri) && url.endsWith(id), url);
  assertEquals([run.status, run.params["data.input"], run.params["preset"]], [
    "FINISHED",
    "bitstamp_LTC-USD_1d",
    "quick",
  ]);
  assertEquals([run.tags["candelabra.data_hash"], run.tags["candelabra.command"]], [data_hash, '["backtest"]']);
  assertEquals(run.inputs, ["LTC/USD 1d"]);
  assertEquals(
    [...run.artifacts.keys()].sort(),
    ["config.json", "metrics.json", "results/equity.parquet", "results/trades.parquet"],
  );
  assertEquals(JSON.parse(run.artifacts.get("metrics.json")!), metrics);
  const points = [...run.points];
  assert(points.some((point) => point.startsWith("sharpe_ratio ")));
  assert(points.filter((point) => point.startsWith("equity/strategy ")).length > 50);
});

Deno.test("with the tracker down work goes on, the user is told once, and the next run that reaches it sends both", async () => {
  await using mlflow = fakeMlflow();
  const env = { MLFLOW_TRACKING_URI: mlflow.uri };
  await mlflow.stop();
  const down = await project.lab(backtest, { env });
  assertEquals(down.code, 0, down.stderr);
  assertEquals(down.stderr.match(/Tracking is down/g)?.length, 1, down.stderr);
  const { run, metrics } = JSON.parse(down.stdout);
  assertEquals(run.url, undefined);
  assertEquals([...Deno.readDirSync(project.path("mlflow_runs/.unsent"))].length, 1);
  const text = await project.lab(backtest.slice(0, -1), { env });
  assertStringIncludes(text.stdout, "waits in mlflow_runs/.unsent");
  mlflow.start();
  const up = await project.lab(backtest, { env });
  assertEquals(up.code, 0, up.stderr);
  assertStringIncludes(up.stderr, "Sent 2 earlier runs");
  assertEquals([...Deno.readDirSync(project.path("mlflow_runs/.unsent"))].length, 0);
  assertEquals([...mlflow.runs.values()].map(({ status }) => status), ["FINISHED", "FINISHED", "FINISHED"]);
  for (const { artifacts } of mlflow.runs.values()) assertEquals(JSON.parse(artifacts.get("metrics.json")!), metrics);
});

Deno.test({
  name: "Ctrl-C and SIGTERM in the middle of a backtest end it with 130 and its run as KILLED; the next one completes",
  ignore: windows,
  async fn() {
    await using mlflow = fakeMlflow();
    const env = { MLFLOW_TRACKING_URI: mlflow.uri };
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      const running = project.start(backtest, { env });
      mlflow.fault = (call) => void (call === "POST runs/create" && running.interrupt(signal)); // work has not begun
      const { code, stdout, stderr } = await running.ended;
      assertEquals([signal, code, stdout], [signal, 130, ""], stderr);
    }
    mlflow.fault = () => undefined;
    const { code } = await project.lab(backtest, { env });
    assertEquals(code, 0);
    assertEquals([...mlflow.runs.values()].map(({ status }) => status), ["KILLED", "KILLED", "FINISHED"]);
    assertEquals([...Deno.readDirSync(project.path("mlflow_runs/.unsent"))].length, 0);
  },
});

Deno.test("what can't be used as a tracker is told before any work", async () => {
  const wrong = await project.lab(backtest, { env: { MLFLOW_TRACKING_URI: "mlruns" } });
  assertEquals([wrong.code, wrong.stdout], [1, ""]);
  assertStringIncludes(wrong.stderr, "must be the http:// or https:// address");
  const nobody = await project.lab(["verify", "abc"], { env: { MLFLOW_TRACKING_URI: "http://127.0.0.1:1" } });
  assertEquals(nobody.code, 1);
  assertStringIncludes(nobody.stderr, "is out of reach");
  assert(!nobody.stderr.includes("    at "), nobody.stderr);
});

Deno.test("secrets of the environment and of .env files show nowhere: not printed, not in runs, pages or files", async () => {
  await using mlflow = fakeMlflow();
  const secrets = ["m4rkerOfTheEnvironment", "m4rkerOfTheFile", "m4rkerInAnAddress"];
  await Deno.writeTextFile(
    project.path(".env"),
    `EXCHANGE_API_SECRET=${secrets[1]}\nPOSTGRES_URL=postgres://me:${secrets[2]}@localhost/x\n`,
  );
  await project.notebook("own.ipynb", [
    "console.log(Deno.env.toObject());",
    "try { console.log(Deno.readTextFileSync('.env')) } catch (error) { console.log(error.message) }",
    `throw new Error("key " + Deno.env.get("EXCHANGE_API_KEY"))`,
  ]);
  const env = { EXCHANGE_API_KEY: secrets[0], MLFLOW_TRACKING_URI: mlflow.uri };
  const lines = [
    ["config", "--json"],
    [...backtest],
    ["report", "own.ipynb"],
    ["backtest", "--input", secrets[1]],
    ["backtest", "--strategy", secrets[0]],
    ["backtest", "--set", `${secrets[0]}=1`],
    ["features", "--spec", `rsi(${secrets[1]})`],
    [
      "fetch",
      "--exchange",
      secrets[0],
      "--symbol",
      secrets[1],
      "--since",
      "2023-01-01",
      "--endpoint",
      "http://127.0.0.1:1",
    ],
    ["report", secrets[0]],
    [secrets[1]],
    ["backtest", `--${secrets[0]}`],
  ];
  const outcomes = await project.each(lines, { env });
  assertEquals(outcomes.map(({ code }) => code), [0, 0, 1, 1, 1, 1, 1, 1, 1, 2, 2]);
  const everything = JSON.stringify(outcomes) + JSON.stringify([...mlflow.runs.values()].map((run) => ({
    ...run,
    points: [...run.points],
    artifacts: [...run.artifacts],
  })));
  assertStringIncludes(everything, "***");
  for (const secret of secrets) assert(!everything.includes(secret), `${secret} is in what was printed or tracked`);
  await Deno.remove(project.path(".env"));
  for await (const path of files(project.folder)) {
    const text = new TextDecoder("latin1").decode(await Deno.readFile(path));
    for (const secret of secrets) assert(!text.includes(secret), `${secret} is in ${path}`);
  }
});

/** Files under a folder, but for packages. */
async function* files(folder: string): AsyncGenerator<string> {
  for await (const { name, isFile, isDirectory } of Deno.readDir(folder)) {
    if (isFile) yield `${folder}/${name}`;
    else if (isDirectory) yield* files(`${folder}/${name}`);
  }
}

Deno.test("without Python a backtest still runs, and what needs Python says what to install", async () => {
  await Deno.remove(project.path(".venv")); // a link
  const bin = project.path("bin"); // a PATH with nothing on it but Deno
  await Deno.mkdir(bin);
  await Deno.symlink(Deno.execPath(), `${bin}/deno`);
  const env = { PATH: bin };
  const [run, lab] = await Promise.all([
    project.lab(backtest, { env }),
    project.lab(["notebook", "--no-browser"], { env }),
  ]);
  assertEquals(run.code, 0, run.stderr);
  assertStringIncludes(run.stderr, "the work goes on: Cannot set up the Python tools");
  assertEquals(lab.code, 1);
  assertStringIncludes(lab.stderr, "Python 3.10 or newer");
  assertStringIncludes(lab.stderr, "set PYTHON to its path");
});
