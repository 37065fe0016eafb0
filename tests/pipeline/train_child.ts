/** A training that is killed from outside before its fortieth update ends: settings as JSON, and the folder of its checkpoints. */
import { trainStage } from "../../lib/pipeline/train.ts";

const [config, checkpoints] = Deno.args;
let updates = 0;
const progress = (label: string) => ({
  update() {
    if (!label.startsWith("Training") || ++updates < 40) return;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600_000); // for who is slow to kill
  },
  [Symbol.dispose]() {},
});
await trainStage(JSON.parse(config), { progress }, { checkpoints });
