// How fast runs are kept: ours beside MLflow's own Python client (one call a point, and its asynchronous way), against
// one local server, interleaved, best of each. `deno run -A tests/bench/track.ts`
import { ensurePython } from "../../lib/track/python.ts";
import { openRun } from "../../lib/track/open_run.ts";
import { stopServer, trackingServer } from "../../lib/track/server.ts";

const root = await Deno.makeTempDir();
const { python } = await ensurePython();
const client = `
import sys, time, mlflow
mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_experiment("bench")
mlflow.config.enable_async_logging(sys.argv[2] == "async")
start, n = time.perf_counter(), 500
with mlflow.start_run():
    for i in range(n): mlflow.log_metric("loss", 1 / (i + 1), step=i)
    if sys.argv[2] == "async": mlflow.flush_async_logging()
print(n / (time.perf_counter() - start))`;
const best: Record<string, number> = { ours: 0, sync: 0, async: 0 };
let call = Infinity; // µs

const began = performance.now();
const { uri } = await trackingServer({ root, variables: {} });
console.log(`first start of the server ${((performance.now() - began) / 1000).toFixed(1)} s`);
try {
  for (let round = 0; round < 3; round++) {
    const [points, start] = [10_000, performance.now()];
    const run = await openRun({ root, variables: {}, name: "bench" });
    const opened = performance.now();
    for (let i = 0; i < points; i++) run.metrics({ loss: 1 / (i + 1) }, i);
    call = Math.min(call, 1000 * (performance.now() - opened) / points);
    await run[Symbol.asyncDispose]();
    best.ours = Math.max(best.ours, 1000 * points / (performance.now() - start));
    for (const way of ["sync", "async"]) {
      const { stdout } = await new Deno.Command(python, { args: ["-c", client, uri, way], stderr: "null" }).output();
      best[way] = Math.max(best[way], Number(new TextDecoder().decode(stdout).trim().split("\n").at(-1)));
    }
  }
} finally {
  await stopServer(root);
  await Deno.remove(root, { recursive: true });
}
console.log(`ours ${best.ours.toFixed(0)} points/s stored, ${call.toFixed(1)} µs a call`);
for (const way of ["sync", "async"]) {
  console.log(
    `MLflow's client, ${way}: ${best[way].toFixed(0)} points/s; ours is ${(best.ours / best[way]).toFixed(0)} ×`,
  );
}
