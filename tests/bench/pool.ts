/**
 * What a worker costs, as a process and as a Web Worker, and what the pool adds to a job:
 *
 *     deno run -A tests/bench/pool.ts [--rounds 7] [--overhead]
 *
 * Start: until a worker answers its first job, with nothing loaded, with ONNX Runtime and polars loaded, and with the
 * whole of the library. Memory: resident memory that four workers add, each. Isolation: what is left after one worker's
 * native code reads address 0, loops without end, or holds 200 MB. Overhead: the time of jobs of 5 s beside the same work
 * without a pool, and the round trip of an empty one.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { quantile } from "../../lib/base/stats.ts";
import { openPool, type Pool } from "../../lib/resources/pool.ts";
import { processUsage } from "../../lib/resources/usage.ts";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    overhead: { type: "boolean", default: false },
    fault: { type: "boolean" },
  },
});
const rounds = Number(flags.rounds);
const childFile = new URL("pool_child.ts", import.meta.url);
const loads = ["nothing", "native", "library"] as const;
const median = (values: readonly number[]) => quantile(values, 0.5);
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MB`;

const poolOf = (workers: number): Pool =>
  openPool({
    command: Deno.execPath(),
    args: ["run", "--quiet", "-A", "--no-check", fileURLToPath(childFile)],
    workers,
  });

/** A Web Worker that answered one job. */
async function threadThat(load: string): Promise<Worker> {
  const worker = new Worker(childFile, { type: "module" });
  await askThread(worker, { load });
  return worker;
}

function askThread(worker: Worker, job: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => (event.preventDefault(), reject(new Error(event.message)));
    worker.postMessage(job);
  });
}

if (flags.fault) { // a process of its own that a Web Worker's fault may take with it
  const worker = await threadThat("nothing");
  worker.postMessage({ do: "fault" });
  await sleep(500);
  console.log("alive");
  Deno.exit(0);
}

if (!flags.overhead) {
  const start = { process: [[], [], []] as number[][], thread: [[], [], []] as number[][] };
  for (let round = 0; round < rounds; round++) {
    for (const [i, load] of loads.entries()) {
      let at = performance.now();
      {
        await using pool = poolOf(1);
        await pool.run({ load });
        start.process[i].push(performance.now() - at);
      }
      at = performance.now();
      const worker = await threadThat(load);
      start.thread[i].push(performance.now() - at);
      worker.terminate();
      await sleep(50);
    }
  }
  for (const [i, load] of loads.entries()) {
    const [a, b] = [median(start.process[i]), median(start.thread[i])];
    console.log(
      `start with ${load.padEnd(8)} process ${a.toFixed(0)} ms, thread ${b.toFixed(0)} ms, ratio ${(a / b).toFixed(2)}`,
    );
  }

  for (const load of loads) {
    await using pool = poolOf(4);
    await Promise.all([0, 1, 2, 3].map(() => pool.run({ load })));
    const processes = pool.workers.reduce((sum, { rss }) => sum + rss, 0) / 4;
    const rss = () => processUsage([Deno.pid]).get(Deno.pid)!.rss;
    const before = rss();
    const workers = await Promise.all([0, 1, 2, 3].map(() => threadThat(load)));
    const threads = (rss() - before) / 4;
    for (const worker of workers) worker.terminate();
    console.log(
      `memory with ${load.padEnd(8)} process ${megabytes(processes)}, thread ${megabytes(threads)} each of four`,
    );
    await sleep(300);
  }

  {
    await using pool = poolOf(2);
    const outcome = await pool.run({ do: "fault" }).catch((error: Error) => error.message.split("\n")[0]);
    console.log(
      `process whose native code faults: "${outcome}"; the other answers ${await pool.run({ do: "echo", value: 1 })}`,
    );
    const { code, signal, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "-A", "--no-check", fileURLToPath(import.meta.url), "--fault"],
      stdout: "piped",
      stderr: "null",
    }).output();
    const text = new TextDecoder().decode(stdout).trim();
    console.log(`thread whose native code faults: its process ${text || `ended: ${signal ?? `code ${code}`}`}`);
  }
  {
    await using pool = poolOf(1);
    await pool.run({ load: "nothing" });
    const at = performance.now();
    await pool.run({ do: "spin" }, { seconds: 0.2 }).catch(() => {});
    console.log(
      `process that loops: gone ${(performance.now() - at - 200).toFixed(0)} ms after its time was over (grace 2 s)`,
    );
    const before = performance.now();
    const cpu = processUsage([Deno.pid]).get(Deno.pid)!.cpu;
    const worker = await threadThat("nothing");
    worker.postMessage({ do: "spin", ms: 2000 });
    await sleep(200);
    worker.terminate();
    await sleep(1500);
    const burnt = processUsage([Deno.pid]).get(Deno.pid)!.cpu - cpu;
    console.log(
      `thread that loops: ${burnt.toFixed(1)} s of processor in ${
        ((performance.now() - before) / 1000).toFixed(1)
      } s, terminated after 0.2`,
    );
  }
  {
    const rss = () => processUsage([Deno.pid]).get(Deno.pid)!.rss;
    const before = rss();
    const worker = await threadThat("nothing");
    await askThread(worker, { do: "hold", megabytes: 200 });
    const held = rss();
    worker.terminate();
    await sleep(1000);
    console.log(
      `thread with 200 MB of native memory: +${megabytes(held - before)}, after terminate +${
        megabytes(rss() - before)
      }; a process gives back all`,
    );
  }
  Deno.exit(0); // a thread may still loop
}

{
  await using pool = poolOf(1);
  await pool.run({ load: "nothing" });
  const trips: number[] = [];
  for (let i = 0; i < 500; i++) {
    const at = performance.now();
    await pool.run({ do: "echo", value: i });
    trips.push(performance.now() - at);
  }
  console.log(
    `an empty job and back: median ${median(trips).toFixed(2)} ms, 99 % ${quantile(trips, 0.99).toFixed(2)} ms`,
  );
  // The worker says how long its work took; what the pool adds is the rest. Reports as of a trial: one every 500 ms.
  const shares: number[] = [];
  const cpuOf = () => processUsage([Deno.pid]).get(Deno.pid)!.cpu;
  const cpu = cpuOf();
  for (let i = 0; i < 3; i++) {
    const at = performance.now();
    const own = await pool.run({ do: "work", ms: 5000, every: 50 }, {
      bytes: 2 ** 33,
      seconds: 60,
      onMessage: () => ({ answer: "go" }),
    });
    const all = performance.now() - at;
    shares.push((all - (own as number)) / all);
  }
  console.log(
    `pool's share of a job of 5 s with 10 reports answered and its memory watched: ${
      shares.map((share) => `${(100 * share).toFixed(3)} %`).join(", ")
    }`,
  );
  console.log(`processor time of the pool's own process: ${((cpuOf() - cpu) / 15 * 100).toFixed(2)} % of them`);
  const begun = performance.now();
  await using fresh = poolOf(1);
  const own = await fresh.run({ do: "work", ms: 5000, every: 500 }, { onMessage: () => ({ answer: "go" }) });
  const all = performance.now() - begun;
  console.log(`the same with a worker started for it: ${(100 * (all - (own as number)) / all).toFixed(2)} %`);
}
