import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";

import type { Look } from "../../lib/agent/net.ts";
import { trunks } from "../../lib/agent/trunks.ts";
import { box, discrete, furthest, openSmall, samples, small, tiny } from "./engines.ts";

for (const trunk of Object.keys(trunks) as (keyof typeof trunks)[]) {
  for (const actions of [discrete, box]) {
    Deno.test(`after 100 updates the compiled ${trunk} with ${actions.kind} actions is the eager one`, async () => {
      await using compiled = await openSmall(actions, { trunk, engine: "onnx" });
      await using eager = await openSmall(actions, { trunk, engine: "tfjs", backend: "cpu" });
      assertEquals(compiled.save(), eager.save());
      for (let call = 0; call < 10; call++) {
        const { table, batches } = samples(actions, 10, tiny.batch_size, call);
        const [a, b] = [await compiled.learn(table, batches, 1e-3), await eager.learn(table, batches, 1e-3)];
        a.loss.forEach((loss, i) => assertAlmostEquals(loss, b.loss[i], 1e-4 * (1 + Math.abs(loss))));
        a.grad_norm.forEach((norm, i) => assertAlmostEquals(norm, b.grad_norm[i], 1e-3 * norm));
      }
      assertEquals(compiled.save().steps, 100);
      assert(furthest(compiled, eager) < 1e-4, `weights are ${furthest(compiled, eager)} apart`);
      const { table, batches } = samples(actions, 1, 7);
      const looks: Look[] = [];
      for (const net of [compiled, eager]) looks.push(await net.policy(table).look(batches.bars, batches.state, 3));
      for (const name of ["policy", "value"] as const) {
        looks[0][name].forEach((value, i) => assertAlmostEquals(value, looks[1][name][i], 1e-4));
      }
    });
  }
}

for (
  const [name, seen] of Object.entries({
    "no window": { window: 0, features: 0, stateSize: 4 },
    "no state": { ...small, stateSize: 0 },
  })
) {
  for (const trunk of Object.keys(trunks) as (keyof typeof trunks)[]) {
    Deno.test(`a compiled ${trunk} with ${name} is the eager one`, async () => {
      await using compiled = await openSmall(discrete, { trunk, engine: "onnx" }, seen);
      await using eager = await openSmall(discrete, { trunk, engine: "tfjs", backend: "cpu" }, seen);
      const { table, batches } = samples(discrete, 5, tiny.batch_size, 1, seen);
      for (const net of [compiled, eager]) await net.learn(table, batches, 1e-3);
      assert(furthest(compiled, eager) < 1e-4);
    });
  }
}

Deno.test("value clipping, another activation and a large first layer are the same on both engines", async () => {
  const options = { clip_range_vf: 0.1, activation: "relu", net_arch: [600, 4], clip_range: 0.01 } as const;
  const seen = { window: 20, features: 3, stateSize: 2 };
  await using compiled = await openSmall(discrete, { ...options, engine: "onnx" }, seen);
  await using eager = await openSmall(discrete, { ...options, engine: "tfjs", backend: "cpu" }, seen);
  const { table, batches } = samples(discrete, 5, tiny.batch_size, 1, seen);
  for (const net of [compiled, eager]) await net.learn(table, batches, 1e-3);
  assertEquals(compiled.save().weights.length, 2);
  assert(furthest(compiled, eager) < 1e-4);
});

for (const engine of ["onnx", "tfjs"] as const) {
  Deno.test(`a policy that moves too far stops the ${engine} engine before that step`, async () => {
    const [options, count] = [{ engine, ...(engine === "tfjs" && { backend: "cpu" }) }, 20];
    const { table, batches } = samples(discrete, count, tiny.batch_size);
    batches.logProbs.fill(-Math.log(3)); // as the new net has it
    await using net = await openSmall(discrete, { ...options, target_kl: 0.02 });
    const stats = await net.learn(table, batches, 0.05);
    const taken = stats.loss.length;
    assert(taken < count && stats.approx_kl[taken - 1] > 0.03);
    assert([...stats.approx_kl.subarray(0, taken - 1)].every((kl) => kl <= 0.03));
    assertEquals(net.save().steps, taken - 1);

    await using same = await openSmall(discrete, options);
    await same.learn(table, { ...batches, ...firstOf(batches, taken - 1) }, 0.05);
    assertEquals(same.save(), net.save());
  });

  Deno.test(`the ${engine} engine keeps its weights when a loss is not a number`, async () => {
    await using net = await openSmall(discrete, { engine, ...(engine === "tfjs" && { backend: "cpu" }) });
    const { table, batches } = samples(discrete, 3, tiny.batch_size);
    const before = net.save();
    batches.returns[20] = NaN;
    const stats = await net.learn(table, batches, 1e-3);
    assert(stats.loss.some(Number.isNaN));
    assertEquals(net.save(), before);
  });
}

Deno.test("bars looked at one by one, all together or out of order are worth the same", async () => {
  await using net = await openSmall(discrete, {});
  const { table } = samples(discrete, 1, 1);
  const bars = Int32Array.from({ length: 30 }, (_, i) => 4 + (i * 7) % 36);
  const state = new Float32Array(60);
  const policy = net.policy(table);
  const together = (await policy.look(bars, state, 5)).value.slice();
  for (const [i, bar] of bars.entries()) {
    const { value } = await net.policy(table).look(Int32Array.of(bar), new Float32Array(2), i % 3);
    assertAlmostEquals(value[0], together[i], 1e-6);
  }
});

Deno.test("what was encoded with old weights is not used with new ones", async () => {
  await using net = await openSmall(discrete, {});
  const { table, batches } = samples(discrete, 10, tiny.batch_size);
  const policy = net.policy(table);
  const [bars, state] = [Int32Array.of(4, 9), new Float32Array(4)];
  await policy.look(bars, state, 10);
  await net.learn(table, batches, 1e-2);
  const { value } = await policy.look(bars, state);
  assertEquals(value, (await net.policy(table).look(bars, state)).value);
});

Deno.test("a window that would reach out of the table is refused", async () => {
  await using net = await openSmall(discrete, {});
  const policy = net.policy(samples(discrete, 1, 1).table);
  for (const bar of [3, 40, -1]) {
    await assertRejects(() => policy.look(Int32Array.of(bar), new Float32Array(2)), RangeError, "needs one of 4..39");
  }
});

Deno.test("equal seeds give equal nets, different seeds different ones", async () => {
  const nets = await Promise.all([1, 1, 2].map((seed) => openSmall(discrete, { seed })));
  assertEquals(nets[0].save(), nets[1].save());
  assert(furthest(nets[0], nets[2]) > 0.01);
  for (const net of nets) await net[Symbol.asyncDispose]();
});

Deno.test("unknown engines, backends and trunks are refused by name", async () => {
  await assertRejects(() => openSmall(discrete, { engine: "onx" as never }), RangeError, 'nearest is "onnx"');
  await assertRejects(() => openSmall(discrete, { backend: "cude" }), RangeError, 'nearest is "cuda"');
  await assertRejects(() => openSmall(discrete, { trunk: "lstn" as never }), RangeError, 'nearest is "lstm"');
});

/** The first n minibatches, of which there is always one. */
function firstOf(batches: ReturnType<typeof samples>["batches"], n: number) {
  const size = tiny.batch_size;
  return {
    count: n,
    bars: batches.bars.subarray(0, n * size),
    state: batches.state.subarray(0, n * size * small.stateSize),
    raw: batches.raw.subarray(0, n * size),
    logProbs: batches.logProbs.subarray(0, n * size),
    advantages: batches.advantages.subarray(0, n * size),
    returns: batches.returns.subarray(0, n * size),
    values: batches.values.subarray(0, n * size),
  };
}
