import { ownSampler } from "./own_sampler.ts";
import type { Sampler, SamplerOptions } from "./sampler.ts";
import { drawEach, fromUnit } from "./space.ts";

/** Draws every trial anew, heedless of the others: what every other sampler has to beat (Bergstra and Bengio 2012). */
export function sampleRandom(options: SamplerOptions): Sampler {
  return ownSampler(
    options,
    (_n, _trials, random, space) => drawEach(space, (_name, parameter) => fromUnit(parameter, random())),
  );
}
