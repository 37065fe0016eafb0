import { rng, shuffle } from "../base/random.ts";
import { ownSampler } from "./own_sampler.ts";
import type { Sampler, SamplerOptions } from "./sampler.ts";
import { checkSpace, gridOf, isActive, type Space, type Value } from "./space.ts";
import type { Params } from "./trial.ts";

const most = 100_000;

/**
 * Tries every combination once, in an order that the seed shuffles, so that fewer trials than combinations are spread
 * over all of them. Then there is nothing more to ask.
 *
 * @throws {RangeError} if a float has no number of values, or there are more than 100 000 combinations
 */
export function sampleGrid(options: SamplerOptions): Sampler {
  const all = gridPoints(options.space);
  const order = shuffle(Uint32Array.from(all, (_, i) => i), rng(options.seed));
  return ownSampler(options, (n) => n < all.length ? all[order[n]] : undefined);
}

/** Every combination of a space's grid, conditions respected: the first parameter changes last. */
export function gridPoints(given: Space): Params[] {
  const space = checkSpace(given);
  let points: Record<string, Value>[] = [{}];
  for (const [name, parameter] of Object.entries(space)) {
    const values = gridOf(parameter);
    if (values === undefined) {
      const { min, max, log } = parameter as { min: number; max: number; log: boolean };
      const wanted = `${log ? "log" : "float"}(${min}, ${max}, 5)`;
      throw new RangeError(`Cannot make a grid of "${name}" as it must say how many values: write ${wanted} for 5`);
    }
    const size = points.reduce((sum, point) => sum + (isActive(space, name, point) ? values.length : 1), 0);
    if (size > most) {
      throw new RangeError(
        `Cannot make a grid as it must have at most ${most} combinations: with "${name}" it has ${size}`,
      );
    }
    points = points.flatMap((point) =>
      isActive(space, name, point) ? values.map((value) => ({ ...point, [name]: value })) : [point]
    );
  }
  return points;
}
