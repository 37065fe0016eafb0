import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { box, discrete, furthest, openSmall, samples, tiny } from "./engines.ts";

Deno.test("the eager engine leaves no tensor behind, whether it learns, looks, stops early, fails or loads", async () => {
  const { table, batches } = samples(box, 4, tiny.batch_size);
  const eager = { engine: "tfjs", backend: "cpu", target_kl: 0.01 } as const;
  await openSmall(box, eager).then((net) => net[Symbol.asyncDispose]()); // what the library keeps for itself
  const before = tf.memory().numTensors;
  {
    await using net = await openSmall(box, eager);
    const open = tf.memory().numTensors;
    await net.learn(table, batches, 1e-3);
    await net.learn(table, { ...batches, returns: batches.returns.map(() => NaN) }, 1e-3);
    await net.policy(table).look(batches.bars, batches.state);
    net.load(net.save());
    assertEquals(tf.memory().numTensors, open);
  }
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("nets on two backends work side by side and agree", async () => {
  await using one = await openSmall(discrete, { engine: "tfjs", backend: "cpu" });
  await using two = await openSmall(discrete, { engine: "tfjs", backend: "wasm" });
  const { table, batches } = samples(discrete, 2, tiny.batch_size);
  for (let call = 0; call < 3; call++) {
    for (const net of [one, two]) await net.learn(table, batches, 1e-3);
  }
  const saved = [one, two].map((net) => net.save());
  two.load(saved[0]); // while the other's backend may be the current one
  await one.policy(table).look(batches.bars, batches.state);
  two.load(saved[1]);
  await two.learn(table, batches, 1e-3);
  await one.learn(table, batches, 1e-3);
  assert(one.about.includes("on cpu") && two.about.includes("on wasm"), `${one.about}, ${two.about}`);
  assert(furthest(one, two) < 1e-4, String(furthest(one, two)));
});
