import type { OnEvent } from "../base/events.ts";
import type { Progress } from "../base/progress.ts";

/** What a stage is given beside its settings. All may be left out. */
export interface Deps {
  /** Stops long work between two of its steps; what was finished stays. */
  readonly signal?: AbortSignal;
  /** Opens a bar for a step of that name. */
  readonly progress?: (label: string) => Progress;
  /** Is told what happens, for somebody who watches from outside. */
  readonly onEvent?: OnEvent;
}

/** A bar from `deps`, or one that shows nothing. */
export function barOf({ progress }: Deps, label: string): Progress {
  return progress?.(label) ?? { update() {}, [Symbol.dispose]() {} };
}

/**
 * For long work between two awaits of its own: awaiting what this gives lets Ctrl-C, timers and other requests in, at most
 * every 50 ms, and throws when the work was interrupted.
 */
export function breath({ signal }: Deps): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last > 50) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      last = performance.now();
    }
    signal?.throwIfAborted();
  };
}
