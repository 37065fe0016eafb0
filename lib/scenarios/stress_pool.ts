import type { TrialColumns, TrialRange } from "./run_trials.ts";
import type { TrialPlan } from "./trial.ts";

/**
 * Runs ranges of trials in workers, each taking the next when it is done with one.
 *
 * @throws what a worker throws, as a `RangeError` where it is one; the signal's reason when aborted. All workers are
 * ended then
 */
export async function runInWorkers(
  plan: TrialPlan,
  ranges: readonly TrialRange[],
  count: number,
  keep: (range: TrialRange, columns: TrialColumns) => void,
  signal?: AbortSignal,
): Promise<void> {
  signal?.throwIfAborted();
  const workers = Array.from(
    { length: count },
    () => new Worker(new URL("./stress_worker.ts", import.meta.url), { type: "module" }),
  );
  const onAbort = Promise.withResolvers<never>();
  const abort = () => onAbort.reject(signal?.reason);
  signal?.addEventListener("abort", abort);
  let next = 0;
  const serve = (worker: Worker) =>
    new Promise<void>((resolve, reject) => {
      const give = () => {
        if (next === ranges.length) return resolve();
        worker.postMessage({ at: next, range: ranges[next++] });
      };
      worker.onmessage = ({ data }) => {
        if ("error" in data) {
          return reject(new (data.error.name === "RangeError" ? RangeError : Error)(data.error.message));
        }
        keep(ranges[data.at], data.columns);
        give();
      };
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(`A worker of the stress test broke down: ${event.message}`));
      };
      worker.postMessage({ plan });
      give();
    });
  try {
    await Promise.race([Promise.all(workers.map(serve)), onAbort.promise]);
  } finally {
    signal?.removeEventListener("abort", abort);
    for (const worker of workers) worker.terminate();
  }
}
