import { assert, assertEquals } from "@std/assert";
import { latency, latencyText } from "../../lib/live/latency.ts";
import { rng } from "../../lib/base/random.ts";

Deno.test("quantiles are within a sixteenth of the exact ones, from microseconds to minutes", () => {
  const random = rng(1);
  const values = Float64Array.from({ length: 20_000 }, () => 10 ** (8 * random() - 3)); // 1 µs to 100 s
  const times = latency();
  values.forEach((ms) => times.add(ms));
  values.sort();
  for (const q of [0.01, 0.5, 0.9, 0.99, 0.999]) {
    const exact = values[Math.ceil(q * values.length) - 1];
    assert(Math.abs(times.quantile(q) / exact - 1) <= 1 / 16 + 1e-9, `${q}: ${times.quantile(q)} and ${exact}`);
  }
  assertEquals([times.quantile(1), times.count], [values[values.length - 1], values.length]);
  assertEquals(times.buckets.reduce((sum, [, n]) => sum + n, 0), values.length);
});

Deno.test("what is out of range, nothing and one value have quantiles too", () => {
  const times = latency();
  assertEquals([times.quantile(0.5), times.max, latencyText(times)], [NaN, 0, "no decisions yet"]);
  times.add(3);
  assertEquals([times.quantile(0), times.quantile(0.5), times.quantile(1)], [3, 3, 3]);
  assertEquals(latencyText(times), "p50 3 ms, p99 3 ms, longest 3 ms");
  for (const odd of [0, -1, 1e-9, 1e12]) times.add(odd);
  assertEquals([times.count, times.max], [5, 1e12]);
});
