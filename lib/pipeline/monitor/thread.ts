/** A worker of `monitorStage` where no programs may be started: a thread that trains as a trial would. */
import { openProbe, type ProbeJob } from "./probe.ts";

const probe = openProbe();
const scope = self as unknown as Worker;
scope.onmessage = async ({ data }: MessageEvent<ProbeJob>) => {
  try {
    scope.postMessage({ result: await probe.run(data) });
  } catch (error) {
    scope.postMessage({ error: error instanceof Error ? error.message : String(error) });
  }
};
