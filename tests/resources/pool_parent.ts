/** Opens a pool, gives it jobs that never end, says the workers' process ids and waits to be killed. */
import type { Json } from "../../lib/base/json.ts";
import { openPool } from "../../lib/resources/pool.ts";
import { workerCommand } from "./pool_of.ts";

const pool = openPool({ ...workerCommand, workers: 3 });
const pids: Json[] = [];
const onMessage = (message: Json) => {
  pids.push((message as { pid: number }).pid);
  if (pids.length === 2) console.log(JSON.stringify([...pids, ...pool.workers.map(({ pid }) => pid)]));
};
await Promise.all([pool.run({ do: "spin" }, { onMessage }), pool.run({ do: "tidy", mark: "" }, { onMessage })]);
