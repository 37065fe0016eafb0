import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { backends, openTf } from "../../lib/agent/tfjs.ts";
import { discrete, furthest, openSmall, samples, tiny } from "./engines.ts";

Deno.test("the best backend present is chosen, and said in one line with what better ones lack", async () => {
  const { backend, about } = await openTf();
  assertMatch(about, new RegExp(`^TensorFlow.js 4[.]22[.]0 on ${backend}`));
  for (const better of backends.slice(0, backends.indexOf(backend))) assert(about.includes(`no ${better}: `), about);
  assert(!about.includes("\n"));
});

Deno.test("a backend that is not here says what is missing", async () => {
  const present = await openTf("node-gpu").then(() => true, (error) => {
    assertMatch(error.message, /^Cannot run TensorFlow.js on node-gpu: /);
    assertMatch(error.message, /tfjs-node-gpu is not installed|does not start|addon|\.node/);
    return false;
  });
  if (present) assertEquals((await openTf("node-gpu")).backend, "node-gpu");
  await assertRejects(() => openTf("wsam"), RangeError, 'nearest is "wasm"');
});

for (const trunk of ["mlp", "lstm", "transformer"] as const) {
  Deno.test(`a ${trunk} learns on wasm what it learns compiled`, async () => {
    await using compiled = await openSmall(discrete, { trunk });
    await using eager = await openSmall(discrete, { trunk, engine: "tfjs", backend: "wasm" });
    assertEquals(eager.about, "TensorFlow.js 4.22.0 on wasm");
    const { table, batches } = samples(discrete, 4, tiny.batch_size);
    for (const net of [compiled, eager]) await net.learn(table, batches, 1e-3);
    assert(furthest(compiled, eager) < 1e-4, `${furthest(compiled, eager)}`);
  });
}

Deno.test("two nets on different backends do not get in each other's way", async () => {
  await using one = await openSmall(discrete, { engine: "tfjs", backend: "wasm" });
  await using two = await openSmall(discrete, { engine: "tfjs", backend: "cpu" });
  const { table, batches } = samples(discrete, 2, tiny.batch_size);
  for (let i = 0; i < 2; i++) for (const net of [one, two]) await net.learn(table, batches, 1e-3);
  assert(furthest(one, two) < 1e-5);
  const looks = [one, two].map((net) => net.policy(table).look(batches.bars.slice(0, 3), batches.state.slice(0, 6)));
  const [a, b] = await Promise.all(looks);
  assert(a.value.every((value, i) => Math.abs(value - b.value[i]) < 1e-5));
});

Deno.test("what a net saves is not changed by what it learns later", async () => {
  for (const options of [{}, { engine: "tfjs", backend: "cpu" }] as const) {
    await using net = await openSmall(discrete, options);
    const { table, batches } = samples(discrete, 2, tiny.batch_size);
    const before = net.save();
    const copy = structuredClone(before);
    await net.learn(table, batches, 1e-2);
    assertEquals(before, copy);
    net.load(before);
    await net.learn(table, batches, 1e-2);
    assertEquals(before, copy);
    assertEquals(net.save().steps, 2);
  }
});
