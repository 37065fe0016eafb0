import { normalCdf, normalQuantile } from "../base/normal.ts";
import { below, type Rng } from "../base/random.ts";
import { ownSampler } from "./own_sampler.ts";
import type { PastTrial, Sampler, SamplerOptions } from "./sampler.ts";
import { cellOf, drawEach, fromUnit, isActive, type Parameter, type Space, toUnit, type Value } from "./space.ts";

const candidates = 24;
const startup = 10;

/**
 * Tree-structured Parzen estimator (Bergstra et al. 2011, "Algorithms for hyper-parameter optimization", sec. 4): draws
 * where the best tenth of the trials lies denser than the others. One joint density over all parameters, as Optuna 5 has it
 * (Watanabe 2023, "Tree-structured Parzen estimator"): each trial a product of normal kernels as wide as the gap to its
 * neighbours, and a wide prior among them. Parameters under the same condition are drawn together, from the trials that
 * had them. Trials that still run count among the others, so that several at once do not crowd (constant liar). The
 * first 10 are random.
 */
export function sampleTpe(options: SamplerOptions): Sampler {
  return ownSampler(options, (_n, trials, random, space) => {
    const seen = trials.filter(({ outcome }) => outcome?.state !== "failed");
    if (seen.length < (options.startup ?? startup)) {
      return drawEach(space, (_name, parameter) => fromUnit(parameter, random()));
    }
    const { good, bad } = splitTrials(seen);
    const drawn: Record<string, Value> = {};
    for (const group of groupsOf(space)) {
      if (isActive(space, group[0], drawn)) Object.assign(drawn, drawGroup(space, group, good, bad, random));
    }
    return drawEach(space, (name) => drawn[name]);
  });
}

/** The best tenth of the trials that ended, 25 at the most, and the others; each in the order of their numbers. */
function splitTrials(trials: readonly PastTrial[]): { good: PastTrial[]; bad: PastTrial[] } {
  const ended = trials.filter(({ outcome }) => outcome !== undefined);
  const places = Math.min(25, Math.ceil(0.1 * ended.length));
  const good = new Set(ended.toSorted(better).slice(0, places));
  return { good: trials.filter((trial) => good.has(trial)), bad: trials.filter((trial) => !good.has(trial)) };
}

/** Finished ones by value; after them pruned ones, those that came farther first, and those as far by value. */
function better(a: PastTrial, b: PastTrial): number {
  const finished = (trial: PastTrial) => Number(trial.outcome?.state === "finished");
  const reached = (trial: PastTrial) => finished(trial) ? 0 : trial.reports.at(-1)?.step ?? -1;
  return finished(b) - finished(a) || reached(b) - reached(a) || valueOf(b) - valueOf(a) || a.trial - b.trial;
}

function valueOf({ outcome, reports }: PastTrial): number {
  const value = outcome?.state === "finished" ? outcome.value : reports.at(-1)?.value ?? NaN;
  return Number.isNaN(value) ? -Number.MAX_VALUE : value;
}

/** Names of parameters that are always there together, parents first. */
function groupsOf(space: Space): string[][] {
  const groups = new Map<string, string[]>();
  for (const [name, { only }] of Object.entries(space)) {
    const key = JSON.stringify(only ?? null);
    groups.set(key, [...groups.get(key) ?? [], name]);
  }
  return [...groups.values()];
}

function drawGroup(
  space: Space,
  names: readonly string[],
  good: readonly PastTrial[],
  bad: readonly PastTrial[],
  random: Rng,
): Record<string, Value> {
  const parameters = names.map((name) => space[name]);
  const had = (trials: readonly PastTrial[]) =>
    trials.filter(({ params }) => names.every((name) => Object.hasOwn(params, name)))
      .map(({ params }) => names.map((name) => params[name]));
  const [l, g] = [mixture(parameters, had(good)), mixture(parameters, had(bad))];
  let [best, most]: [Value[], number] = [[], -Infinity];
  for (let i = 0; i < candidates; i++) {
    const values = l.draw(random);
    const gain = l.logDensity(values) - g.logDensity(values); // grows with the expected improvement, eq. 6
    if (gain > most) [best, most] = [values, gain];
  }
  return Object.fromEntries(names.map((name, i) => [name, best[i]]));
}

interface Mixture {
  draw(random: Rng): Value[];
  logDensity(values: readonly Value[]): number;
}

/** Where trials lie: one product kernel for each, the old ones of many counting less, and the prior last. */
function mixture(parameters: readonly Parameter[], seen: readonly (readonly Value[])[]): Mixture {
  const n = seen.length;
  const weights = [...Array.from({ length: n }, (_, i) => age(i, n)), 1];
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const kernels = parameters.map((parameter, j) => {
    const column = seen.map((values) => values[j]);
    return parameter.kind === "choice" ? choiceKernels(parameter.values, column) : normalKernels(parameter, column);
  });
  return {
    draw(random) {
      let left = random() * total;
      let kernel = 0;
      while (kernel < n && left >= weights[kernel]) left -= weights[kernel++];
      return kernels.map(({ draw }) => draw(kernel, random));
    },
    logDensity(values) {
      const densities = kernels.map(({ density }, j) => density(values[j]));
      let sum = 0;
      for (let kernel = 0; kernel <= n; kernel++) {
        let product = weights[kernel] / total;
        for (let j = 0; j < densities.length; j++) product *= densities[j][kernel];
        sum += product;
      }
      return Math.log(sum);
    },
  };
}

/** Full weight for the last 25 of `n`; a ramp from 1/n for those before. */
function age(i: number, n: number): number {
  const old = n - 25;
  if (i >= old) return 1;
  return old === 1 ? 1 / n : 1 / n + (1 - 1 / n) * i / (old - 1);
}

/** Kernels of one parameter; the prior is the last. */
interface Kernels {
  draw(kernel: number, random: Rng): Value;
  /** Density (of whole numbers and choices: probability) of a value under each kernel. */
  density(value: Value): Float64Array;
}

function choiceKernels(values: readonly Value[], seen: readonly Value[]): Kernels {
  const spread = 1 / (seen.length + 1); // what the prior lends to every kernel
  const share = (kernel: number, value: Value) =>
    kernel === seen.length
      ? 1 / values.length
      : (spread + Number(seen[kernel] === value)) / (1 + spread * values.length);
  return {
    draw(kernel, random) {
      if (kernel === seen.length) return values[below(values.length, random)];
      let left = random();
      return values.find((value) => (left -= share(kernel, value)) < 0) ?? seen[kernel];
    },
    density: once((value) => Float64Array.from({ length: seen.length + 1 }, (_, kernel) => share(kernel, value))),
  };
}

/** Normal kernels on the unit interval, cut at its ends, as wide as the larger gap to a neighbour. */
function normalKernels(parameter: Parameter, seen: readonly Value[]): Kernels {
  const n = seen.length;
  const centres = Float64Array.from(seen, (value) => toUnit(parameter, value));
  const order = Uint32Array.from(centres, (_, i) => i).sort((a, b) => centres[a] - centres[b] || a - b);
  const least = 1 / Math.min(100, n + 2);
  const widths = new Float64Array(n + 1).fill(1);
  for (let place = 0; place < n; place++) {
    const at = centres[order[place]];
    const left = place > 0 ? at - centres[order[place - 1]] : n > 1 ? 0 : at;
    const right = place < n - 1 ? centres[order[place + 1]] - at : n > 1 ? 0 : 1 - at;
    widths[order[place]] = Math.min(1, Math.max(least, left, right));
  }
  const centre = (kernel: number) => kernel === n ? 0.5 : centres[kernel];
  const cdf = (u: number, kernel: number) => normalCdf((u - centre(kernel)) / widths[kernel]);
  const low = Float64Array.from(widths, (_, kernel) => cdf(0, kernel));
  const mass = Float64Array.from(widths, (_, kernel) => cdf(1, kernel) - low[kernel]);
  return {
    draw(kernel, random) {
      const u = centre(kernel) + widths[kernel] * normalQuantile(low[kernel] + random() * mass[kernel]);
      return fromUnit(parameter, Math.min(1 - 1e-15, Math.max(0, u)));
    },
    density: once((value) => {
      const cell = cellOf(parameter, value);
      if (cell) return widths.map((_, kernel) => (cdf(cell[1], kernel) - cdf(cell[0], kernel)) / mass[kernel]);
      const u = toUnit(parameter, value);
      return widths.map((width, kernel) => {
        const z = (u - centre(kernel)) / width;
        return Math.exp(-z * z / 2) / (Math.sqrt(2 * Math.PI) * width * mass[kernel]);
      });
    }),
  };
}

/** Remembers what was computed of each value: whole numbers and choices come again and again. */
function once<T>(compute: (value: Value) => T): (value: Value) => T {
  const known = new Map<Value, T>();
  return (value) => {
    const found = known.get(value) ?? compute(value);
    known.set(value, found);
    return found;
  };
}
