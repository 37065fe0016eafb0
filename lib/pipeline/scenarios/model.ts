import { openPolicy } from "../../agent/policy_file.ts";
import { trade, tradeAll, type Trader } from "../../agent/policy_strategy.ts";
import type { BacktestOptions } from "../../backtest/mod.ts";
import { buildFeatures } from "../../features/build.ts";
import { columnOf, type FeatureMatrix, newMatrix } from "../../features/matrix.ts";
import type { Market } from "../../market/market.ts";
import type { MarketRun, RunMarket } from "../../scenarios/mod.ts";
import type { FoundModel } from "../agent/model_store.ts";
import { featuresFor } from "../agent/models.ts";
import type { LoadedMarket } from "../market.ts";

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
  const firstOf = ({ warmup }: FeatureMatrix) => warmup + notes.window - 1;
  const traderOn = (matrix: FeatureMatrix): Trader => ({
    policy: opened.policy(matrix),
    actions: notes.actions,
    first: firstOf(matrix),
  });
  const run = async (market: Market, options: BacktestOptions) =>
    (await trade(market, traderOn(featuresOf(market)), options)).result;
  /** The features of all lie one after the other in one table. */
  const all = async (runs: readonly MarketRun[]) => {
    const each = runs.map(({ market }) => featuresOf(market));
    const [{ names, values: { length } }] = each;
    const values = new Float32Array(runs.length * length);
    each.forEach((matrix, i) => values.set(matrix.values, i * length));
    const trader = { ...traderOn({ ...each[0], values }), first: Math.max(...each.map(firstOf)) };
    const own = runs.map(({ options: { risk, to } }, i) => ({
      offset: i * length / names.length,
      ...(risk ? { risk } : {}),
      ...(to === undefined ? {} : { to }),
    }));
    const traded = await tradeAll(runs.map(({ market }) => market), trader, { ...runs[0].options, each: own });
    return traded.map(({ result }) => result);
  };
  return {
    featuresOf,
    traderOn,
    run: Object.assign(run, { all }),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}
