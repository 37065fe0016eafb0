import { quantileSorted } from "../base/stats.ts";
import { below, type Rng, rng } from "../base/random.ts";

/**
 * Scores of several runs of one method: a row per task (a market, a month), a number per run (a seed).
 *
 * What is done with them follows Agarwal et al. 2021, "Deep reinforcement learning at the edge of the statistical
 * precipice", and its library rliable: the interquartile mean, bootstrapped within each task.
 */
export type Scores = readonly ArrayLike<number>[]; // [tasks][runs]

/** An estimate with a confidence interval. */
export interface Estimate {
  readonly point: number;
  readonly low: number;
  readonly high: number;
}

export interface BootstrapOptions {
  readonly resamples?: number;
  /** Of the interval, 0..1. */
  readonly level?: number;
  readonly seed?: number;
}

/**
 * Mean of the middle half: of n values, ⌊n / 4⌋ are left out at each end, so that 5 runs give the mean of the middle
 * three and fewer than four the mean of all. Stabler than the median, blind to single lucky runs as a mean is not.
 */
export function interquartileMean(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  const cut = Math.floor(sorted.length / 4);
  let sum = 0;
  for (let i = cut; i < sorted.length - cut; i++) sum += sorted[i];
  return sum / (sorted.length - 2 * cut);
}

/** The interquartile mean of all scores, with its stratified bootstrap interval: runs are redrawn within each task. */
export function interquartileEstimate(scores: Scores, options: BootstrapOptions = {}): Estimate {
  return bootstrap([scores], ([drawn]) => interquartileMean(flat(drawn)), options);
}

/**
 * How likely a run of ours scores higher than a run of theirs on the same task, a tie counting half; mean over tasks.
 * 0.5 is no difference. Both sides are redrawn for the interval.
 *
 * @throws {RangeError} if the two do not have equal tasks
 */
export function probabilityOfImprovement(ours: Scores, theirs: Scores, options: BootstrapOptions = {}): Estimate {
  if (ours.length !== theirs.length || ours.length === 0) {
    throw new RangeError(
      `Cannot compare scores as both must have equal tasks, one at least: they have ${ours.length} and ${theirs.length}`,
    );
  }
  return bootstrap([ours, theirs], ([a, b]) => {
    let sum = 0;
    for (let task = 0; task < a.length; task++) sum += shareAbove(a[task], b[task]);
    return sum / a.length;
  }, options);
}

/**
 * A statistic of scores with the interval between its quantiles under redrawing runs within each task. With a single
 * run a task there is nothing to redraw: the interval is the point, and says nothing.
 *
 * @param methods what the statistic compares, each redrawn on its own
 */
export function bootstrap(
  methods: readonly Scores[],
  statistic: (methods: readonly Scores[]) => number,
  { resamples = 2000, level = 0.95, seed = 0 }: BootstrapOptions = {},
): Estimate {
  for (const scores of methods) {
    if (scores.length > 0 && scores.every(({ length }) => length > 0)) continue;
    throw new RangeError("Cannot estimate as there must be at least one task, with at least one run each");
  }
  const random = rng(seed);
  const drawn = methods.map((scores) => scores.map(({ length }) => new Float64Array(length)));
  const values = new Float64Array(resamples);
  for (let i = 0; i < resamples; i++) {
    methods.forEach((scores, m) => scores.forEach((runs, task) => redraw(runs, drawn[m][task], random)));
    values[i] = statistic(drawn);
  }
  values.sort();
  const tail = (1 - level) / 2;
  return { point: statistic(methods), low: quantileSorted(values, tail), high: quantileSorted(values, 1 - tail) };
}

function redraw(runs: ArrayLike<number>, into: Float64Array, random: Rng): void {
  for (let i = 0; i < into.length; i++) into[i] = runs[below(runs.length, random)];
}

function shareAbove(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let wins = 0;
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < b.length; j++) wins += a[i] > b[j] ? 1 : a[i] === b[j] ? 0.5 : 0;
  }
  return wins / (a.length * b.length);
}

function flat(scores: Scores): Float64Array {
  return Float64Array.from(scores.flatMap((runs) => Array.from(runs)));
}
