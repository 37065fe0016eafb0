import { openPolicy } from "../agent/policy_file.ts";
import { trade, type Trader } from "../agent/policy_strategy.ts";
import { buildFeatures } from "../features/build.ts";
import { columnOf, type FeatureMatrix, newMatrix } from "../features/matrix.ts";
import type { Market } from "../market/market.ts";
import type { RunMarket } from "../scenarios/mod.ts";
import type { FoundModel } from "./model_store.ts";
import { featuresFor } from "./models.ts";
import type { LoadedMarket } from "./market.ts";

/** A model as something that trades any market: features are computed anew of each, as the shock changes them. */
export interface ModelRun extends AsyncDisposable {
  readonly run: RunMarket;
  /** Features of a market, as the model sees them before they are scaled. */
  featuresOf(market: Market): FeatureMatrix;
  /** The model in front of them. */
  traderOn(features: FeatureMatrix): Trader;
}

/**
 * Opens a model's policy to go through markets under stress, by the seed that the model stands for.
 *
 * @throws {RangeError} if the market cannot give the features it was trained on
 */
export async function openModelRun(
  { policies }: Pick<FoundModel, "policies">,
  source: LoadedMarket,
): Promise<ModelRun> {
  const opened = await openPolicy(policies[0].file);
  const { notes } = opened;
  const { specs, matrix: usual } = await featuresFor(notes, source); // checks that they mean what they meant
  const featuresOf = ({ assets }: Market): FeatureMatrix => {
    const each = assets.map((candles) => buildFeatures(candles, specs));
    if (each.length === 1) return { ...each[0], names: usual.names };
    return newMatrix(
      usual.names,
      assets[0].time,
      each.flatMap((matrix) => matrix.names.map((_, f) => columnOf(matrix, f))),
    );
  };
  const traderOn = (matrix: FeatureMatrix): Trader => ({
    policy: opened.policy(matrix),
    actions: notes.actions,
    first: matrix.warmup + notes.window - 1,
  });
  return {
    featuresOf,
    traderOn,
    run: async (market, options) => (await trade(market, traderOn(featuresOf(market)), options)).result,
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}
