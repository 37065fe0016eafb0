import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import type { Json } from "../../lib/base/json.ts";
import { rng } from "../../lib/base/random.ts";
import { Secret } from "../../lib/base/secret.ts";
import { openPool } from "../../lib/resources/pool.ts";
import { alive, poolOf, until, workerCommand } from "./pool_of.ts";

const pidOf = (message: Json) => (message as { pid: number }).pid;

Deno.test("jobs come back with what their workers made of them, whatever they are", async () => {
  await using pool = poolOf(2);
  const values: Json[] = [1, 'π \u2028 \n " line', null, { deep: [{}, []] }, "x".repeat(300_000)];
  assertEquals(await Promise.all(values.map((value) => pool.run({ do: "echo", value }))), values);
  assertEquals(pool.workers.map(({ busy }) => busy), [false, false]);
  assertEquals(pool.workers.reduce((sum, { jobs }) => sum + jobs, 0), values.length);
});

Deno.test("a job can tell and ask, and its messages are heard in order", async () => {
  await using pool = poolOf(1);
  const heard: number[] = [];
  await pool.run({ do: "tell", times: 200 }, {
    onMessage: async (message) => {
      await new Promise((resolve) => setTimeout(resolve, 0));
      heard.push((message as { i: number }).i);
    },
  });
  assertEquals(heard, Array.from({ length: 200 }, (_, i) => i));
  const answers = await pool.run({ do: "ask", times: 3 }, {
    onMessage: (message) => ({ double: 2 * (message as { i: number }).i }),
  });
  assertEquals(answers, [{ double: 0 }, { double: 2 }, { double: 4 }]);
});

Deno.test("a worker has its own variables", async () => {
  await using pool = poolOf(2, { env: (worker) => ({ WHICH: `gpu ${worker}` }) });
  const said = await Promise.all([0, 1].map(() => pool.run({ do: "env" })));
  assertEquals(said.toSorted(), ["gpu 0", "gpu 1"]);
});

Deno.test("what a job fails with is told with the end of its standard error, without secrets, and the worker goes on", async () => {
  new Secret("hunter2-hunter2");
  await using pool = poolOf(1);
  const pid = await pool.run({ do: "pid" });
  const error = await assertRejects(() => pool.run({ do: "fail", why: "no such fold, hunter2-hunter2" }), Error);
  assertStringIncludes(error.message, "Worker 0 could not do its job: no such fold, ***");
  assertStringIncludes(error.message, "  words before it failed");
  assert(!error.message.includes("hunter2"));
  assertEquals(await pool.run({ do: "pid" }), pid);
});

Deno.test("a library that prints does not disturb the messages", async () => {
  await using pool = poolOf(1);
  assertEquals(await pool.run({ do: "print" }), null);
});

Deno.test("a worker that writes something else than messages is shown and replaced", async () => {
  await using pool = poolOf(1);
  const pid = await pool.run({ do: "pid" });
  for (
    const [line, shown] of [["Loading model…", '"Loading model…"'], ["[1]", '"[1]"'], ["{", '"{"'], [
      "\0\u001b[31m",
      "\\u001b[31m",
    ]]
  ) {
    const error = await assertRejects(() => pool.run({ do: "garbage", line }), SyntaxError);
    assertStringIncludes(error.message, "a line of its standard output must be a JSON object: current value is");
    assertStringIncludes(error.message, shown);
  }
  assert(await pool.run({ do: "pid" }) !== pid);
});

Deno.test("a worker that speaks without a job is replaced before it gets one", async () => {
  await using pool = poolOf(1);
  const pid = await pool.run({ do: "garbage later" });
  await until(() => pool.workers[0].deaths === 1);
  assert(await pool.run({ do: "pid" }) !== pid);
});

Deno.test("a crash costs the crashed job alone, and its worker is started again", async () => {
  await using pool = poolOf(2);
  const waiting = pool.run({ do: "wait", ms: 400 });
  const error = await assertRejects(
    () => pool.run({ do: "die" }),
    Error,
    "Cannot finish the job as worker 1 was ended by SIGKILL",
  );
  assertStringIncludes(error.message, "  words before it died");
  assertEquals(typeof await waiting, "number");
  assertEquals(pool.workers.map(({ deaths }) => deaths), [0, 1]);
  await Promise.all([pool.run({ do: "wait", ms: 50 }), pool.run({ do: "wait", ms: 50 })]);
});

Deno.test("a job whose worker died is handed out again, as often as is said", async () => {
  await using pool = poolOf(1);
  const mark = await Deno.makeTempFile();
  try {
    const first = await pool.run({ do: "die once", mark }, { retries: 1 });
    assertEquals((await Deno.readTextFile(mark)).split(" ")[0], first);
    await assertRejects(() => pool.run({ do: "die" }, { retries: 2 }), Error, "the last of 3 that were given it");
    assertEquals(pool.workers[0].deaths, 4);
  } finally {
    await Deno.remove(mark);
  }
});

Deno.test("whichever workers are killed, and whenever, every job comes back once, with its own result", async () => {
  await using pool = poolOf(3, { queue: 2 });
  const random = rng(1);
  let left = 12; // kills
  const killing = setInterval(() => {
    const running = pool.workers.filter(({ pid }) => pid > 0);
    if (left-- <= 0 || running.length === 0) return clearInterval(killing);
    const { pid } = running[Math.floor(random() * running.length)];
    if (alive(pid)) Deno.kill(pid, "SIGKILL");
  }, 60);
  const values = Array.from({ length: 40 }, (_, i) => i);
  const results = await Promise.all(values.map(async (value) => {
    await pool.run({ do: "wait", ms: 20 }, { retries: 12 });
    return await pool.run({ do: "echo", value }, { retries: 12 });
  }));
  clearInterval(killing);
  assertEquals(results, values);
});

Deno.test("a worker that ends without a result has died", async () => {
  await using pool = poolOf(1);
  for (const code of [0, 7]) {
    await assertRejects(() => pool.run({ do: "exit", code }), Error, `worker 0 ended with code ${code}`);
  }
});

Deno.test("a job over its time is ended and says so, even one that hears nothing", async () => {
  await using pool = poolOf(2, { grace: 200 });
  const pid = await pool.run({ do: "pid" });
  for (const job of [{ do: "wait", ms: 60_000 }, { do: "spin" }]) {
    await assertRejects(
      () => pool.run(job, { seconds: 0.3 }),
      RangeError,
      "as it may take 0.3 s and went on for longer",
    );
  }
  assert(!alive(pid as number));
});

Deno.test("a job over its memory is ended and says so", async () => {
  await using pool = poolOf(1);
  await assertRejects(
    () => pool.run({ do: "grow" }, { bytes: 250 * 2 ** 20 }),
    RangeError,
    "as it may take 250 MiB of memory and took",
  );
  assertEquals(await pool.run({ do: "echo", value: 1 }, { bytes: 2 ** 33 }), 1);
});

Deno.test("a signal ends a running job after it could tidy up, and forgets one that waits", async () => {
  await using pool = poolOf(1, { queue: 1, grace: 60_000 });
  const mark = await Deno.makeTempFile();
  try {
    const stop = new AbortController();
    let pid = 0;
    const running = pool.run({ do: "tidy", mark }, {
      signal: stop.signal,
      onMessage: (message) => {
        pid = pidOf(message);
        stop.abort();
      },
    });
    const queued = pool.run({ do: "pid" }, { signal: stop.signal });
    const atDoor = pool.run({ do: "pid" }, { signal: stop.signal });
    const last = pool.run({ do: "echo", value: "still works" });
    const ends = await Promise.allSettled([running, queued, atDoor]);
    assertEquals(ends.map((end) => end.status === "rejected" && end.reason.name), Array(3).fill("AbortError"));
    assert(!alive(pid));
    assertEquals(await Deno.readTextFile(mark), "kept");
    assertEquals(await last, "still works");
    await assertRejects(() => pool.run({ do: "pid" }, { signal: stop.signal }), DOMException);
  } finally {
    await Deno.remove(mark);
  }
});

Deno.test("no more jobs begin or wait than there is room for", async () => {
  await using pool = poolOf(2, { queue: 1 });
  let given = 0;
  let [doing, most] = [0, 0];
  const feed = async () => {
    for (let i = 0; i < 8; i++) {
      await pool.room();
      given++;
      most = Math.max(most, ++doing);
      void pool.run({ do: "wait", ms: 30 }).then(() => doing--);
    }
  };
  const fed = feed();
  await until(() => given >= 3);
  assertEquals(given, 3);
  await fed;
  assertEquals(most, 3);
  await until(() => doing === 0);
});

Deno.test("jobs that had to wait at the door come in one after the other, in their order", async () => {
  await using pool = poolOf(1);
  const order: number[] = [];
  await Promise.all(
    [0, 1, 2, 3, 4].map((i) => pool.run({ do: "echo", value: i }).then((value) => order.push(value as number))),
  );
  assertEquals(order, [0, 1, 2, 3, 4]);
});

Deno.test("a pool grows at once and shrinks when those that are busy are done", async () => {
  await using pool = poolOf(1);
  const gates = Array.from({ length: 3 }, () => Promise.withResolvers<Json>());
  const gated = ({ promise }: typeof gates[number]) => pool.run({ do: "gate" }, { onMessage: () => promise });
  const first = gated(gates[0]);
  pool.resize(3);
  assertEquals(pool.workers.map(({ worker, busy }) => [worker, busy]), [[0, true], [1, false], [2, false]]);
  const others = [gated(gates[1]), gated(gates[2])];
  pool.resize(1);
  assertEquals(pool.workers.map(({ worker }) => worker), [0, 1, 2]); // all are busy
  gates[2].resolve(null);
  await others[1];
  assertEquals(pool.workers.map(({ worker }) => worker), [0, 1]);
  gates[1].resolve(null);
  await others[0];
  gates[0].resolve(null);
  const pids = await Promise.all([first, ...others]);
  assertEquals(new Set(pids).size, 3);
  assertEquals(pool.workers.map(({ worker, busy }) => [worker, busy]), [[0, false]]);
  pool.resize(2);
  assertEquals(pool.workers.map(({ worker }) => worker), [0, 1]);
  assertThrows(() => pool.resize(0), RangeError, "workers must be a whole number of at least 1: current value is 0");
});

Deno.test("workers are seen with what they use", async () => {
  await using pool = poolOf(1);
  await pool.run({ do: "pid" });
  const [{ rss, cpu, pid }] = pool.workers;
  assert(rss > 20e6 && rss < 1e9, `${rss}`);
  assert(cpu > 0 && cpu < 20, `${cpu}`);
  assert(alive(pid));
});

Deno.test("closing ends every worker and fails what was not done", async () => {
  const pool = poolOf(2, { queue: 1, grace: 200 });
  const jobs = [0, 1, 2, 3].map(() => pool.run({ do: "wait", ms: 60_000 }));
  const ends = Promise.allSettled(jobs);
  const pids = pool.workers.map(({ pid }) => pid);
  await pool[Symbol.asyncDispose]();
  assertEquals((await ends).map((end) => end.status === "rejected" && end.reason.name), Array(4).fill("AbortError"));
  assert(pids.every((pid) => !alive(pid)));
  await assertRejects(() => pool.run({ do: "pid" }), DOMException, "pool was closed");
});

Deno.test("no worker outlives a parent that was killed, not even one that hears nothing", async () => {
  const parent = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", "--no-check", new URL("pool_parent.ts", import.meta.url).pathname],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let text = "";
  const reader = parent.stdout.getReader();
  while (!text.includes("\n")) text += new TextDecoder().decode((await reader.read()).value);
  const pids: number[] = [...new Set<number>(JSON.parse(text))];
  assertEquals(pids.length, 3); // one spins, one waits, one is idle
  assert(pids.every(alive));
  parent.kill("SIGKILL");
  await parent.status;
  await reader.cancel();
  await until(() => !pids.some(alive));
  assertEquals(pids.filter(alive), []);
});

Deno.test("what can't work is said at once", async () => {
  assertThrows(() => openPool({ ...workerCommand, workers: 0 }), RangeError, "workers must be a whole number");
  assertThrows(() => poolOf(1, { queue: -1 }), RangeError, "queue must be a whole number of at least 0");
  assertThrows(() => openPool({ command: "no-such-program", args: [], workers: 1 }), Deno.errors.NotFound);
  await using pool = poolOf(1);
  await assertRejects(() => pool.run({ do: "pid" }, { seconds: 0 }), RangeError, "seconds must be above 0");
  await assertRejects(() => pool.run({ do: "pid" }, { retries: -1 }), RangeError, "retries must be");
});

Deno.test("a program that is no worker is told with what it wrote", async () => {
  await using pool = openPool({
    command: Deno.execPath(),
    args: ["eval", "throw new Error('module not found')"],
    workers: 1,
  });
  const error = await assertRejects(() => pool.run(1), Error, "worker 0 ended with code 1");
  assertStringIncludes(error.message, "module not found");
});
