import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { box, openSmall, samples, tiny } from "./engines.ts";

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
