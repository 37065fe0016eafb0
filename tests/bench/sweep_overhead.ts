/**
 * What a study and its pool add to a trial of 5 s that reports four times:
 *
 *     deno run -A tests/bench/sweep_overhead.ts [--trials 4]
 *
 * The trial is a process that sleeps, so that the machine's load counts as little as it can. Journal, ledger, scheduler,
 * sampler, lines both ways and the returns' file are all in the time; the start of the processes is told apart.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Json } from "../../lib/base/json.ts";
import { poolEngine } from "../../lib/hyperopt/engine.ts";
import { runStudy } from "../../lib/hyperopt/run_study.ts";
import { openStudy } from "../../lib/hyperopt/study.ts";
import { openPool } from "../../lib/resources/pool.ts";
import { serveJobs } from "../../lib/resources/worker.ts";
import { parabola } from "../hyperopt/fake_engine.ts";

const { values: flags } = parseArgs({
  options: { trials: { type: "string", default: "4" }, child: { type: "boolean", default: false } },
});
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

if (flags.child) {
  await serveJobs(async (job, { ask }) => {
    const { trial, rungs } = job as { trial: number; rungs: number[] };
    let asleep = 0;
    for (let rung = 0; rung < rungs.length; rung++) {
      const began = performance.now();
      await sleep(5000 / rungs.length);
      asleep += (performance.now() - began) / 1000; // what the trial itself took
      const metrics = { asleep };
      await ask(
        { kind: "report", trial, rung, step: rungs[rung], value: trial, metrics, seconds: asleep } as Record<
          string,
          Json
        >,
      );
    }
    return {
      kind: "done",
      trial,
      value: trial,
      metrics: { asleep },
      returns: Array.from({ length: 5000 }, Math.random),
    };
  });
}

const folder = await Deno.makeTempDir();
try {
  for (const workers of [1, 2]) {
    const args = ["run", "-A", "--quiet", fileURLToPath(import.meta.url), "--child"];
    await using engine = poolEngine(openPool({ command: Deno.execPath(), args, workers }));
    const spec = parabola({ rungs: [1, 2, 3, 4], sampler: "tpe", scheduler: "none" });
    await using study = openStudy(join(folder, String(workers)), spec);
    await runStudy(study, engine, { trials: workers }); // the processes are there now
    const began = performance.now();
    await runStudy(study, engine, { trials: workers * (1 + Number(flags.trials)) });
    const wall = (performance.now() - began) / 1000;
    const own = study.rows.slice(workers).reduce((sum, { metrics }) => sum + metrics.asleep, 0) / workers;
    const share = (100 * (wall - own) / own).toFixed(2);
    console.log(
      `${workers} worker(s): ${wall.toFixed(3)} s for trials that slept ${own.toFixed(3)} s: ${share} % on top`,
    );
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
