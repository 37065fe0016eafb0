import { join } from "node:path";
import { writeAtomic } from "../base/files.ts";
import { type StoredColumns, writeColumns } from "../data/frames.ts";

/** Where a notebook that runs as a report leaves what belongs to its MLflow run; not set when a person runs it. */
export const ARTIFACTS = "REPORT_ARTIFACTS_DIR";

/**
 * Keeps a result of a notebook beside its MLflow run: columns as parquet, anything else as JSON. Does nothing when the
 * notebook is run by hand, where there is no run.
 *
 * @param name the artifact's name: `"equity.parquet"`, `"comparison.json"`
 */
export async function keep(name: string, content: StoredColumns | object): Promise<void> {
  const folder = Deno.env.get(ARTIFACTS);
  if (!folder) return;
  if (!/^[\w.-]+$/.test(name)) {
    throw new RangeError(`Cannot keep "${name}" as the name must be letters, digits, dots, dashes: equity.parquet`);
  }
  if (name.endsWith(".parquet")) await writeColumns(join(folder, name), content as StoredColumns);
  else await writeAtomic(join(folder, name), JSON.stringify(content, null, 2) + "\n");
}
