import { assert, assertEquals, assertRejects } from "@std/assert";
import { rng } from "../../lib/base/random.ts";
import { checkLeaks } from "../../lib/features/leaks.ts";
import { synthetic } from "../../lib/market/synthetic.ts";
import { interruptibleLeakCheck } from "../../lib/pipeline/leak_check.ts";

const candles = synthetic(600, rng(5));
const peek = ({ $close }: typeof candles) => ({
  names: ["peek"],
  values: $close.map((price, t) => $close[t + 1] ?? price),
});

Deno.test("a leak check that can be interrupted finds what the plain one finds", async () => {
  const [found, wanted] = [await interruptibleLeakCheck(candles, peek, {}), checkLeaks(candles, peek)];
  assertEquals([found.passed, found.leaks, found.tested], [false, wanted.leaks, wanted.tested]);
});

Deno.test("a signal that comes while nothing is awaited ends the check, and does not count as a refusal", async () => {
  const interrupt = new AbortController();
  setTimeout(() => interrupt.abort(new DOMException("Interrupted", "AbortError")), 0); // needs the event loop
  let runs = 0;
  const slow = (bars: typeof candles) => {
    runs++;
    const began = performance.now();
    while (performance.now() - began < 5); // computes
    return peek(bars);
  };
  const check = interruptibleLeakCheck(candles, slow, { signal: interrupt.signal });
  const error = await assertRejects(() => check, DOMException as never);
  assertEquals(error.name, "AbortError");
  assert(runs < 100, `${runs} runs went on`);
});
