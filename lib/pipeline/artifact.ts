import { join } from "node:path";
import { type StoredColumns, writeColumns } from "../data/frames.ts";

/** Columns as the bytes of a parquet file, for a run's artifact. */
export async function columnsBytes(columns: StoredColumns): Promise<Uint8Array> {
  const folder = await Deno.makeTempDir({ prefix: "candelabra-" });
  try {
    const path = join(folder, "columns.parquet");
    await writeColumns(path, columns);
    return await Deno.readFile(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
