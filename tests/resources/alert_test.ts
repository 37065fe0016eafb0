import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { normal, rng } from "../../lib/base/random.ts";
import { throughputAlert } from "../../lib/resources/alert.ts";

/** What is told of a run whose speed is `of(second)`, a value every 5 s. */
function told(of: (second: number) => number, seconds = 1200, options = {}) {
  const watch = throughputAlert(options);
  const changes: [second: number, on: boolean, text: string][] = [];
  for (let second = 0; second < seconds; second += 5) {
    const change = watch(second, of(second));
    if (change) changes.push([second, change.on, change.text]);
  }
  return changes;
}

Deno.test("a fall below the run's own first minutes is told once, and its end too", () => {
  const changes = told((second) => second < 400 || second > 800 ? 1000 : 600);
  assertEquals(changes.map(([, on]) => on), [true, false]);
  assertStringIncludes(changes[0][2], "throughput fell by 40 %: 600 steps/s, and 1.00e+3");
  assertEquals(changes[0][0] >= 400 && changes[0][0] <= 430, true);
  assertEquals(changes[1][0] > 800 && changes[1][0] <= 830, true);
});

Deno.test("noise, a slow start, single stops and a slow that is less than the share tell nothing", () => {
  const random = rng(1);
  assertEquals(told(() => 1000 * Math.exp(0.15 * normal(random))), []);
  assertEquals(told((second) => second < 20 ? 10 : 1000), []);
  assertEquals(told((second) => second % 100 === 0 ? 1 : 1000), []);
  assertEquals(told((second) => second < 400 ? 1000 : 750), []);
  assertEquals(told(() => NaN), []);
});

Deno.test("at the edge it does not flicker", () => {
  const random = rng(2);
  const changes = told((second) => (second < 300 ? 1000 : 700) * Math.exp(0.05 * normal(random)), 6000);
  assertEquals(changes.length <= 1, true);
});

Deno.test("a share that makes no sense is refused", () => {
  assertThrows(() => throughputAlert({ share: 1 }), RangeError, "share must be between 0 and 1");
});
