import { join } from "node:path";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { getArtifact, listArtifacts, putArtifact, runUrl } from "../../lib/track/artifacts.ts";
import { mlflow } from "../../lib/track/mlflow.ts";
import { openRun } from "../../lib/track/open_run.ts";
import { createVersion, deleteAlias, getByAlias, listVersions, setAlias } from "../../lib/track/registry.ts";
import { findRun, getRun, metricHistory, searchRuns } from "../../lib/track/runs.ts";
import { stopServer, trackingServer } from "../../lib/track/server.ts";
import { writeShellScript } from "../shell_script.ts";

const writers = 8;
const points = 300;

/** One of the writers: a process of its own that tracks a run. */
const writer = `
  import { openRun } from ${JSON.stringify(import.meta.resolve("../../lib/track/open_run.ts"))};
  const [root, port, name] = Deno.args;
  await using run = await openRun({ root, port: Number(port), name, variables: {} });
  run.params({ writer: name });
  for (let step = 0; step < ${points}; step++) run.metrics({ equity: step + Number(name) / 10, drawdown: NaN }, step);
  await run.artifact("report.html", "<h1>" + name + "</h1>");`;

Deno.test("the real server: eight writers, all read back, down in the middle, registry", async (t) => {
  const root = await Deno.makeTempDir({ prefix: "100 % ü ' " }); // any name of a folder must do
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  try {
    await t.step("eight processes that start together start one server and lose nothing", async () => {
      const file = join(root, "writer.ts");
      await Deno.writeTextFile(file, writer);
      const outcomes = await Promise.all(Array.from({ length: writers }, (_, i) => {
        const args = ["run", "-A", file, root, `${taken.addr.port}`, `${i}`];
        return new Deno.Command(Deno.execPath(), { args }).output();
      }));
      for (const { success, stderr } of outcomes) assert(success, new TextDecoder().decode(stderr));
    });

    const { uri, started, local } = await trackingServer({ root, variables: {} });
    const server = mlflow(uri);
    await t.step("the port was taken, so it is another; the server outlives those who started it", () => {
      assertEquals([started, local], [false, true]);
      assert(!uri.endsWith(`:${taken.addr.port}`));
    });

    await t.step("every point of every writer is there", async () => {
      const runs = await searchRuns(server, { experiments: ["candelabra"], filter: "attributes.status = 'FINISHED'" });
      assertEquals(runs.map(({ params }) => Number(params["writer"])).sort(), [0, 1, 2, 3, 4, 5, 6, 7]);
      for (const run of runs) {
        const equity = await metricHistory(server, run.id, "equity");
        const wanted = Array.from({ length: points }, (_, step) => [step, step + Number(run.name) / 10]);
        assertEquals(equity.map(({ step, value }) => [step, value]), wanted);
        assertEquals((await metricHistory(server, run.id, "drawdown")).length, points);
        assertEquals(new TextDecoder().decode(await getArtifact(server, run, "report.html")), `<h1>${run.name}</h1>`);
      }
      assertEquals([...Deno.readDirSync(join(root, ".unsent"))], []);
    });

    await t.step("everything that is said of a run can be read again", async () => {
      const run = await openRun({ root, variables: {}, experiment: "all of it", name: "ü", tags: { seed: "7" } });
      run.params({ fee: 7.5, spec: "rsi(7)", long: "x".repeat(7000) });
      run.metrics({ best: Infinity, worst: -Infinity, none: NaN, tiny: 5e-324 });
      const dataset = { name: "BTC", digest: "ab".repeat(32), source: "data/sample", context: "backtest" } as const;
      run.dataset(dataset);
      await run.artifact("tables/ü trades.txt", "a,b");
      await run.artifact("report.html", "<!doctype html><h1>inline</h1>");
      await run[Symbol.asyncDispose]();
      const stored = await getRun(server, run.id);
      assertEquals((await findRun(server, run.id.slice(0, 12))).id, run.id);
      assertEquals((await findRun(server, run.id)).id, run.id);
      await assertRejects(() => findRun(server, "f".repeat(32)), RangeError, "no run's id begins so");
      await assertRejects(() => findRun(server, ""), RangeError);
      assertEquals([stored.name, stored.status, stored.tags["seed"]], ["ü", "FINISHED", "7"]);
      assertEquals([stored.params["fee"], stored.params["spec"], stored.params["long"].length], [
        "7.5",
        "rsi(7)",
        6000,
      ]);
      assertEquals(stored.metrics, { best: Infinity, worst: -Infinity, none: NaN, tiny: 5e-324 });
      assertEquals(stored.datasets, [dataset]);
      const files = await listArtifacts(server, stored);
      assertEquals(files.map(({ path, folder }) => [path, folder]), [
        ["params.json", false],
        ["report.html", false],
        ["tables", true],
      ]);
      assertEquals((await listArtifacts(server, stored, "tables"))[0].path, "tables/ü trades.txt");
      assertEquals(run.url, runUrl(server, stored));
      // What MLflow's page asks for when the artifact is looked at.
      const page = await server.fetch(`/get-artifact?path=report.html&run_uuid=${run.id}`);
      assertEquals(await page.text(), "<!doctype html><h1>inline</h1>");
      await assertRejects(() => getArtifact(server, stored, "nothing.txt"));
    });

    await t.step("a model is registered, named champion, found, and named no more", async () => {
      const [run] = await searchRuns(server, { experiments: ["candelabra"], most: 1 });
      await putArtifact(server, run, "model/policy.onnx", new Uint8Array([1, 2, 3]));
      const model = { name: "candelabra", run, path: "model" };
      const first = await createVersion(server, model);
      const second = await createVersion(server, { ...model, tags: { features: "abc" } });
      assertEquals([first.version, second.version, second.runId], [1, 2, run.id]);
      await setAlias(server, "candelabra", "champion", 1);
      await setAlias(server, "candelabra", "champion", 2);
      const champion = await getByAlias(server, "candelabra", "champion");
      assertEquals([champion?.version, champion?.tags["features"]], [2, "abc"]);
      const versions = await listVersions(server, "candelabra");
      assertEquals(versions.map(({ version, aliases }) => [version, ...aliases]), [[2, "champion"], [1]]);
      await deleteAlias(server, "candelabra", "champion");
      assertEquals(await getByAlias(server, "candelabra", "champion"), undefined);
      assertEquals(await getByAlias(server, "no such model", "champion"), undefined);
      assertEquals(await listVersions(server, "no such model"), []);
    });

    await t.step("only its own may end it, and what can run programs is closed", async () => {
      const ask = async (path: string, init?: RequestInit) => {
        const response = await fetch(uri + path, init);
        await response.body?.cancel();
        return response.status;
      };
      assertEquals(await ask("/candelabra/stop", { method: "POST" }), 403);
      assertEquals(await ask("/ajax-api/3.0/mlflow/assistant/config"), 404);
      assertEquals(await ask("/gateway/x/mlflow/invocations", { method: "POST", body: "{}" }), 404);
      assertEquals(await ask("/"), 200);
      const evil = { origin: "https://evil.example", "content-type": "application/json" };
      assertEquals(await ask("/api/2.0/mlflow/experiments/create", { method: "POST", headers: evil, body: "{}" }), 403);
      assertEquals(await status(uri, "evil.example"), 403); // DNS rebinding
      assertEquals(await status(uri, "127.0.0.1"), 200);
    });

    await t.step("a server that ends in the middle of two runs loses nothing of either", async () => {
      const given = await openRun({
        root,
        name: "given",
        variables: { MLFLOW_TRACKING_URI: uri },
        onOffline: () => {},
      });
      const ours = await openRun({ root, name: "ours", variables: {} });
      for (let step = 0; step < 50; step++) [given, ours].forEach((run) => run.metrics({ a: step }, step));
      const { pid } = JSON.parse(await Deno.readTextFile(join(root, "server.json")));
      Deno.kill(pid, "SIGTERM");
      while (await answers(uri)) await new Promise((resolve) => setTimeout(resolve, 50));
      for (let step = 50; step < 100; step++) [given, ours].forEach((run) => run.metrics({ a: step }, step));
      await given.artifact("late.txt", "late");
      await given[Symbol.asyncDispose](); // nobody may start the server of an address that was given
      assertEquals([...Deno.readDirSync(join(root, ".unsent"))].length, 2);
      await ours[Symbol.asyncDispose](); // the local one is started again, at the same address
      assertEquals((await metricHistory(server, ours.id, "a")).length, 100);
      const next = await openRun({ root, name: "next", variables: { MLFLOW_TRACKING_URI: uri } });
      await next[Symbol.asyncDispose]();
      const stored = await getRun(server, given.id);
      assertEquals(stored.status, "FINISHED");
      assertEquals((await metricHistory(server, given.id, "a")).map(({ step }) => step), [...Array(100).keys()]);
      assertEquals(new TextDecoder().decode(await getArtifact(server, stored, "late.txt")), "late");
      assertEquals((await searchRuns(server, { filter: "attributes.run_name = 'given'" })).length, 1);
      assertEquals([...Deno.readDirSync(join(root, ".unsent"))], []);
    });

    await t.step("it ends when it is asked to", async () => {
      assertEquals(await stopServer(root), true);
      assertEquals(await answers(uri), false);
      assertEquals(await stopServer(root), false);
    });
  } finally {
    await stopServer(root);
    await Deno.remove(root, { recursive: true });
  }
});

async function answers(uri: string): Promise<boolean> {
  try {
    return (await status(uri, "127.0.0.1")) > 0;
  } catch {
    return false;
  }
}

/** The status of the front page when it is asked for by a host's name, which `fetch` cannot say. */
async function status(uri: string, host: string): Promise<number> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(uri).port) });
  const path = "/api/2.0/mlflow/experiments/get?experiment_id=0";
  await connection.write(
    new TextEncoder().encode(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`),
  );
  const answer = new Uint8Array(1000);
  const length = await connection.read(answer);
  return Number(new TextDecoder().decode(answer.subarray(0, length ?? 0)).split(" ")[1]);
}

Deno.test("a server that finds its folder held is started again; one that fails is told with its last words", async () => {
  if (Deno.build.os === "windows") return; // no sh
  const root = await Deno.makeTempDir();
  try {
    const python = join(root, "python"); // the first time another server holds the folder, then the disk is full
    const script = `#!/bin/sh
      cd "$2"; [ -e held ] || { touch held; exit 75; }
      echo "No space left on device" > server.log; exit 1\n`;
    await writeShellScript(python, script);
    const started = () => trackingServer({ root, variables: {}, python: () => Promise.resolve({ python }) });
    const error = await assertRejects(started, Error, "Cannot start the tracking server");
    assertStringIncludes(error.message, "No space left on device");
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("a port that now belongs to another program is not taken for ours, and that program is left alone", async () => {
  const root = await Deno.makeTempDir();
  const asked: string[] = [];
  await using other = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    asked.push(new URL(request.url).pathname);
    return Response.json({ id: "someone else" });
  });
  try {
    const state = { pid: Deno.pid, port: other.addr.port, id: "ours", token: "t" };
    await Deno.writeTextFile(join(root, "server.json"), JSON.stringify(state));
    assertEquals(await stopServer(root), false);
    assertEquals(asked, ["/candelabra"]);
    const python = () => Promise.resolve({ python: Deno.build.os === "windows" ? "where" : "false" });
    const { message } = await assertRejects(() => trackingServer({ root, variables: {}, python }));
    assertStringIncludes(message, "Cannot start the tracking server");
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("MLFLOW_TRACKING_URI wins, is shown without its password, and must be http", async () => {
  const at = (MLFLOW_TRACKING_URI: string) => trackingServer({ variables: { MLFLOW_TRACKING_URI } });
  assertEquals(await at("https://me:secret@host.example/ml/"), {
    uri: "https://host.example/ml",
    local: false,
    started: false,
  });
  await assertRejects(() => at("file:///mlruns"), RangeError, "http:// or https://");
});

Deno.test("without Python the work goes on, the run is kept, and the user hears why", async () => {
  const root = await Deno.makeTempDir();
  try {
    const told: string[] = [];
    const python = () => Promise.reject(new Error("Cannot set up the Python tools as there is none"));
    const run = await openRun({ root, name: "x", variables: {}, python, onOffline: (message) => told.push(message) });
    run.metrics({ a: 1 });
    await run[Symbol.asyncDispose]();
    assertEquals(told.length, 1);
    assertStringIncludes(told[0], "the work goes on: Cannot set up the Python tools");
    assertEquals([...Deno.readDirSync(join(root, ".unsent"))].length, 1);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
