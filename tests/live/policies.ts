import { openNet, ppoDefaults, type trunks } from "../../lib/agent/mod.ts";
import { type PolicyNotes, writePolicy } from "../../lib/agent/policy_file.ts";
import { type ActionMeaning, spaceOf } from "../../lib/env/actions.ts";
import { stateSizeOf } from "../../lib/env/standing.ts";
import { buildFeatures } from "../../lib/features/build.ts";
import { columnOf, newMatrix } from "../../lib/features/matrix.ts";
import { fitScaler } from "../../lib/features/scale.ts";
import type { Market } from "../../lib/market/market.ts";

/** What a test's policy is made like. */
export interface PolicyLike {
  readonly specs: readonly string[];
  readonly actions: ActionMeaning;
  readonly window?: number;
  readonly trunk?: keyof typeof trunks;
  readonly net_arch?: readonly number[];
}

/** Features of a market side by side, as agents see them. */
export function featuresOf({ assets }: Market, specs: readonly string[]) {
  const each = assets.map((candles) => buildFeatures(candles, specs));
  const names = assets.flatMap(({ symbol }, k) =>
    each[k].names.map((name) => assets.length > 1 ? `${symbol} ${name}` : name)
  );
  return newMatrix(names, assets[0].time, each.flatMap((one) => one.names.map((_, f) => columnOf(one, f))));
}

/** A policy file of weights by chance, large enough that it changes its mind. */
export async function policyFile(
  market: Market,
  { specs, actions, window = 16, ...options }: PolicyLike,
): Promise<Uint8Array> {
  const matrix = featuresOf(market, specs);
  const { assets } = market;
  const seen = {
    window,
    features: matrix.names.length,
    stateSize: stateSizeOf(assets.length),
    actions: spaceOf(actions),
  };
  await using net = await openNet(seen, { ...ppoDefaults, ...options, seed: 4, threads: 1 });
  const state = net.save();
  net.load({ ...state, weights: state.weights.map((values) => values.map((value) => 4 * value)) });
  const notes: PolicyNotes = {
    features: matrix.names,
    scaler: fitScaler(matrix, 0, matrix.time.length, { clip: 5 }),
    ...{ window, stateSize: seen.stateSize, actions, symbol: assets.map(({ symbol }) => symbol).join(" + ") },
    ...{ step: assets[0].step, commit: "0123abc" },
    about: { seed: "4", specs: JSON.stringify(specs) },
  };
  return await writePolicy(net, notes);
}
