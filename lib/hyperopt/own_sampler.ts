import { type Rng, rng } from "../base/random.ts";
import { checkSpace, paramsFault, type Space } from "./space.ts";
import type { Outcome, PastTrial, Sampler, SamplerOptions } from "./sampler.ts";
import type { Params } from "./trial.ts";

/**
 * Chooses the parameters of trial `n` from all that is known of the trials before it, with random numbers of its own:
 * a pure function, which is what makes a sampler go on from a journal as if it had never stopped.
 *
 * @returns nothing when there is nothing more to try
 */
export type Choose = (n: number, trials: readonly PastTrial[], random: Rng, space: Space) => Params | undefined;

/** A sampler that runs here, from how it chooses. */
export function ownSampler({ space: given, seed, past = [] }: SamplerOptions, choose: Choose): Sampler {
  const space = checkSpace(given);
  const trials: PastTrial[] = [];
  for (const trial of past) {
    const fault = trial.trial === trials.length
      ? paramsFault(space, trial.params)
      : `its number must be ${trials.length}`;
    if (fault) throw new RangeError(`Cannot go on from trial ${trial.trial} as ${fault}`);
    trials.push(trial);
  }
  const running = (trial: number) => {
    const found = trials[trial];
    if (found !== undefined && found.outcome === undefined) return found;
    throw new RangeError(
      `Cannot tell of trial ${trial} as it must be running: it ${found ? "has ended" : "was not asked for"}`,
    );
  };
  return {
    // deno-lint-ignore require-await -- the seam is asynchronous: another sampler is a process
    async ask() {
      const params = choose(trials.length, trials, rng((seed % 2 ** 31) * 2 ** 22 + trials.length), space);
      if (params === undefined) return undefined;
      trials.push({ trial: trials.length, params, reports: [] });
      return { trial: trials.length - 1, params };
    },
    // deno-lint-ignore require-await
    async report(trial, step, value) {
      const found = running(trial);
      trials[trial] = { ...found, reports: [...found.reports, { step, value }] };
    },
    // deno-lint-ignore require-await
    async tell(trial, outcome: Outcome) {
      trials[trial] = { ...running(trial), outcome };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
