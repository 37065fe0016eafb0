import { assertEquals } from "@std/assert";
import { normal, rng } from "../../../lib/base/random.ts";
import { settledOn } from "../../../lib/pipeline/monitor/measure.ts";

Deno.test("however noisy two rounds are, one measurement alone adds no worker that the medians do not", () => {
  const random = rng(1);
  const speeds = [1, 1.93, 1.98, 1.95];
  for (let i = 0; i < 200; i++) {
    // Noise that leaves the medians of two measurements where they are.
    const measured = speeds.flatMap((throughput, k) => {
      const noise = 0.2 * normal(random);
      return [-noise, noise].map((off) => ({ workers: k + 1, throughput: throughput + off }));
    });
    assertEquals(settledOn(measured, 4).workers, 2);
  }
});

Deno.test("workers are added as long as they pay, up to the most", () => {
  for (const cores of [1, 2, 3, 8]) {
    const measured = Array.from({ length: 8 }, (_, i) => Math.min(i + 1, cores)).flatMap((throughput, i) =>
      [1, 2, 3].map(() => ({ workers: i + 1, throughput }))
    );
    assertEquals(settledOn(measured, 8).workers, cores);
  }
});
