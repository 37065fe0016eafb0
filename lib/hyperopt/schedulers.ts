import { didYouMean } from "../base/suggest.ts";
import { scheduleAsha } from "./schedule_asha.ts";
import { scheduleMedian } from "./schedule_median.ts";
import { scheduleNone } from "./schedule_none.ts";
import { schedulePbt } from "./schedule_pbt.ts";
import type { SchedulerEntry } from "./scheduler.ts";

/** All schedulers by the names of the command line. */
export const schedulers = {
  asha: {
    help: "stops all but the best third at each rung, each three times as far as the one before",
    rungs: (steps) => rising([steps / 9, steps / 3, steps]), // earlier the order says too little: tests/bench/README.md
    make: scheduleAsha,
  },
  median: {
    help: "stops what is worse than half of the others at the same step",
    rungs: (steps) => evenly(steps, 8),
    make: scheduleMedian,
  },
  pbt: {
    help: "the worst quarter goes on from the best quarter's checkpoints, with their parameters moved",
    rungs: (steps) => evenly(steps, 8),
    make: schedulePbt,
  },
  none: { help: "lets every trial end", rungs: (steps) => evenly(steps, 4), make: scheduleNone },
} as const satisfies Readonly<Record<string, SchedulerEntry>>;

/** A name of that table. */
export type SchedulerName = keyof typeof schedulers;

/** A scheduler by name. Throws a RangeError that lists them if there is none of that name. */
export function schedulerOf(name: string): SchedulerEntry {
  if (Object.hasOwn(schedulers, name)) return schedulers[name as SchedulerName];
  throw new RangeError(
    `Cannot schedule by "${name}" as it is not a scheduler: ${didYouMean(name, Object.keys(schedulers))}`,
  );
}

function evenly(steps: number, parts: number): number[] {
  return rising(Array.from({ length: parts }, (_, i) => steps * (i + 1) / parts));
}

/** Whole steps, each once. */
function rising(steps: readonly number[]): number[] {
  return [...new Set(steps.map((step) => Math.max(1, Math.round(step))))];
}
