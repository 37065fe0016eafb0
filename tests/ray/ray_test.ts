import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import type { TrialReport } from "../../lib/hyperopt/engine.ts";
import { openRay, type RayOptions } from "../../lib/hyperopt/ray.ts";
import type { Params, TrialJob } from "../../lib/hyperopt/trial.ts";
import { projectPath } from "../../lib/base/project.ts";

/** A real Ray, started by the tests themselves: `deno task test:ray` installs it and runs this in a network of its own. */
const python = Deno.env.get("CANDELABRA_TEST_RAY");
const ignore = python === undefined;
const rungs = [10, 20, 40];

Deno.test(
  { name: "Ray runs a study's trials on two nodes, and a worker that is killed loses no trial", ignore },
  async () => {
    await inFolder(async (storage) => {
      await using ray = await open({ storage, nodes: 2, cpus: 1 });
      assertEquals([ray.cluster.nodes, ray.cluster.cpus, ray.slots], [2, 2, 2]);
      const heard: TrialReport[] = [];
      let killed = 0;
      const run = (trial: number, params: Params) =>
        ray.run(jobOf(storage, trial, params), {
          async onReport(report) {
            heard.push(report);
            if (report.trial === 1 && report.rung === 1 && killed === 0) {
              killed = await parentOf(Number((await lives(storage, 1))[0]));
              Deno.kill(killed, "SIGKILL"); // Ray's worker, and with it the trial's process
            }
            return report.trial === 2 && report.rung === 1 ? { answer: "stop", why: "behind" } : { answer: "go" };
          },
        });
      const ends = await Promise.all([
        run(0, { x: 0.1 }),
        run(1, { x: 0.3, pause: 200 }),
        run(2, { x: 0.9 }),
        run(3, { x: 0.5, fails: true }),
      ]);
      assertEquals(ends.map(({ kind }) => kind), ["done", "done", "done", "failed"]);
      const values = ends.map((end) => end.kind === "done" ? end.value : NaN);
      assertAlmostEquals(values[0], 0.96 * 0.8, 1e-12);
      assertAlmostEquals(values[1], 0.8, 1e-12);
      assertAlmostEquals(values[2], 0.64 * 20 / 30, 1e-12); // stopped after its second rung
      assert(killed > 0);
      // Rungs before the kill are not trained again; its report, which got no answer, is said again.
      assertEquals(heard.filter(({ trial }) => trial === 1).map(({ rung }) => rung), [0, 1, 1, 2]);
      assertEquals(new Set(await lives(storage, 1)).size, 2);
    });
  },
);

Deno.test({ name: "Ray's trial is cancelled by its signal, and the others go on", ignore }, async () => {
  await inFolder(async (storage) => {
    await using ray = await open({ storage, cpus: 2 });
    const stop = new AbortController();
    const long = ray.run(jobOf(storage, 0, { x: 0.3, pause: 60_000 }), {
      onReport: () => ({ answer: "go" }),
      signal: stop.signal,
    });
    const short = ray.run(jobOf(storage, 1, { x: 0.3 }), { onReport: () => ({ answer: "go" }) });
    await short;
    stop.abort();
    await assertRejects(() => long, DOMException, "abort");
  });
});

Deno.test({ name: "a running Ray is joined by its address, directly and through its client", ignore }, async () => {
  await inFolder(async (storage) => {
    const token = "0123456789abcdef".repeat(4);
    const env = { RAY_AUTH_MODE: "token", RAY_AUTH_TOKEN: token, RAY_USAGE_STATS_ENABLED: "0", RAY_TMPDIR: storage };
    const head = await startHead(env);
    for (const [name, value] of Object.entries(env)) Deno.env.set(name, value);
    try {
      for (const [trial, address] of ["127.0.0.1:6399", "ray://127.0.0.1:10001"].entries()) {
        await using ray = await open({ storage, address });
        assertEquals(ray.cluster.cpus, 1);
        const end = await ray.run(jobOf(storage, trial, { x: 0.3 }), { onReport: () => ({ answer: "go" }) });
        assertEquals(end.kind, "done");
      }
    } finally {
      head.kill("SIGTERM");
      await head.status;
      for (const name of Object.keys(env)) Deno.env.delete(name);
    }
  });
});

Deno.test({ name: "a trial that asks for more than the cluster has is refused before any work", ignore }, async () => {
  await inFolder(async (storage) => {
    await assertRejects(
      () => open({ storage, cpus: 1, trialGpus: 0.25 }),
      RangeError,
      "one takes 1 CPUs and 0.25 GPUs",
    );
  });
});

Deno.test({ name: "an address where no Ray is gives an error that says so", ignore }, async () => {
  await inFolder(async (storage) => {
    await assertRejects(() => open({ storage, address: "127.0.0.1:6398" }), Error, "nobody answers at 127.0.0.1:6398");
    await assertRejects(() => open({ storage, address: "there" }), RangeError, "must be auto, host:6379");
  });
});

function open(options: Partial<RayOptions>) {
  return openRay({
    python: python!,
    folder: projectPath(),
    program: {
      deno: [Deno.execPath()],
      arguments: ["run", "--allow-read", "--allow-write", "tests/ray/trial.ts"],
      environment: {},
    },
    ...options,
  } as RayOptions);
}

function jobOf(storage: string, trial: number, params: Params): TrialJob {
  const checkpoint = join(storage, `trial-${trial}`);
  return { study: "ray", trial, market: "", params, config: {}, rungs, seeds: [1], folds: 1, checkpoint };
}

async function lives(storage: string, trial: number): Promise<string[]> {
  return (await Deno.readTextFile(join(storage, `trial-${trial}`, "lives"))).trim().split("\n");
}

async function parentOf(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(status.match(/^PPid:\s*(\d+)/m)![1]);
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "candelabra-ray-" });
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A head of Ray that answers. It gives up by itself where it was not up within 30 s: busy machines get another try. */
async function startHead(env: Record<string, string>): Promise<Deno.ChildProcess> {
  for (let attempt = 0; attempt < 4; attempt++) {
    const head = new Deno.Command(join(python!, "..", "ray"), {
      args: [
        ...["start", "--head", "--block", "--num-cpus=1", "--port=6399", "--ray-client-server-port=10001"],
        ...["--include-dashboard=false", "--node-ip-address=127.0.0.1"],
      ],
      env,
      stdout: "null",
      stderr: "null",
    }).spawn();
    let ended = false;
    head.status.then(() => ended = true);
    while (!ended) {
      if (await answers(10001)) return head;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
  throw new Error("Ray's head did not start in four attempts");
}

async function answers(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}
