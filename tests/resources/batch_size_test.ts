import { assert, assertEquals, assertRejects } from "@std/assert";
import { normal, rng } from "../../lib/base/random.ts";
import { findSizes, powersOfTwo, type Sizes } from "../../lib/resources/batch_size.ts";

const axes = { batch: powersOfTwo(64, 4096), rows: powersOfTwo(4, 256), threads: [1, 2, 4] };

/** A machine that is fastest at batch 1024, 64 rows and 2 threads. */
const speed = ({ batch, rows, threads }: Sizes) =>
  1e4 *
  Math.exp(-0.08 * Math.log2(batch / 1024) ** 2 - 0.05 * Math.log2(rows / 64) ** 2 - 0.2 * Math.log2(threads / 2) ** 2);

Deno.test("powers of two lie between their ends", () => {
  assertEquals(powersOfTwo(64, 512), [64, 128, 256, 512]);
  assertEquals(powersOfTwo(3, 17), [4, 8, 16]);
  assertEquals(powersOfTwo(5, 7), []);
});

Deno.test("without noise the fastest is found with a fraction of the measurements that all would take", async () => {
  let calls = 0;
  const { best, measured } = await findSizes(axes, (sizes) => (calls++, speed(sizes)), { gain: 0 });
  assertEquals(best.sizes, { batch: 1024, rows: 64, threads: 2 });
  assert(calls <= 60 && axes.batch.length * axes.rows.length * axes.threads.length === 147);
  assertEquals(measured[0].sizes, best.sizes);
  assert(measured.every(({ throughput }, i) => i === 0 || throughput <= measured[i - 1].throughput));
});

Deno.test("noise of a tenth costs little", async () => {
  for (let seed = 0; seed < 20; seed++) {
    const random = rng(seed);
    const { best } = await findSizes(axes, (sizes) => speed(sizes) * Math.exp(0.1 * normal(random)));
    assert(speed(best.sizes) > 0.8e4, `seed ${seed}: ${JSON.stringify(best.sizes)}`);
  }
});

Deno.test("of sizes that are as fast the smallest is taken", async () => {
  const flat = await findSizes({ batch: [64, 128, 256] }, () => 100);
  assertEquals(flat.best.sizes, { batch: 64 });
});

Deno.test("sizes that can't run count as nothing done", async () => {
  const { best } = await findSizes({ rows: [8, 16, 32, 64] }, ({ rows }) => rows > 16 ? 0 : rows, {
    start: { rows: 8 },
  });
  assertEquals(best.sizes, { rows: 16 });
});

Deno.test("a single setting is measured and taken", async () => {
  const { best } = await findSizes({ threads: [1] }, () => 5, { budget: 3 });
  assertEquals([best.sizes, best.throughput], [{ threads: 1 }, 5]);
});

Deno.test("what can't be searched is said", async () => {
  await assertRejects(
    () => findSizes({ batch: [64, 32] }, () => 1),
    RangeError,
    "batch as its values must rise: current value is 64, 32",
  );
  await assertRejects(() => findSizes({ batch: [] }, () => 1), RangeError);
  await assertRejects(
    () => findSizes({ batch: [32, 64] }, () => 1, { start: { batch: 48 } }),
    RangeError,
    "must be one of 32, 64",
  );
});
