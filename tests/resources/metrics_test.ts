import { cpus } from "node:os";
import process from "node:process";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { gpuUsage, parseGpus } from "../../lib/resources/gpu.ts";
import { openCollector, systemMetrics } from "../../lib/resources/metrics.ts";
import { parsePsTime, processUsage } from "../../lib/resources/usage.ts";
import { writeShellScript } from "../shell_script.ts";

/** A program that answers as nvidia-smi would. */
async function withFake<T>(answer: string, work: (program: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    const program = `${folder}/nvidia-smi`;
    await writeShellScript(program, `#!/bin/sh\ncase "$1" in --query-gpu=*) ;; *) exit 9 ;; esac\n${answer}\n`);
    return await work(program);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A check that memory is what the runtime says, now or then: other tests of this process take some and give it back. */
function near(): (rss: number) => void {
  const { rss: then } = Deno.memoryUsage();
  return (rss) => {
    const { rss: now } = Deno.memoryUsage();
    assert(rss > 0.8 * Math.min(then, now) && rss < 1.2 * Math.max(then, now), `${rss}, ${then} then, ${now} now`);
  };
}

const table = "0, NVIDIA H200, 37, 1024, 143771, 121.50\n1, NVIDIA H200, [N/A], 0, 143771, [Not Supported]";

Deno.test("GPUs are read from nvidia-smi's table", async () => {
  const expected = [
    { gpu: 0, name: "NVIDIA H200", utilization: 0.37, memory: 2 ** 30, memoryTotal: 143771 * 2 ** 20, power: 121.5 },
    { gpu: 1, name: "NVIDIA H200", utilization: NaN, memory: 0, memoryTotal: 143771 * 2 ** 20, power: NaN },
  ];
  assertEquals(parseGpus(table), expected);
  assertEquals(await withFake(`echo '${table.replace("\n", "'; echo '")}'`, gpuUsage), expected);
});

Deno.test("without nvidia-smi, or where it finds no driver, there are no GPUs", async () => {
  assertEquals(await gpuUsage("no-such-program-here"), undefined);
  assertEquals(await withFake("echo 'NVIDIA-SMI has failed'; exit 9", gpuUsage), undefined);
});

Deno.test("another table is no table of GPUs", async () => {
  assertThrows(() => parseGpus("index, name"), SyntaxError, "nvidia-smi must answer index, name");
  await assertRejects(() => withFake("echo hello", gpuUsage), SyntaxError);
});

Deno.test("a collector sees processor time, memory, GPUs and the parts of the work", async () => {
  await withFake(`echo '${table.replace("\n", "'; echo '")}'`, async (nvidiaSmi) => {
    const heard: number[] = [];
    await using collector = openCollector({ every: 1000, nvidiaSmi, onSample: (_sample, index) => heard.push(index) });
    const spent = ({ user, system } = process.cpuUsage()) => (user + system) / 1e6;
    for (const begun = spent(); spent() - begun < 0.12;);
    collector.add("env", 30);
    collector.add("env", 20);
    const sample = await collector.sample();
    assert(sample.ownCpu * sample.seconds > 0.119, `${sample.ownCpu} cores for ${sample.seconds} s`);
    assert(sample.ownCpu < 2 * cpus().length, `${sample.ownCpu}`);
    assert(sample.cpu >= 0 && sample.cpu <= 1, `${sample.cpu}`);
    assert(sample.ownRss > 2e7 && sample.heap > 1e6 && sample.memoryTotal > sample.memory);
    assertEquals(sample.parts, { env: 0.05 });
    assertEquals((await collector.sample()).parts, {});
    assertEquals(heard, [0, 1]);
    const metrics = systemMetrics(sample);
    assertEquals(metrics["system/gpu_0_utilization_percentage"], 37);
    assertEquals("system/gpu_1_utilization_percentage" in metrics, false);
    assert(metrics["system/cpu_utilization_percentage"] <= 100);
    assert(metrics["system/time_env_percentage"] > 0);
    assert(Object.values(metrics).every(Number.isFinite));
  });
});

Deno.test("a collector keeps the last samples, and takes one when it ends", async () => {
  let collected;
  {
    await using collector = openCollector({ every: 1000, keep: 3, nvidiaSmi: "none" });
    for (let i = 0; i < 5; i++) await collector.sample();
    assertEquals(collector.history.length, 3);
    collected = collector;
  }
  assertEquals(collected.history.length, 3);
  assertThrows(() => openCollector({ every: 0 }), RangeError, "every must be above 0 s: current value is 0");
});

Deno.test("an answer of nvidia-smi that can't be read stops nothing", async () => {
  await withFake("echo hello", async (nvidiaSmi) => {
    await using collector = openCollector({ every: 1000, nvidiaSmi });
    assertEquals((await collector.sample()).gpus, []);
  });
});

Deno.test("workers' processes are summed, those that are gone left out", async () => {
  await using collector = openCollector({ every: 1000, nvidiaSmi: "none", workers: () => [Deno.pid, 2 ** 22 + 1] });
  const rss = near();
  const sample = await collector.sample();
  rss(sample.workersRss);
  assert(sample.workersCpu >= 0);
  assertEquals(systemMetrics(sample)["system/workers"], 2);
});

Deno.test("what a process uses is what the runtime says of itself", () => {
  const rss = near();
  const own = processUsage([Deno.pid]).get(Deno.pid)!;
  rss(own.rss);
  assert(own.cpu > 0);
  assertEquals(processUsage([]).size, 0);
  assertEquals(processUsage([2 ** 22 + 1]).size, 0);
});

Deno.test("where only programs may be run, they are asked", async () => {
  const code = `import { processUsage } from ${JSON.stringify(import.meta.resolve("../../lib/resources/usage.ts"))};
    console.log(processUsage([Deno.pid]).get(Deno.pid).rss / Deno.memoryUsage().rss);`;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, code);
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", "--no-check", "--allow-read", "--allow-run", file],
      stdout: "piped",
    }).output();
    const ratio = Number(new TextDecoder().decode(stdout));
    assert(ratio > 0.8 && ratio < 1.25, `${ratio}`);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("the times of ps are read", () => {
  assertEquals(["0:01.50", "12:03", "01:02:03", "2-01:00:00"].map(parsePsTime), [1.5, 723, 3723, 176400]);
});
