import { join } from "node:path";
import { projectPath } from "../base/project.ts";
import { exists, withLock, writeAtomic } from "../base/files.ts";
import { canonicalJson, hashOf } from "../base/hash.ts";
import { log } from "../base/log.ts";
import { type Candles, hashCandles } from "../market/candles.ts";
import { readColumns, writeColumns } from "../data/frames.ts";
import { buildFeatures, type Features } from "./build.ts";
import { columnOf } from "./matrix.ts";
import { formatSpec, parseSpec } from "./spec.ts";

/** Features and where they came from. */
export interface StoredFeatures {
  readonly matrix: Features;
  /** SHA-256 of the canonical specs, the times and every value: equal hashes, equal features, to the last bit. */
  readonly hash: string;
  /** SHA-256 of what they are made of: candles, canonical specs and the code that computes them. The file's name. */
  readonly key: string;
  /** Whether they were read and not computed. */
  readonly cached: boolean;
  /** What went wrong with the file, if anything: it was damaged, or could not be written. Also logged as a warning. */
  readonly note?: string;
}

/** A folder of features that were computed before. */
export interface FeatureStore {
  readonly folder: string;
  /**
   * The features of candles: read when they were computed before from the same candles, specs and code, else computed
   * and kept. A damaged file is told of and computed anew. Several processes may ask at once: one computes.
   * When the folder cannot be written to, a warning says so and the features are returned all the same.
   *
   * @throws as `buildFeatures`
   */
  load(candles: Candles, specs: readonly string[]): Promise<StoredFeatures>;
}

/** What a parquet file cannot say of itself; written last, so a pair is complete when it is there. */
interface Sidecar {
  readonly hash: string;
  readonly specs: readonly string[];
  readonly warmup: number;
  readonly guarded: readonly number[]; // [F]
}

/** Opens the store in `folder` (the project's `data/features` unless given), which is made when first needed. */
export function featureStore(folder = projectPath("data", "features")): FeatureStore {
  return {
    folder,
    async load(candles, specs) {
      const columns = Object.keys(candles.extra);
      const names = specs.map((text) => text.trim());
      const texts = names.map((text) => formatSpec(parseSpec(text, { columns })));
      const key = hashOf(hashCandles(candles), ...texts, await codeVersion());
      const path = join(folder, `${key.slice(0, 32)}.parquet`);
      let note: string | undefined;
      const keep = async (): Promise<StoredFeatures> => {
        const found = await read(path, candles, names, texts); // once more: another process may have been first
        if (found && !("damage" in found)) return { ...found, key, cached: true };
        if (found) warn(note = `Stored features ${path} are damaged (${found.damage}) and were computed anew`);
        const matrix = buildFeatures(candles, specs);
        const hash = hashOfFeatures(matrix);
        await write(path, matrix, hash);
        return { matrix, hash, key, cached: false, ...note && { note } };
      };
      try {
        const found = await read(path, candles, names, texts);
        return found && !("damage" in found) ? { ...found, key, cached: true } : await withLock(path, keep);
      } catch (error) {
        if (!ofDisk(error)) throw error;
        warn(
          note = `Features cannot be kept in ${folder}, and are computed again each time: ${(error as Error).message}`,
        );
        const matrix = buildFeatures(candles, specs);
        return { matrix, hash: hashOfFeatures(matrix), key, cached: false, note };
      }
    },
  };
}

/** SHA-256 over canonical specs, times and values: what a report calls the features' hash. */
export function hashOfFeatures({ specs, time, values }: Features): string {
  return hashOf(...specs, time, values);
}

const sidecarOf = (path: string) => path.replace(/\.parquet$/, ".json");

const warn = (note: string) => log("warn", note);

/** Errors of the disk, not of the features. */
const ofDisk = (error: unknown) =>
  error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable ||
  error instanceof Deno.errors.NotADirectory || error instanceof Deno.errors.AlreadyExists ||
  /ENOSPC|EROFS|EDQUOT|No space left|Read-only file system|quota exceeded/i.test(String(error));

const checkOf = (sidecar: Sidecar) => hashOf(canonicalJson(sidecar));

async function write(path: string, matrix: Features, hash: string): Promise<void> {
  // Columns by number: a spec as a name could be anything, and may be written another way the next time.
  const columns = matrix.names.map((_, f) => [`f${f}`, columnOf(matrix, f)] as const);
  await writeColumns(path, { time: matrix.time, ...Object.fromEntries(columns) });
  const guarded = matrix.names.map((name) => matrix.guarded[name] ?? 0);
  const sidecar: Sidecar = { hash, specs: matrix.specs, warmup: matrix.warmup, guarded };
  await writeAtomic(sidecarOf(path), JSON.stringify({ ...sidecar, check: checkOf(sidecar) }, undefined, 2));
}

async function read(
  path: string,
  candles: Candles,
  names: readonly string[],
  specs: readonly string[],
): Promise<{ matrix: Features; hash: string } | { damage: string } | undefined> {
  if (!await exists(sidecarOf(path))) return undefined;
  try {
    const { check, ...sidecar } = JSON.parse(await Deno.readTextFile(sidecarOf(path))) as Sidecar & { check: string };
    if (checkOf(sidecar) !== check) throw new Error("its description is not the one that was written");
    const { hash, warmup, guarded } = sidecar;
    const columns = await readColumns(path);
    const width = names.length;
    const values = new Float32Array(candles.length * width);
    for (let f = 0; f < width; f++) {
      const column = columns[`f${f}`] as Float32Array;
      for (let t = 0; t < candles.length; t++) values[t * width + f] = column[t];
    }
    const counts = names.map((name, f) => [name, guarded[f]] as const).filter(([, count]) => count > 0);
    const matrix = { names, time: candles.time, values, warmup, specs, guarded: Object.fromEntries(counts) };
    const stored = { ...matrix, time: columns.time as Float64Array };
    if (hashOfFeatures(stored) !== hash) throw new Error("its values are not those that were written");
    return { matrix, hash };
  } catch (error) {
    if (ofDisk(error)) throw error;
    return { damage: (error as Error).message };
  }
}

let version: Promise<string> | undefined;

/**
 * SHA-256 over the sources of this folder and the versions of what it stands on: features of other code are other
 * features. Worked out once per process, in a few ms.
 */
export function codeVersion(): Promise<string> {
  return version ??= (async () => {
    const foreign = import.meta.resolve("technicalindicators");
    const parts = [Deno.version.v8, foreign.match(/technicalindicators@[^/]+/)?.[0] ?? foreign];
    for await (const [name, text] of sources(new URL(".", import.meta.url), "")) parts.push(name, text);
    return hashOf(...parts);
  })();
}

async function* sources(folder: URL, prefix: string): AsyncGenerator<[string, string]> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  for (const { name, isDirectory } of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const url = new URL(isDirectory ? `${name}/` : name, folder);
    if (isDirectory) yield* sources(url, `${prefix}${name}/`);
    else if (name.endsWith(".ts")) yield [`${prefix}${name}`, await Deno.readTextFile(url)];
  }
}
