import { assertEquals } from "@std/assert";
import { waitAtMost } from "../../lib/base/wait_at_most.ts";

Deno.test("what ends in time is waited for, whatever comes of it", async () => {
  for (const end of [Promise.resolve(1), Promise.reject(new Error("made to fail"))]) await waitAtMost(60_000, end);
});

Deno.test("what never ends is given up", async () => {
  await waitAtMost(20, new Promise(() => {}));
});

Deno.test("what came while a computation kept this thread busy is heard", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  using here = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  using there = await accepted;
  let heard = false;
  const reading = here.read(new Uint8Array(9)).then(() => heard = true);
  await there.write(Uint8Array.of(1));
  const waiting = waitAtMost(100, reading);
  for (const begun = performance.now(); performance.now() - begun < 200;);
  await waiting;
  assertEquals(heard, true);
  await reading;
});
