import type { Progress } from "../base/progress.ts";
import type { Bars } from "../features/leak_views.ts";
import { checkLeaksAsync, type Columns, type LeakVerdict } from "../features/leaks.ts";
import type { Displayable } from "../base/display.ts";
import { breath, type Deps } from "./deps.ts";

/** `checkLeaks` with a bar to watch, which Ctrl-C can end. */
export async function interruptibleLeakCheck<B extends Bars>(
  bars: B,
  compute: (bars: B) => Columns | Promise<Columns>,
  deps: Deps,
  bar?: Progress,
): Promise<LeakVerdict & Displayable> {
  const pause = breath(deps);
  return await checkLeaksAsync(bars, async (view) => {
    await pause();
    return await compute(view);
  }, {
    onProgress(done, total, note) {
      deps.signal?.throwIfAborted(); // what `compute` throws would count as a refusal
      bar?.update(done, total, note);
    },
  });
}
