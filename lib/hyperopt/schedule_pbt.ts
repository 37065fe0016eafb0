import { below, normal, type Rng, rng } from "../base/random.ts";
import type { Scheduler } from "./scheduler.ts";
import { drawEach, fromUnit, isActive, type Parameter, type Space, toUnit, type Value } from "./space.ts";
import { changesWhileTraining } from "./spaces.ts";
import type { Params } from "./trial.ts";

/** How population-based training goes about it. */
export interface PbtOptions {
  readonly space: Space;
  readonly seed: number;
  readonly rungs: readonly number[];
  /** Share of the population that is bad enough to be replaced, and that is good enough to be copied. */
  readonly quantile?: number;
  /** Probability that a parameter is drawn anew instead of moved. */
  readonly resample?: number;
  /** Trials that must have come to a rung before one is replaced there. */
  readonly least?: number;
  /** Whether a parameter can change in the middle of a training; others are copied with the checkpoint. */
  readonly perturb?: (name: string) => boolean;
}

/**
 * Population-based training (Jaderberg et al. 2017): a trial among the worst `quantile` at a rung goes on from the
 * checkpoint that one of the best `quantile` left at the same rung, with that one's parameters, of which those that can
 * change are moved: by a normal step of 0.15 of their range, in their own scale, where the paper multiplies by 0.8 or 1.2 (a
 * fifth of a learning rate is little, of a discount too much). Trials are compared at the same rung, and not with what
 * others have at the time, so that it does not matter how many run at once.
 */
export function schedulePbt(options: PbtOptions): Scheduler {
  const { space, seed, rungs, quantile = 0.25, resample = 0.25, least = 4, perturb = changesWhileTraining } = options;
  if (!(quantile > 0 && quantile <= 0.5)) {
    throw new RangeError(`Cannot train a population as the quantile must be over 0 and at most 0.5: it is ${quantile}`);
  }
  return (past, { trial, rung, value }) => {
    if (rung >= rungs.length - 1) return { do: "go" };
    const there = past.filter((report) => report.rung === rung && report.trial !== trial);
    if (there.length + 1 < least) return { do: "go" };
    const places = Math.max(1, Math.floor((there.length + 1) * quantile));
    const worse = there.filter((report) => report.value < value).length;
    if (worse >= places) return { do: "go" };
    const best = there.toSorted((a, b) => b.value - a.value || a.trial - b.trial).slice(0, places);
    const random = rng((seed % 2 ** 20) * 2 ** 32 + trial * 2 ** 10 + rung);
    const from = best[below(best.length, random)];
    if (!(from.value > value) && !Number.isNaN(value)) return { do: "go" };
    const params = perturbed(space, from.params, perturb, resample, random);
    const why = `${there.length - worse} of ${there.length} were better at ${rungs[rung]} steps`;
    return { do: "exploit", from: from.trial, params, why };
  };
}

function perturbed(
  space: Space,
  params: Params,
  perturb: (name: string) => boolean,
  resample: number,
  random: Rng,
): Params {
  return drawEach(space, (name, parameter) => {
    const [redraw, u, step] = [random() < resample, random(), normal(random)];
    const known = Object.hasOwn(params, name) && isActive(space, name, params);
    if (known && !perturb(name)) return params[name];
    return known && !redraw ? moved(parameter, params[name], step) : fromUnit(parameter, u);
  });
}

/** A value near `value`: ends of the range reflect. A choice has no near ones and stays. */
function moved(parameter: Parameter, value: Value, step: number): Value {
  if (parameter.kind === "choice") return value;
  const u = Math.abs(toUnit(parameter, value) + 0.15 * step) % 2;
  return fromUnit(parameter, Math.min(1 - 1e-12, u > 1 ? 2 - u : u));
}
