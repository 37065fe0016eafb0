import type { Scheduler } from "./scheduler.ts";

/**
 * Asynchronous successive halving (Li et al. 2020, "A system for massively parallel hyperparameter tuning"), as one that
 * stops: a trial goes past a rung only if it is among the best 1/`reduction` of those that came to it before, or the best
 * of fewer. No trial waits for another; what the first to arrive were let through for is made good by those after them.
 *
 * @param rungs steps at which trials report; at the last one nothing is left to decide
 */
export function scheduleAsha({ rungs, reduction = 3 }: { rungs: readonly number[]; reduction?: number }): Scheduler {
  if (!(reduction > 1)) {
    throw new RangeError(`Cannot halve as the reduction must be greater than 1: current value is ${reduction}`);
  }
  return (past, { trial, rung, value }) => {
    if (rung >= rungs.length - 1) return { do: "go" };
    const others = past.filter((report) => report.rung === rung && report.trial !== trial).map((report) =>
      report.value
    );
    const places = Math.max(1, Math.floor((others.length + 1) / reduction));
    const better = others.filter((other) => other > value || Number.isNaN(value)).length;
    if (better < places) return { do: "go" };
    const why = `${better} of ${others.length} were better at ${rungs[rung]} steps, and ${places} may go on`;
    return { do: "stop", why };
  };
}
