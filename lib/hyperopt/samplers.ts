import { didYouMean } from "../base/suggest.ts";
import { openOptuna } from "./optuna.ts";
import { sampleGrid } from "./sample_grid.ts";
import { sampleRandom } from "./sample_random.ts";
import { sampleTpe } from "./sample_tpe.ts";
import type { SamplerEntry } from "./sampler.ts";

/** All samplers by the names of the command line. */
export const samplers = {
  tpe: {
    help: "learns where good trials lie: a tree-structured Parzen estimator; needs no Python",
    python: false,
    open: (options) => Promise.resolve(sampleTpe(options)),
  },
  random: {
    help: "draws every trial anew",
    python: false,
    open: (options) => Promise.resolve(sampleRandom(options)),
  },
  grid: {
    help: "every combination once, shuffled; floats must say how many values",
    python: false,
    open: (options) => Promise.resolve(sampleGrid(options)),
  },
  optuna_tpe: {
    help: "Optuna's tree-structured Parzen estimator",
    python: true,
    open: (options) => openOptuna("tpe", options),
  },
  cmaes: {
    help: "Optuna's CMA-ES: for numbers, and a hundred trials or more",
    python: true,
    open: (options) => openOptuna("cmaes", options),
  },
  gp: {
    help: "Optuna's Gaussian process: for few, costly trials; wants torch",
    python: true,
    open: (options) => openOptuna("gp", options),
  },
} as const satisfies Readonly<Record<string, SamplerEntry>>;

export type SamplerName = keyof typeof samplers;

/** A sampler by name. Throws a RangeError that lists them if there is none of that name. */
export function samplerOf(name: string): SamplerEntry {
  if (Object.hasOwn(samplers, name)) return samplers[name as SamplerName];
  throw new RangeError(`Cannot sample by "${name}" as it is not a sampler: ${didYouMean(name, Object.keys(samplers))}`);
}
