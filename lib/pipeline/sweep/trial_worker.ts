/** A trial process: a job a line on standard input, messages on standard output. See `lib/hyperopt/trial.ts`. */
import type { Json } from "../../base/json.ts";
import type { TrialAnswer, TrialJob } from "../../hyperopt/trial.ts";
import { serveJobs } from "../../resources/worker.ts";
import { openTrials } from "./trial.ts";

if (import.meta.main) {
  const trials = openTrials();
  type Said = { readonly [key: string]: Json };
  await serveJobs(async (job, { ask, signal }) =>
    await trials.run(
      job as unknown as TrialJob,
      async (report) => await ask(report as unknown as Said) as unknown as TrialAnswer,
      signal,
    ) as unknown as Json
  );
}
