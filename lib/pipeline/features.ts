import { projectPath } from "../base/project.ts";
import type { Config } from "../config/schema.ts";
import { featureBuilder } from "../features/build.ts";
import type { LeakVerdict } from "../features/leaks.ts";
import { fitScaler, scale, type Scaler } from "../features/scale.ts";
import { featureStore, type StoredFeatures } from "../features/store.ts";
import type { FeatureMatrix } from "../features/matrix.ts";
import { suspectColumns, type SuspicionVerdict } from "../features/suspects.ts";
import { barOf, breath, type Deps } from "./deps.ts";
import { interruptibleLeakCheck } from "./leak_check.ts";
import { type LoadedMarket, loadMarket } from "./market.ts";
import { specsOf } from "./specs.ts";

/** Features of one asset, as they are and as a network sees them. */
export interface FeaturesResult extends StoredFeatures {
  readonly source: LoadedMarket;
  readonly scaler: Scaler; // fitted on training rows only
  readonly scaled: FeatureMatrix;
}

/**
 * Computes the features that settings name, of the first asset, or reads them from the store.
 *
 * @throws {SyntaxError | RangeError} if a spec cannot be read or computed, pointing at the fault
 */
export async function featuresStage(config: Config, deps: Deps = {}): Promise<FeaturesResult> {
  const source = await loadMarket(config, deps);
  using bar = barOf(deps, "Building features");
  const pause = breath(deps);
  const [candles] = source.market.assets;
  const specs = specsOf(config, source);
  bar.update(0, 1, `${specs.length} of ${source.name}`);
  const stored = await featureStore(projectPath("data", "features")).load(candles, specs);
  await pause();
  const from = Math.max(source.split.train.from, stored.matrix.warmup);
  const scaler = fitScaler(stored.matrix, from, source.split.train.to, { kind: config.features.scaler });
  bar.update(1, 1, stored.cached ? "read from the store" : "computed and kept");
  return { ...stored, source, scaler, scaled: scale(stored.matrix, scaler) };
}

/** Whether the features that settings name look ahead, and whether columns that came with the data seem to. */
export interface LeakCheck {
  readonly source: LoadedMarket;
  readonly features: LeakVerdict;
  readonly columns: SuspicionVerdict;
}

/** Holds the features that settings name to the prefix law, bit for bit. */
export async function checkLeaksStage(config: Config, deps: Deps = {}): Promise<LeakCheck> {
  const source = await loadMarket(config, deps);
  const [candles] = source.market.assets;
  const specs = specsOf(config, source);
  using bar = barOf(deps, "Looking for look-ahead");
  const compute = featureBuilder(specs, Object.keys(candles.extra));
  const features = await interruptibleLeakCheck(candles, compute, deps, bar);
  return { source, features, columns: suspectColumns(candles) };
}
