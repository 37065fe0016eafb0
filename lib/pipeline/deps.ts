import type { Progress } from "../base/progress.ts";

/** What a stage is given beside its settings. All may be left out. */
export interface Deps {
  /** Stops long work between two of its steps; what was finished stays. */
  readonly signal?: AbortSignal;
  /** Opens a bar for a step of that name. */
  readonly progress?: (label: string) => Progress;
}

/** A bar from `deps`, or one that shows nothing. */
export function barOf({ progress }: Deps, label: string): Progress {
  return progress?.(label) ?? { update() {}, [Symbol.dispose]() {} };
}
