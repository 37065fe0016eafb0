/** A worker of the pool's tests: does what its job says. */
import type { Json } from "../../lib/base/json.ts";
import { serveJobs } from "../../lib/resources/worker.ts";

type Job = { readonly do: string; readonly [key: string]: Json };

await serveJobs(async (given, talk) => {
  const { tell, ask } = talk;
  const job = given as Job;
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  switch (job.do) {
    case "echo":
      return job.value;
    case "pid":
      return Deno.pid;
    case "env":
      return Deno.env.get("WHICH") ?? null;
    case "wait":
      await wait(job.ms as number);
      return Deno.pid;
    case "tell":
      for (let i = 0; i < (job.times as number); i++) tell({ i });
      return null;
    case "ask": {
      const heard: Json[] = [];
      for (let i = 0; i < (job.times as number); i++) heard.push(await ask({ i }));
      return heard;
    }
    case "gate":
      await ask({});
      return Deno.pid;
    case "print":
      console.log("a line of a library");
      return null;
    case "garbage":
      Deno.stdout.writeSync(new TextEncoder().encode(`${job.line}\n`));
      await wait(60_000);
      return null;
    case "garbage later":
      setTimeout(() => Deno.stdout.writeSync(new TextEncoder().encode("too late\n")), 20);
      return Deno.pid;
    case "fail":
      console.error("words before it failed");
      throw new RangeError(job.why as string);
    case "die":
      console.error("words before it died");
      Deno.kill(Deno.pid, "SIGKILL");
      await wait(60_000);
      return null;
    case "die once": { // leaves a mark, as a trial leaves a checkpoint
      const before = await Deno.readTextFile(job.mark as string).catch(() => "");
      await Deno.writeTextFile(job.mark as string, `${before}${Deno.pid} `);
      if (before === "") Deno.kill(Deno.pid, "SIGKILL");
      await wait(before === "" ? 60_000 : 0);
      return before.trim();
    }
    case "exit":
      Deno.exit(job.code as number);
      break;
    case "grow": {
      const kept: Uint8Array[] = [];
      for (;;) {
        kept.push(new Uint8Array(8 * 2 ** 20).fill(1));
        await wait(5);
      }
    }
    case "spin": // hears nothing, not even the end of its input
      tell({ pid: Deno.pid });
      for (;;) if (performance.now() < 0) return null;
    case "tidy":
      tell({ pid: Deno.pid });
      await new Promise((resolve) => talk.signal.addEventListener("abort", resolve));
      await Deno.writeTextFile(job.mark as string, "kept");
      return null;
  }
  throw new TypeError(`unknown ${job.do}`);
});
