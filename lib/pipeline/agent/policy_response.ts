import { preferences } from "../../agent/distributions.ts";
import { openPolicy } from "../../agent/policy_file.ts";
import { below, rng } from "../../base/random.ts";
import { quantileSorted } from "../../base/stats.ts";
import { spaceOf } from "../../env/actions.ts";
import { columnOf, type FeatureMatrix } from "../../features/matrix.ts";
import type { BarRange } from "../../market/split.ts";
import { choiceNames } from "./options.ts";

/** What a policy does as the newest value of one feature moves and all else stays as it was. */
export interface PolicyResponse {
  readonly feature: string;
  readonly at: readonly number[]; // [G] values it was set to, from its 2 % to its 98 % quantile
  /** Mean probability of each choice over the windows, or mean exposure of a box; and the middle half of them. */
  readonly curves: readonly {
    readonly name: string;
    readonly mean: readonly number[]; // [G]
    readonly low: readonly number[];
    readonly high: readonly number[];
  }[];
  readonly values: Float32Array; // of the feature in the data
  /** Largest change of the mean exposure to the first asset over `at`. */
  readonly strength: number;
}

/**
 * Partial dependence of a policy (Friedman 2001) on each feature: windows of the data, flat account, one number of each
 * window replaced. Strongest feature first.
 *
 * @param matrix unscaled
 * @param range bars that windows are taken from
 */
export async function policyResponse(
  file: Uint8Array,
  matrix: FeatureMatrix,
  range: BarRange,
  { grid = 15, windows = 64, seed = 0 } = {},
): Promise<PolicyResponse[]> {
  await using policy = await openPolicy(file);
  const { window, stateSize, actions, symbol } = policy.notes;
  const F = matrix.names.length;
  const random = rng(seed);
  const first = Math.max(range.from, matrix.warmup + window - 1);
  const ends = Array.from({ length: windows }, () => first + below(range.to - first, random));
  const space = spaceOf(actions);
  const names = actions.kind === "discrete" ? choiceNames(actions, symbol.split(" + ")) : ["exposure"];
  const rows = grid * windows;
  const bars = Int32Array.from({ length: rows }, (_, i) => (i + 1) * window - 1);
  const state = new Float32Array(rows * stateSize);

  const responses: PolicyResponse[] = [];
  for (const [f, feature] of matrix.names.entries()) {
    const values = columnOf(matrix, f).subarray(first, range.to);
    const sorted = Float64Array.from(values).sort();
    const [low, high] = [quantileSorted(sorted, 0.02), quantileSorted(sorted, 0.98)];
    const at = Array.from({ length: grid }, (_, g) => low + (high - low) * g / (grid - 1));
    const table = new Float32Array(rows * window * F);
    for (let i = 0; i < rows; i++) {
      const end = ends[i % windows];
      table.set(matrix.values.subarray((end - window + 1) * F, (end + 1) * F), i * window * F);
      table[(i + 1) * window * F - F + f] = at[Math.floor(i / windows)];
    }
    const made: FeatureMatrix = { ...matrix, time: new Float64Array(rows * window), values: table, warmup: 0 };
    const said = preferences(space, (await policy.policy(made).look(bars, state)).policy);
    const width = said.length / rows;
    const exposure = (i: number) =>
      actions.kind === "discrete"
        ? actions.choices.reduce((sum, [weight], c) => sum + weight * said[i * width + c], 0)
        : said[i * width] * actions.leverage / actions.assets;
    const spread = (value: (row: number) => number) => {
      const each = at.map((_, g) => Float64Array.from({ length: windows }, (_, w) => value(g * windows + w)).sort());
      return {
        mean: each.map((values) => values.reduce((a, b) => a + b, 0) / windows),
        low: each.map((values) => quantileSorted(values, 0.25)),
        high: each.map((values) => quantileSorted(values, 0.75)),
      };
    };
    const { mean } = spread(exposure);
    responses.push({
      feature,
      at,
      curves: actions.kind === "discrete"
        ? names.map((name, c) => ({ name, ...spread((i) => said[i * width + c]) }))
        : [{ name: "exposure", ...spread(exposure) }],
      values,
      strength: Math.max(...mean) - Math.min(...mean),
    });
  }
  return responses.sort((a, b) => b.strength - a.strength);
}
