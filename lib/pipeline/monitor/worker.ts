/** A worker of `lab monitor`: trains as a trial would and says how much it got done. */
import type { Json } from "../../base/json.ts";
import { serveJobs } from "../../resources/worker.ts";
import { openProbe, type ProbeJob } from "./probe.ts";

if (import.meta.main) {
  const probe = openProbe();
  await serveJobs(async (job) => await probe.run(job as unknown as ProbeJob) as unknown as Json);
}
