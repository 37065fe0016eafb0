import { assert, assertEquals, assertRejects } from "@std/assert";
import { pause, retrying } from "../../lib/data/retry.ts";

const temporary = () => 0;
const failing = (times: number) => {
  let calls = 0;
  return () => (++calls <= times ? Promise.reject(new Error(`failure ${calls}`)) : Promise.resolve(calls));
};

Deno.test("work that fails for a while succeeds, and waits grow", async () => {
  const waits: number[] = [];
  const onRetry = (_: unknown, __: number, wait: number) => waits.push(wait);
  assertEquals(await retrying(failing(3), { firstWait: 2, temporary, onRetry }), 4);
  assertEquals(waits.length, 3);
  for (const [i, wait] of waits.entries()) assert(wait >= 2 ** i && wait <= 2 ** (i + 1), `wait ${i} is ${wait}`);
});

Deno.test("after the last retry the last error is thrown", async () => {
  await assertRejects(() => retrying(failing(9), { retries: 2, firstWait: 1, temporary }), Error, "failure 3");
});

Deno.test("an error that won't pass is thrown at once", async () => {
  await assertRejects(() => retrying(failing(9), { firstWait: 1, temporary: () => undefined }), Error, "failure 1");
});

Deno.test("the wait the server asks for is kept", async () => {
  const waits: number[] = [];
  await retrying(failing(1), { firstWait: 1, temporary: () => 30, onRetry: (_, __, wait) => waits.push(wait) });
  assertEquals(waits, [30]);
});

Deno.test("a signal ends a wait with its reason", async () => {
  const stop = new AbortController();
  const waiting = retrying(failing(9), { firstWait: 60_000, signal: stop.signal, temporary });
  setTimeout(() => stop.abort(new Error("stopped by hand")), 5);
  await assertRejects(() => waiting, Error, "stopped by hand");
  await assertRejects(() => pause(60_000, AbortSignal.abort(new Error("before it began"))), Error, "before it began");
});
