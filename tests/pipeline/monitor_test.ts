import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { StageEvent } from "../../lib/base/events.ts";
import { monitorStage } from "../../lib/pipeline/monitor.ts";
import { monitorFigures } from "../../lib/pipeline/monitor/figures.ts";
import { partClock } from "../../lib/pipeline/monitor/parts.ts";
import { openProbe, withSizes } from "../../lib/pipeline/monitor/probe.ts";
import { monitorSummary } from "../../lib/pipeline/monitor/summary.ts";
import { sizeTable, workerTable } from "../../lib/pipeline/monitor/tables.ts";
import { watchRun } from "../../lib/pipeline/monitor/watch.ts";
import { trackedTrain, trainStage } from "../../lib/pipeline/train.ts";
import { memoryRun } from "../../lib/track/memory_run.ts";
import { tiny, withFolder, writeTiny } from "./tiny.ts";

Deno.test("a machine is measured with one worker and two, and what to set is said", async () => {
  await withFolder(async (folder) => {
    const { config } = tiny(await writeTiny(folder), ["ppo.batch_size=256", "ppo.n_steps=64", "ppo.n_epochs=1"]);
    const events: StageEvent[] = [];
    const deps = { onEvent: (event: StageEvent) => void events.push(event) };
    const report = await monitorStage(config, deps, { seconds: 0.1, most: 2, rounds: 1, sizes: 3 });
    assertEquals(report.kind, "processes");
    assertEquals(report.levels.map(({ workers }) => workers), [1, 2]);
    for (const { throughput, cores, rss } of report.levels) {
      assert(throughput > 100 && cores > 0 && rss > 5e7, `${throughput} ${cores} ${rss}`);
    }
    assertEquals(report.sizes!.measured.length > 0, true);
    assert([1, 2].includes(report.best.workers) && report.best.workers === report.decision.workers);
    assertEquals(report.parts.map(({ part }) => part).toSorted().filter((part) => part !== "other"), [
      "env",
      "look",
      "update",
    ]);
    assertStringIncludes(report.advice.join("\n"), "for sweeps (tune.workers=");
    assert(events.some(({ kind }) => kind === "workers"));
    const figures = monitorFigures(report);
    for (const draw of Object.values(figures)) assertStringIncludes(draw().svg, "<svg");
    assertStringIncludes(workerTable(report).text, "advised");
    assertStringIncludes(sizeTable(report).text, "Steps/s");
    const says = (othersBusy: boolean) => monitorSummary({ ...report, othersBusy }, config).finding;
    assertStringIncludes(says(false), "the work of one on this machine's");
    assertStringIncludes(says(true), "by processor time, other programs left out");
  });
});

Deno.test("what can't be measured is said before anything is started", async () => {
  const { config } = tiny("no-such-candles.csv");
  await assertRejects(() => monitorStage(config, {}, { seconds: 0 }), RangeError, "seconds must be at least 0.1");
  await assertRejects(() => monitorStage(config), Error, "no-such-candles.csv");
});

Deno.test("a probe measures whole updates, and goes on where it was when it is asked again", async () => {
  await withFolder(async (folder) => {
    const { config } = tiny(await writeTiny(folder), ["ppo.batch_size=256", "ppo.n_steps=64", "ppo.n_epochs=1"]);
    await using probe = openProbe();
    assertEquals((await probe.run({ config, sizes: { rows: 8 }, seconds: 0 })).steps, 0);
    const { steps, seconds, parts } = await probe.run({ config, sizes: { rows: 8 }, seconds: 0.05 });
    assertEquals(steps % 4096, 0);
    assert(steps > 0 && seconds >= 0.05);
    const known = Object.values(parts).reduce((sum, part) => sum + part, 0);
    assert(known > 0.8 * seconds && known < 1.05 * seconds, `${known} of ${seconds}`);
  });
});

Deno.test("sizes keep updates that a batch divides", () => {
  const { config } = tiny("x.csv");
  const sized = withSizes(config, { rows: 16, batch: 512, threads: 2 });
  assertEquals([sized.env.n_envs, sized.ppo.n_steps, sized.ppo.batch_size, sized.agent.threads], [16, 256, 512, 2]);
  assertEquals(withSizes(config, { rows: 3 }).ppo.n_steps, 16); // 3 × 1365 is no multiple of 32: as set
  assertEquals(withSizes(config, { batch: 8192 }).ppo.n_steps, 2048);
});

Deno.test("watching a training changes none of its numbers, and its run has the machine's metrics", async () => {
  await withFolder(async (folder) => {
    const path = await writeTiny(folder);
    const plain = await trainStage(tiny(path, ["monitor.every=0"]).config, {}, { checkpoints: null });
    const events: StageEvent[] = [];
    const deps = { onEvent: (event: StageEvent) => void events.push(event) };
    const watched = await trackedTrain(tiny(path, ["monitor.every=0.05"]), deps, { checkpoints: null });
    assertEquals(watched.training.numbers, plain.numbers);
    const worker = events.find(({ kind }) => kind === "workers");
    assertEquals(worker?.kind === "workers" && worker.workers[0].worker, "training");
    const names = events.flatMap((event) => event.kind === "metrics" ? Object.keys(event.values) : []);
    for (const name of ["system/cpu_utilization_percentage", "system/process_memory_usage_megabytes"]) {
      assert(names.includes(name), name);
    }
  });
});

Deno.test("a watched run gets samples in order, where the time went, and advice", async () => {
  const run = memoryRun();
  {
    await using watch = watchRun(run, {}, { every: 0.03, alert: 0.3 });
    for (let i = 1; i <= 5; i++) {
      await new Promise((resolve) => setTimeout(resolve, 30));
      watch.onPart("env", 10);
      watch.progress(100 * i);
    }
  }
  const steps = run.said.metrics.filter(({ key }) => key === "system/process_cpu_cores").map(({ step }) => step);
  assert(steps.length >= 2);
  assertEquals(steps, steps.map((_, i) => i));
  const done = run.said.metrics.filter(({ key }) => key === "system/steps_per_second");
  assert(done.length > 0 && done.every(({ value }) => value > 0));
  const seen = JSON.parse(run.said.artifacts.get("monitoring.json") as string);
  assertEquals(Object.keys(seen), ["parts", "memory", "advice"]);
  assert(seen.parts.some(({ part }: { part: string }) => part === "env"));
});

Deno.test("not watching does nothing", async () => {
  const run = memoryRun();
  await using watch = watchRun(run, {}, { every: 0, alert: 0.3 });
  watch.progress(1);
  await watch[Symbol.asyncDispose]();
  assertEquals([run.said.metrics.length, run.said.artifacts.size], [0, 0]);
});

Deno.test("parts add up to the time between laps, what is paused counted on its own", () => {
  const parts: Record<string, number> = {};
  const clock = partClock((part, ms) => parts[part] = (parts[part] ?? 0) + ms);
  const wait = (ms: number) => {
    for (const from = performance.now(); performance.now() - from < ms;);
  };
  const env = clock.env({ step: (_: Float32Array) => (wait(10), undefined as never) });
  const before = performance.now();
  clock.lap();
  const after = performance.now();
  env.step(new Float32Array(0));
  {
    using _ = clock.pause("save");
    wait(20);
  }
  wait(5);
  const least = performance.now() - after;
  clock.lap();
  const most = performance.now() - before;
  assert(parts.env >= 10 && parts.save >= 20 && parts.look >= 5, JSON.stringify(parts));
  const all = parts.env + parts.save + parts.look;
  assert(all >= least && all <= most, `${all} of ${least} to ${most}`);
});
