import { join } from "node:path";
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { Secret } from "../../lib/base/secret.ts";
import { newConnection } from "../../lib/track/connection.ts";
import { mlflow } from "../../lib/track/mlflow.ts";
import { openRun, type RunOptions, withRun } from "../../lib/track/open_run.ts";
import { sendUnsent } from "../../lib/track/unsent.ts";
import { type FakeMlflow, fakeMlflow, refusal } from "./fake_mlflow.ts";

interface Place extends AsyncDisposable {
  readonly fake: FakeMlflow;
  readonly root: string;
  readonly told: string[];
  options(name: string): RunOptions;
  waiting(): string[];
}

/** A tracker, a folder, and what the user was told. Each call of `options` is a process of its own. */
async function place(): Promise<Place> {
  const fake = fakeMlflow();
  const root = await Deno.makeTempDir();
  const told: string[] = [];
  const names = (folder: string) => {
    try {
      return [...Deno.readDirSync(join(root, folder))].map(({ name }) => name);
    } catch {
      return [];
    }
  };
  return {
    fake,
    root,
    told,
    options: (name) => ({
      name,
      root,
      to: newConnection(fake.uri, () => Promise.resolve(mlflow(fake.uri, { retries: 0 })), 200),
      onOffline: (message) => told.push(message),
    }),
    waiting: () => names(".unsent"),
    async [Symbol.asyncDispose]() {
      await fake.stop();
      await Deno.remove(root, { recursive: true });
    },
  };
}

const only = ({ fake }: Place) => {
  assertEquals(fake.runs.size, 1);
  return [...fake.runs.values()][0];
};

/** A step of a run needs the pump to have come by. */
async function until(fact: () => boolean): Promise<void> {
  for (const begun = performance.now(); performance.now() - begun < 60_000 && !fact();) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert(fact());
}

Deno.test("a run arrives as it was said: params, history, tags, data, files, end", async () => {
  await using here = await place();
  {
    await using run = await openRun({
      ...here.options("momentum"),
      tags: { seed: "7" },
      description: "why",
      parent: "p1",
      source: "notebooks/03.ipynb",
    });
    run.params({ fast: 12, name: "x", on: true });
    run.params({ fast: 12 });
    for (let step = 0; step < 2500; step++) run.metrics({ equity: step, "test/sharpe": -step }, step);
    run.metrics({ odd: NaN, up: Infinity });
    run.tags({ preset: "quick" });
    run.dataset({ name: "BTC", digest: "d", source: "s", context: "test" });
    await run.artifact("report.html", "<p>hi</p>");
    await run.artifact("tables/trades.bin", new TextEncoder().encode("bytes"));
    assertMatch(run.id, /^[0-9a-f]{32}$/);
    assertStringIncludes(run.url!, `${here.fake.uri}/#/experiments/1/runs/${run.id}`);
  }
  const run = only(here);
  assertEquals([run.name, run.status], ["momentum", "FINISHED"]);
  assertEquals(run.params, { fast: "12", name: "x", on: "true" });
  assertEquals(run.points.size, 5002);
  assert([...run.points].some((point) => /^odd \d+ 0 NaN$/.test(point)));
  assert([...run.points].some((point) => /^up \d+ 0 Infinity$/.test(point)));
  assertEquals([run.tags["seed"], run.tags["preset"], run.tags["mlflow.parentRunId"]], ["7", "quick", "p1"]);
  assertEquals([run.tags["mlflow.source.type"], run.tags["mlflow.note.content"]], ["NOTEBOOK", "why"]);
  assertEquals(run.inputs, ["BTC"]);
  assertEquals([...run.artifacts], [["report.html", "<p>hi</p>"], ["tables/trades.bin", "bytes"]]);
  assertEquals([here.waiting(), here.told], [[], []]);
});

Deno.test("thousands of params and tags go in batches that MLflow takes", async () => {
  await using here = await place();
  {
    await using run = await openRun(here.options("many"));
    const many = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${i}`, "v".repeat(500)]));
    run.params(many(450));
    run.tags(many(350));
    run.metrics(Object.fromEntries(Array.from({ length: 2300 }, (_, i) => [`m${i}`, i])));
  }
  const run = only(here);
  assertEquals([Object.keys(run.params).length, run.points.size], [450, 2300]);
  assertEquals(Object.keys(run.tags).filter((key) => key.startsWith("k")).length, 350);
});

Deno.test("a tracker that goes down and stays down costs a message; the next run brings the rest, once", async () => {
  await using here = await place();
  {
    await using run = await openRun(here.options("first"));
    run.metrics({ a: 1 }, 1);
    await until(() => only(here).points.size === 1);
    await here.fake.stop();
    for (let step = 2; step < 500; step++) run.metrics({ a: step }, step);
    await run.artifact("report.html", "late");
    run.params({ late: true });
  }
  assertEquals(here.told.length, 1);
  assertStringIncludes(here.told[0], "Tracking is down, the work goes on");
  assertEquals(here.waiting().length, 1);
  here.fake.start();
  assertEquals(only(here).status, "RUNNING");
  await (await openRun(here.options("second")))[Symbol.asyncDispose]();
  const first = [...here.fake.runs.values()].find(({ name }) => name === "first")!;
  assertEquals([here.fake.runs.size, here.waiting()], [2, []]);
  assertEquals([first.status, first.points.size, first.params["late"]], ["FINISHED", 499, "true"]);
  assertEquals(first.artifacts.get("report.html"), "late");
});

Deno.test("a tracker that was down at the start and comes back takes the run while it goes on", async () => {
  await using here = await place();
  await here.fake.stop();
  const run = await openRun(here.options("patient"));
  run.metrics({ a: 1 });
  assertMatch(run.id, /^local-/);
  assertEquals(run.url, undefined);
  here.fake.start();
  await until(() => !run.id.startsWith("local-")); // the answer has come, not only the question gone out
  assertEquals(here.fake.runs.size, 1);
  assertMatch(run.id, /^[0-9a-f]{32}$/);
  await run[Symbol.asyncDispose]();
  assertEquals([only(here).status, here.told.length, here.waiting()], ["FINISHED", 1, []]);
});

Deno.test("lost answers make no second run and lose no point", async () => {
  await using here = await place();
  let calls = 0;
  here.fake.fault = (call) => /create|log-batch|update|PUT/.test(call) && calls++ % 2 === 0 ? "lost" : undefined;
  for (let i = 0; i < 8; i++) {
    await using run = await openRun(here.options(i === 0 ? "lost" : "other"));
    if (i === 0) { for (let step = 0; step < 1500; step++) run.metrics({ a: step }, step); }
    if (i === 0) await run.artifact("a.txt", "kept");
  }
  here.fake.fault = () => undefined;
  await sendUnsent({ ...here.options(""), root: here.root });
  assertEquals(here.waiting(), []);
  assertEquals(here.fake.runs.size, 8);
  const ids = [...here.fake.runs.values()].map(({ tags }) => tags["candelabra.localId"]);
  assertEquals(new Set(ids).size, 8);
  const lost = [...here.fake.runs.values()].find(({ name }) => name === "lost")!;
  assertEquals([lost.points.size, lost.artifacts.get("a.txt"), lost.status], [1500, "kept", "FINISHED"]);
});

Deno.test("one entry that MLflow refuses is laid aside and told; all others arrive", async () => {
  await using here = await place();
  const bad = (body: string) => /"poison"/.test(body);
  here.fake.fault = (call, body) =>
    call.includes("log-batch") && bad(body) ? refusal(400, "INVALID_PARAMETER_VALUE", "poison") : undefined;
  {
    await using run = await openRun(here.options("picky"));
    for (let i = 0; i < 300; i++) run.metrics({ [i === 77 ? "poison" : "fine"]: i }, i);
    run.params({ a: 1 });
  }
  assertEquals([only(here).points.size, only(here).params["a"], only(here).status], [299, "1", "FINISHED"]);
  const [folder] = [...Deno.readDirSync(join(here.root, ".refused"))];
  const refused = JSON.parse(Deno.readTextFileSync(join(here.root, ".refused", folder.name, "refused.jsonl")));
  assertEquals([refused.metrics, refused.step], [{ poison: 77 }, 77]);
  assertEquals(here.waiting(), []);
});

Deno.test("a run that someone deleted meanwhile stops nothing, and its rest is kept", async () => {
  await using here = await place();
  {
    await using run = await openRun(here.options("gone"));
    only(here).deleted = true;
    run.metrics({ a: 1 });
  }
  assertEquals([...Deno.readDirSync(join(here.root, ".refused"))].length, 1);
  assertEquals(here.waiting(), []);
});

Deno.test("a run whose process died is sent and becomes KILLED; a living one is left alone", async () => {
  await using here = await place();
  const child = `
    import { openRun } from ${JSON.stringify(import.meta.resolve("../../lib/track/open_run.ts"))};
    const run = await openRun({ name: "dies", root: Deno.args[0], variables: { MLFLOW_TRACKING_URI: Deno.args[1] } });
    for (let step = 0; step < 1000; step++) run.metrics({ a: step }, step);
    Deno.kill(Deno.pid, "SIGKILL");`;
  const file = join(here.root, "child.ts");
  await Deno.writeTextFile(file, child);
  await using living = await openRun(here.options("lives"));
  await new Deno.Command(Deno.execPath(), { args: ["run", "-A", file, here.root, here.fake.uri] }).output();
  const dead = () => [...here.fake.runs.values()].find(({ name }) => name === "dies")!;
  assertEquals([dead().status, here.waiting().length], ["RUNNING", 2]);
  const report = await sendUnsent({ ...here.options(""), root: here.root });
  assertEquals(report, { sent: 1, waiting: 0 });
  assertEquals([dead().status, dead().points.size], ["KILLED", 1000]);
  assertEquals(dead().tags["candelabra.ended"], "its process died");
  living.metrics({ a: 1 });
});

Deno.test("runs meant for another server wait for it", async () => {
  await using here = await place();
  await here.fake.stop();
  await (await openRun(here.options("waits")))[Symbol.asyncDispose]();
  await using other = fakeMlflow();
  const to = newConnection(other.uri, () => Promise.resolve(mlflow(other.uri)));
  assertEquals(await sendUnsent({ root: here.root, to }), { sent: 0, waiting: 1 });
  assertEquals([other.runs.size, here.waiting().length], [0, 1]);
});

Deno.test("a trial that began while the tracker was down finds its parent", async () => {
  await using here = await place();
  await here.fake.stop();
  const parent = await openRun(here.options("sweep"));
  await (await openRun({ ...here.options("trial"), parent }))[Symbol.asyncDispose]();
  await parent[Symbol.asyncDispose]();
  here.fake.start();
  await sendUnsent({ ...here.options(""), root: here.root });
  const byName = Object.fromEntries([...here.fake.runs].map(([id, run]) => [run.name, { ...run, id }]));
  assertEquals(byName["trial"].tags["mlflow.parentRunId"], byName["sweep"].id);
});

Deno.test("a wrong password is an error at once and leaves nothing behind", async () => {
  await using here = await place();
  here.fake.fault = () => refusal(401, "UNAUTHENTICATED", "who are you");
  await assertRejects(() => openRun(here.options("locked")), Error, "MLFLOW_TRACKING_USERNAME");
  assertEquals(here.waiting(), []);
});

Deno.test("secrets reach no part of a run", async () => {
  await using here = await place();
  new Secret("s3cr3t-value");
  {
    await using run = await openRun({ ...here.options("x s3cr3t-value"), description: "s3cr3t-value" });
    run.params({ key: "s3cr3t-value", url: "postgres://me:pass@host/db" });
    run.tags({ key: "s3cr3t-value" });
    run.dataset({ name: "s3cr3t-value", digest: "d", source: "s3cr3t-value", context: "test" });
    await run.artifact("a.html", "<p>s3cr3t-value</p>");
    run.fail("could not log in with s3cr3t-value");
  }
  const run = only(here);
  assert(!JSON.stringify({ ...run, artifacts: [...run.artifacts] }).includes("s3cr3t"));
  assertEquals([run.params["url"], run.artifacts.get("a.html")], ["postgres://me:***@host/db", "<p>***</p>"]);
  assertEquals(run.status, "FAILED");
});

Deno.test("a param too long for MLflow is cut there and whole in params.json", async () => {
  await using here = await place();
  {
    await using run = await openRun(here.options("long"));
    run.params({ spec: "x".repeat(9000), short: 1 });
  }
  const run = only(here);
  assertEquals([run.params["spec"].length, run.params["spec"].at(-1)], [6000, "…"]);
  assertEquals(JSON.parse(run.artifacts.get("params.json")!), { spec: "x".repeat(9000), short: "1" });
});

Deno.test("misuse is an error: a param said twice, a half step, a path that leaves, a run that ended", async () => {
  await using here = await place();
  const run = await openRun(here.options("strict"));
  run.params({ a: 1 });
  assertThrows(() => run.params({ a: 2 }), RangeError, 'Cannot set the param "a" to 2 as it was 1');
  assertThrows(() => run.metrics({ a: 1 }, 0.5), RangeError, "whole number");
  await assertRejects(() => run.artifact("../x", ""), RangeError, "Cannot keep the artifact");
  await run[Symbol.asyncDispose]();
  await run[Symbol.asyncDispose]();
  assertThrows(() => run.metrics({ a: 1 }), Error, "has ended");
  assertEquals([only(here).status, only(here).points.size], ["FINISHED", 0]);
});

Deno.test("work that throws leaves a run that FAILED with the reason, and the error goes on", async () => {
  await using here = await place();
  await assertRejects(
    () => withRun(here.options("throws"), () => Promise.reject(new RangeError("no candles"))),
    RangeError,
    "no candles",
  );
  assertEquals([only(here).status, only(here).tags["candelabra.failure"]], ["FAILED", "RangeError: no candles"]);
  assertEquals(await withRun(here.options("works"), () => Promise.resolve(7)), 7);
});

Deno.test("work that was interrupted leaves a run that is KILLED, as the run around it", async () => {
  await using here = await place();
  const interrupted = new DOMException("Interrupted", "AbortError");
  await assertRejects(() => withRun(here.options("interrupted"), () => Promise.reject(interrupted)), DOMException);
  assertEquals(only(here).status, "KILLED");
});

Deno.test("where the disk refuses, a run still reaches the tracker", async () => {
  await using here = await place();
  await Deno.writeTextFile(join(here.root, ".unsent"), "a file is in the way");
  {
    await using run = await openRun(here.options("diskless"));
    run.metrics({ a: 1 });
    await run.artifact("a.txt", "kept");
  }
  assertEquals([only(here).status, only(here).points.size, only(here).artifacts.get("a.txt")], ["FINISHED", 1, "kept"]);
  assertStringIncludes(here.told[0], "Cannot keep the run on disk");
});
