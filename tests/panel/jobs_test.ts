import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "node:path";
import { aPanel } from "./a_panel.ts";

/** What lies in a panel's folder of jobs. */
const files = async (folder: string) =>
  (await Array.fromAsync(Deno.readDir(join(folder, "jobs")))).map(({ name }) => name)
    .filter((name) => name !== "panel.lock").sort();

Deno.test("a job that ends well, badly, or by force says so, and leaves one small file", async () => {
  await using test = await aPanel();
  const done = await test.until(await test.start("finishes"), "finished");
  assertEquals([done.job.code, done.state.results.total_return], [0, 0.12]);
  const failed = await test.until(await test.start("fails"), "failed");
  assertEquals([failed.job.code, failed.job.message], [1, "Cannot go on as the bars are too few: current value is 3"]);
  const deaf = await test.start("deaf");
  while ((await test.ask(`/api/jobs/${deaf}`)).body.state.progress.length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 20)); // it is not deaf before it runs
  }
  await test.ask(`/api/jobs/${deaf}/stop`, {});
  await new Promise((resolve) => setTimeout(resolve, 200));
  assertEquals((await test.ask(`/api/jobs/${deaf}`)).body.job.status, "stopping");
  await test.ask(`/api/jobs/${deaf}/stop`, {}); // a second time does not ask
  assertMatch((await test.until(deaf, "stopped")).job.message, /at once/);
  assertEquals(
    await files(test.folder),
    [done, failed, { job: { id: deaf } }].map(({ job }) => `${job.id}.json`).sort(),
  );
});

Deno.test("events that are no events are told in the job's log, and nothing else breaks", async () => {
  await using test = await aPanel();
  const { state, log } = await test.until(await test.start("garbage"), "finished");
  assertEquals(log.filter((line: string) => line.includes("left out")).length, 3); // no JSON, a bar of nothing, null
  assertEquals(state.results.total_return, 0.12);
});

Deno.test("a second panel of the same folder is refused, and the first one's jobs go on", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await using first = await aPanel({ folder });
    const job = await first.start("goes on");
    await assertRejects(() => aPanel({ folder }), Deno.errors.Busy, "another one of this project runs");
    assertEquals((await first.ask(`/api/jobs/${job}`)).body.job.status, "running");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("no more jobs run at once than may", async () => {
  await using test = await aPanel({ running: 1 });
  const first = await test.start("goes on");
  const { status, body } = await test.ask("/api/jobs", { stage: "backtest" });
  assertEquals(status, 429);
  assertMatch(body.detail, /stop one, or wait/);
  await test.ask(`/api/jobs/${first}/stop`, {});
  await test.until(first, "stopped");
  await test.start("finishes");
});

Deno.test("jobs end with their panel, and the next one lists them", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const first = await aPanel({ folder, grace: 500 });
    const done = await first.start("finishes");
    await first.until(done, "finished");
    const live = await first.start("goes on");
    const deaf = await first.start("deaf");
    await first[Symbol.asyncDispose]();

    await Deno.writeTextFile(join(folder, "jobs", "broken.json"), "{"); // a file half written by a machine that died
    const kept = JSON.parse(await Deno.readTextFile(join(folder, "jobs", `${live}.json`)));
    const lost = {
      ...kept,
      job: { ...kept.job, id: "20200101-000000-train-abcd", status: "running", ended: null, started: 1 },
    };
    await Deno.writeTextFile(join(folder, "jobs", `${lost.job.id}.json`), JSON.stringify(lost));
    const told = '{"kind":"page","path":"reports/b.html"}\n{"kind":"pa'; // and killed in the middle of a line
    await Deno.writeTextFile(join(folder, "jobs", `${lost.job.id}.events`), told);

    await using second = await aPanel({ folder });
    const { body: { jobs } } = await second.ask("/api/jobs");
    const status = Object.fromEntries(jobs.map((job: { id: string; status: string }) => [job.id, job.status]));
    assertEquals(status, { [done]: "finished", [live]: "stopped", [deaf]: "stopped", [lost.job.id]: "lost" });
    const { body } = await second.ask(`/api/jobs/${done}`);
    assertEquals([body.state.results.total_return, body.log.length > 0], [0.12, true]);
    assertEquals((await second.ask(`/api/jobs/${lost.job.id}`)).body.state.pages, ["reports/b.html"]);
    assertEquals((await files(folder)).filter((name) => name.endsWith(".events")), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a stage's process ends when its panel is gone without a word", async () => {
  await using test = await aPanel();
  const events = join(test.folder, "events");
  const { spawnFake } = await import("./a_panel.ts");
  const child = spawnFake(["backtest", "--set", "run.experiment=goes on"], events);
  const reading = Promise.all([child.stdout.cancel(), child.stderr.cancel()]);
  await child.stdin.close(); // what the system does to the pipe of a process that was killed
  assertEquals((await child.status).code, 99);
  await reading;
});

Deno.test("a secret that a stage prints is not shown", async () => {
  await using test = await aPanel();
  const id = await test.start("finishes");
  const { log } = await test.until(id, "finished");
  assert(!JSON.stringify(log).includes(test.panel.token));
});
