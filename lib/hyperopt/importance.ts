import { below, type Rng, rng } from "../base/random.ts";
import { mean, quantile, ranks } from "../base/stats.ts";
import { checkSpace, isActive, type Space, toUnit } from "./space.ts";
import type { Params } from "./trial.ts";

/** How much of the differences between trials a parameter explains by itself. */
export interface ParameterImportance {
  readonly name: string;
  readonly share: number; // 0..1 of the variance, mean over the trees
  readonly low: number; // the middle half of the trees
  readonly high: number;
}

/** What decides a study's values. */
export interface Importance {
  readonly parameters: readonly ParameterImportance[]; // most important first
  /** What only two parameters or more explain together, share of the variance. */
  readonly together: number;
  readonly trials: number;
  /**
   * How well the trees predict trials that they were not grown from: R² of ranks, 1 perfectly, 0 not at all. Near or below
   * 0 the shares mean nothing: there are too few trials, or they differ by chance.
   */
  readonly fit: number;
}

/**
 * Functional analysis of variance (Hutter, Hoos and Leyton-Brown 2014, "An efficient approach for assessing
 * hyperparameter importance"): a random forest is fitted to the trials; of each tree, which is constant on boxes of the
 * space, the variance that one parameter makes on average over all others is summed exactly. Differs from the paper: the
 * forest sees ranks of the values, so that a few trials that went all wrong do not decide; a parameter that was not
 * there counts as in the middle of its range.
 *
 * @param trials values at the same number of steps: what was given up early must not be compared with what was not
 * @throws {RangeError} if there are fewer than 4 trials
 */
export function importance(
  given: Space,
  trials: readonly { readonly params: Params; readonly value: number }[],
  { trees = 64, seed = 1 } = {},
): Importance {
  const space = checkSpace(given);
  const names = Object.keys(space);
  if (trials.length < 4) {
    throw new RangeError(`Cannot say what is important as there must be 4 trials or more: there are ${trials.length}`);
  }
  const x = trials.map(({ params }) =>
    Float64Array.from(names, (name) => isActive(space, name, params) ? toUnit(space[name], params[name]) : 0.5)
  );
  const y = ranks(trials.map(({ value }) => value));
  const random = rng(seed);
  const shares = names.map(() => new Float64Array(trees));
  const [guesses, votes] = [new Float64Array(y.length), new Float64Array(y.length)];
  const together = new Float64Array(trees);
  for (let tree = 0; tree < trees; tree++) {
    const drawn = Uint32Array.from(y, () => below(y.length, random));
    const leaves = grow(x, y, drawn, random);
    const alone = explained(leaves, names.length);
    names.forEach((_, j) => shares[j][tree] = alone[j]);
    together[tree] = Math.max(0, 1 - alone.reduce((sum, share) => sum + share, 0)) *
      Number(alone.some((one) => one > 0));
    const seen = new Set(drawn);
    for (let i = 0; i < y.length; i++) {
      if (seen.has(i)) continue;
      guesses[i] += leafOf(leaves, x[i]).value;
      votes[i]++;
    }
  }
  const parameters = names.map((name, j) => ({
    name,
    share: mean(shares[j]),
    low: quantile(shares[j], 0.25),
    high: quantile(shares[j], 0.75),
  })).sort((a, b) => b.share - a.share || (a.name < b.name ? -1 : 1));
  return { parameters, together: mean(together), trials: trials.length, fit: fitOf(y, guesses, votes) };
}

/** Part of the unit cube on which a tree is constant. */
interface Leaf {
  readonly low: Float64Array; // [P]
  readonly high: Float64Array;
  readonly value: number;
}

/** A regression tree as its leaves: splits where the sum of squares falls most, at least 2 trials on either side. */
function grow(x: readonly Float64Array[], y: Float64Array, drawn: Uint32Array, random: Rng): Leaf[] {
  const P = x[0].length;
  const leaves: Leaf[] = [];
  const split = (members: Uint32Array, low: Float64Array, high: Float64Array) => {
    const found = members.length >= 4 ? bestSplit(x, y, members, Math.ceil(2 * P / 3), random) : undefined;
    if (!found) return void leaves.push({ low, high, value: mean(members.map((i) => y[i])) });
    const { axis, at } = found;
    split(members.filter((i) => x[i][axis] <= at), low, high.with(axis, at));
    split(members.filter((i) => x[i][axis] > at), low.with(axis, at), high);
  };
  split(drawn, new Float64Array(P), new Float64Array(P).fill(1));
  return leaves;
}

function bestSplit(x: readonly Float64Array[], y: Float64Array, members: Uint32Array, tries: number, random: Rng) {
  const axes = Array.from(x[0], (_, axis) => axis);
  let best: { axis: number; at: number } | undefined;
  const total = members.reduce((sum, i) => sum + y[i], 0);
  let most = total ** 2 / members.length + 1e-9; // what a split must explain more than none
  for (let k = 0; k < tries; k++) {
    const [axis] = axes.splice(below(axes.length, random), 1);
    const order = members.toSorted((a, b) => x[a][axis] - x[b][axis]);
    let left = 0;
    for (let n = 1; n < order.length; n++) {
      left += y[order[n - 1]];
      const [before, after] = [x[order[n - 1]][axis], x[order[n]][axis]];
      if (n < 2 || order.length - n < 2 || before === after) continue;
      const gain = left ** 2 / n + (total - left) ** 2 / (order.length - n);
      if (gain > most) [best, most] = [{ axis, at: (before + after) / 2 }, gain];
    }
  }
  return best;
}

/** Shares of a tree's variance that each parameter makes alone, all values being equally likely. [P] */
function explained(leaves: readonly Leaf[], P: number): Float64Array {
  const widths = leaves.map(({ low, high }) => high.map((end, j) => end - low[j]));
  const volumes = widths.map((width) => width.reduce((product, one) => product * one, 1));
  const centre = leaves.reduce((sum, { value }, i) => sum + value * volumes[i], 0);
  const variance = leaves.reduce((sum, { value }, i) => sum + (value - centre) ** 2 * volumes[i], 0);
  return Float64Array.from({ length: P }, (_, j) => {
    if (!(variance > 1e-12)) return 0;
    const edges = [...new Set(leaves.flatMap(({ low, high }) => [low[j], high[j]]))].sort((a, b) => a - b);
    let sum = 0;
    for (let k = 1; k < edges.length; k++) {
      const middle = (edges[k - 1] + edges[k]) / 2;
      let marginal = 0; // mean over all other parameters
      for (const [i, { low, high, value }] of leaves.entries()) {
        if (low[j] < middle && middle < high[j]) marginal += value * volumes[i] / widths[i][j];
      }
      sum += (edges[k] - edges[k - 1]) * (marginal - centre) ** 2;
    }
    return sum / variance;
  });
}

function leafOf(leaves: readonly Leaf[], point: Float64Array): Leaf {
  return leaves.find(({ low, high }) => point.every((u, j) => u <= high[j] && (u > low[j] || low[j] === 0)))!;
}

function fitOf(y: Float64Array, guesses: Float64Array, votes: Float64Array): number {
  const seen = Array.from(y, (_, i) => i).filter((i) => votes[i] > 0);
  const centre = mean(seen.map((i) => y[i]));
  const [wrong, all] = [0, 1].map((of) =>
    seen.reduce((sum, i) => sum + (y[i] - (of === 0 ? guesses[i] / votes[i] : centre)) ** 2, 0)
  );
  return all > 0 ? 1 - wrong / all : 0;
}
