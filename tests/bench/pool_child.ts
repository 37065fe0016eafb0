/** The worker that `pool.ts` measures: in a process through the pool, in a Web Worker by messages. */
import type { Json } from "../../lib/base/json.ts";

type Job = { readonly do?: string; readonly load?: string; readonly [key: string]: Json };
type Ask = (message: { readonly [key: string]: Json }) => Promise<Json>;

const held: unknown[] = [];

async function work(job: Job, ask: Ask): Promise<Json> {
  if (job.load === "native") await Promise.all([import("onnxruntime-node"), import("nodejs-polars")]);
  if (job.load === "library") await import("../../lib/mod.ts");
  const until = performance.now() + Number(job.ms ?? 0);
  switch (job.do) {
    case "echo":
      return job.value;
    case "fault":
      return new Deno.UnsafePointerView(Deno.UnsafePointer.create(8n)!).getInt32();
    case "spin":
      for (;;) if (job.ms && performance.now() > until) return null;
    case "hold": { // memory of the C library, as native packages take it
      const libc = Deno.dlopen("libc.so.6", {
        malloc: { parameters: ["usize"], result: "pointer" },
        memset: { parameters: ["pointer", "i32", "usize"], result: "pointer" },
      });
      const bytes = BigInt(Number(job.megabytes) * 2 ** 20);
      held.push(libc.symbols.memset(libc.symbols.malloc(bytes), 1, bytes));
      return null;
    }
    case "work": { // says how long it took without its talk
      const begun = performance.now();
      let talking = 0;
      for (let next = begun; performance.now() < until;) {
        if (performance.now() < next) continue;
        const at = performance.now();
        await ask({ step: at });
        talking += performance.now() - at;
        next += Number(job.every);
      }
      return performance.now() - begun - talking;
    }
  }
  return null;
}

if (Deno.env.has("CANDELABRA_POOL")) {
  const { serveJobs } = await import("../../lib/resources/worker.ts");
  await serveJobs((job, { ask }) => work(job as Job, ask));
} else {
  const scope = self as unknown as Worker;
  scope.onmessage = async ({ data }) => scope.postMessage(await work(data, () => Promise.resolve(null)));
}
