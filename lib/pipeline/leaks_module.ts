import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Config } from "../config/schema.ts";
import { asColumns, checkLeaksAsync } from "../features/leaks.ts";
import { suspectColumns } from "../features/suspects.ts";
import type { Candles } from "../market/candles.ts";
import { barOf, type Deps } from "./deps.ts";
import type { LeakCheck } from "./features.ts";
import { loadMarket } from "./market.ts";

/** Features of a user's own: bars in, columns [T] by name out. */
export type OwnFeatures = (
  candles: Candles,
) => Readonly<Record<string, ArrayLike<number>>> | Promise<Readonly<Record<string, ArrayLike<number>>>>;

/**
 * Checks features that a module of the user's computes.
 *
 * @param path a TypeScript or JavaScript file whose default export is `OwnFeatures`
 * @throws {TypeError} if it cannot be loaded or exports no such function
 */
export async function checkModuleLeaks(config: Config, path: string, deps: Deps = {}): Promise<LeakCheck> {
  const compute = await loadOwnFeatures(path);
  const source = await loadMarket(config, deps);
  const [candles] = source.market.assets;
  using bar = barOf(deps, "Looking for look-ahead");
  const features = await checkLeaksAsync(candles, async (bars: Candles) => asColumns(await compute(bars)), {
    onProgress: bar.update,
  });
  return { source, features, columns: suspectColumns(candles, { columns: await compute(candles) }) };
}

async function loadOwnFeatures(path: string): Promise<OwnFeatures> {
  let loaded: { default?: unknown; features?: unknown };
  try {
    loaded = await import(pathToFileURL(resolve(path)).href);
  } catch (error) {
    throw new TypeError(`Cannot load "${path}": ${(error as Error).message}`, { cause: error });
  }
  const compute = loaded.default ?? loaded.features;
  if (typeof compute === "function") return compute as OwnFeatures;
  throw new TypeError(
    `Cannot check "${path}" as its default export must be a function (candles) => ({ name: column })`,
  );
}
