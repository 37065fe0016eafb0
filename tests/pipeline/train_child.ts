/** A training that is killed from outside: settings as JSON, and the folder of its checkpoints. */
import { trainStage } from "../../lib/pipeline/train.ts";

const [config, checkpoints] = Deno.args;
await trainStage(JSON.parse(config), {}, { checkpoints });
