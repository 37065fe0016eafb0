import { connection } from "./connection.ts";
import { ownTags } from "./send.ts";
import { logBatch } from "./runs.ts";
import type { ServerOptions } from "./server.ts";

/**
 * Puts runs that ended below another run: trials of a sweep that was interrupted below the run that goes on with it.
 *
 * @throws {Error} if the tracker is out of reach or refuses
 */
export async function adoptRuns(ids: readonly string[], parent: string, options: ServerOptions = {}): Promise<void> {
  const server = await connection(options).get();
  for (const id of ids) await logBatch(server, id, { tags: { [ownTags.parent]: parent } });
}
