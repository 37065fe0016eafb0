import type { Config } from "../config/schema.ts";
import { suspectColumns } from "../features/suspects.ts";
import { importFeatures } from "../features/user_module.ts";
import { barOf, type Deps } from "./deps.ts";
import type { LeakCheck } from "./features.ts";
import { interruptibleLeakCheck } from "./leak_check.ts";
import { loadMarket } from "./market.ts";

/**
 * Checks features that a module of the user's computes, of the first asset that settings name.
 *
 * @param path a TypeScript or JavaScript file, see `importFeatures`
 * @throws {TypeError} if it cannot be loaded or exports no such function
 */
export async function checkModuleLeaks(config: Config, path: string, deps: Deps = {}): Promise<LeakCheck> {
  const compute = await importFeatures(path);
  const source = await loadMarket(config, deps);
  const [candles] = source.market.assets;
  using bar = barOf(deps, "Looking for look-ahead");
  const features = await interruptibleLeakCheck(candles, compute, deps, bar);
  const own = await compute(candles);
  const F = own.names.length;
  const columns = Object.fromEntries(
    own.names.map((name, f) => [name, Float64Array.from({ length: candles.length }, (_, t) => own.values[t * F + f])]),
  );
  return { source, features, columns: suspectColumns(candles, { columns }) };
}
