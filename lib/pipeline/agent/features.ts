import { projectPath } from "../../base/project.ts";
import { hashOf } from "../../base/hash.ts";
import { columnOf, type FeatureMatrix, newMatrix } from "../../features/matrix.ts";
import { featureStore } from "../../features/store.ts";
import type { Market } from "../../market/market.ts";

/** Features of all assets of a market side by side, as an agent sees them. */
export interface AgentFeatures {
  readonly specs: readonly string[]; // [F / K] of each asset
  readonly matrix: FeatureMatrix; // [T, F] unscaled: the first asset's features, then the next one's
  readonly hash: string;
}

/**
 * Computes the same features of every asset, or reads them from the store.
 *
 * @param names of the columns [F]; without them the specs, after the symbol where there are several assets
 * @throws {SyntaxError | RangeError} if a spec cannot be read or computed
 */
export async function agentFeatures(
  { assets }: Market,
  specs: readonly string[],
  names: readonly string[] = assets.flatMap(({ symbol }) => columnNames(symbol, specs, assets.length)),
): Promise<AgentFeatures> {
  const store = featureStore(projectPath("data", "features"));
  const each = [];
  for (const candles of assets) each.push(await store.load(candles, specs));
  const hash = each.length === 1 ? each[0].hash : hashOf(...each.map(({ hash }) => hash));
  if (each.length === 1) return { specs, matrix: { ...each[0].matrix, names }, hash };
  const columns = each.flatMap(({ matrix }) => matrix.names.map((_, f) => columnOf(matrix, f)));
  return { specs, matrix: newMatrix(names, assets[0].time, columns), hash };
}

const columnNames = (symbol: string, specs: readonly string[], assets: number) =>
  specs.map((spec) => assets === 1 ? spec.trim() : `${symbol} ${spec.trim()}`);
