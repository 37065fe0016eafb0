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
    check: checkCmaes,
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

/** CMA-ES moves numbers that are always there, two of them at least; Optuna draws all else at random and says nothing. */
function checkCmaes(space: Space): void {
  const [moved, drawn] = [true, false].map((wanted) =>
    Object.keys(space).filter((name) => (space[name].kind !== "choice" && space[name].only === undefined) === wanted)
  );
  if (moved.length < 2) {
    throw new RangeError(
      `Cannot sample by "cmaes" as the space must have at least 2 numbers that are always there: it has ${moved.length}`,
    );
  }
  if (drawn.length > 0) {
    log("warn", `CMA-ES takes numbers alone: ${drawn.join(", ")} are drawn at random in each trial`);
  }
}
