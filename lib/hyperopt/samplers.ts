import { log } from "../base/log.ts";
import { didYouMean } from "../base/suggest.ts";
import { openOptuna } from "./optuna.ts";
import { gridPoints, sampleGrid } from "./sample_grid.ts";
import { sampleRandom } from "./sample_random.ts";
import { sampleTpe } from "./sample_tpe.ts";
import type { SamplerEntry } from "./sampler.ts";
import type { Space } from "./space.ts";

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
    check: (space) => void gridPoints(space),
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
    check: (space) => void movedByCmaes(space),
    open(options) {
      const moved = movedByCmaes(options.space);
      const drawn = Object.keys(options.space).filter((name) => !moved.includes(name));
      if (drawn.length > 0) log("warn", `CMA-ES moves ${moved.join(", ")}; drawn at random: ${drawn.join(", ")}`);
      return openOptuna("cmaes", options);
    },
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

/** Numbers that are always there, two of them at least: Optuna's CMA-ES draws all else at random, and says nothing. */
function movedByCmaes(space: Space): string[] {
  const moved = Object.keys(space).filter((name) => space[name].kind !== "choice" && space[name].only === undefined);
  if (moved.length >= 2) return moved;
  throw new RangeError(
    `Cannot sample by "cmaes" as the space must have at least 2 numbers that are always there: it has ${moved.length}`,
  );
}
