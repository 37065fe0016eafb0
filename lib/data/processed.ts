import { exists, writeAtomic } from "../base/files.ts";
import { hashOf } from "../base/hash.ts";
import { log } from "../base/log.ts";
import { projectPath } from "../base/project.ts";
import { type Candles, hashCandles } from "../market/candles.ts";
import { clean, type Cleaned } from "./clean.ts";
import { type CleaningReport, cleaningReport, type GapPolicy } from "./cleaning_report.ts";
import { readCandles, writeCandles } from "./frames.ts";

/** Raised when `clean` gives other bars for the same raw ones: kept results are then made anew. */
const version = "clean-1";

/** How to clean, and what the result is kept as. */
export interface StoreOptions {
  readonly gaps: GapPolicy;
  readonly notes: readonly string[];
  readonly folder: string; // holds processed/, relative to the project
  readonly label: string; // what the files are named after
}

/**
 * `clean(raw)`, kept under `folder`/processed as parquet with its report beside it, by the hash of raw bars, policy and
 * version. What can't be kept is said and does not stop the work: the candles are the same.
 */
export async function cleanThroughStore(raw: Candles, { gaps, notes, folder, label }: StoreOptions): Promise<Cleaned> {
  const hash = hashOf(hashCandles(raw), gaps, version).slice(0, 16);
  const stem = `${label}_${raw.symbol}_${raw.step / 1000}s_${gaps}`.replace(/[^\w.-]+/g, "-");
  const path = (name: string) => projectPath(folder, "processed", name);
  const file = path(`${stem}_${hash}.parquet`);
  const reportFile = path(`${stem}_${hash}.json`);
  const kept = await read(file, reportFile, raw, notes);
  if (kept) return kept;
  const cleaned = clean(raw, { gaps, notes });
  try {
    await writeCandles(file, cleaned.candles);
    await writeAtomic(reportFile, JSON.stringify(cleaned.report));
    await removeOlder(path("."), stem, hash);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const why = error.message.split("\n")[0].replaceAll(projectPath(), ".");
    log("warn", `cleaned candles of ${label} can't be kept and will be cleaned again next time: ${why}`);
  }
  return cleaned;
}

async function read(
  file: string,
  reportFile: string,
  raw: Candles,
  notes: readonly string[],
): Promise<Cleaned | undefined> {
  if (!(await exists(file)) || !(await exists(reportFile))) return undefined;
  try {
    const candles = await readCandles(file, raw);
    const report = JSON.parse(await Deno.readTextFile(reportFile)) as CleaningReport;
    return { candles, report: cleaningReport({ ...report, notes }) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined; // another process just replaced it
    if (!(error instanceof SyntaxError)) throw error;
    log("warn", `kept candles are damaged and are made anew: ${error.message}`);
  }
}

/** Results of earlier raw bars of the same name. */
async function removeOlder(folder: string, stem: string, hash: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    const [start, end] = [name.slice(0, stem.length + 1), name.slice(stem.length + 1)];
    if (start !== `${stem}_` || end.startsWith(hash) || !/^[0-9a-f]{16}\.(parquet|json)$/.test(end)) continue;
    await Deno.remove(`${folder}/${name}`).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
}
