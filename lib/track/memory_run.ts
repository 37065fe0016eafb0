import { checkArtifactPath, checkMetrics, saidOnce } from "./keys.ts";
import type { DatasetInput, Run } from "./run.ts";
import type { MetricPoint } from "./runs.ts";

/** A run that stays in memory, to be looked at: for tests, and for work that is not tracked. */
export interface MemoryRun extends Run {
  readonly said: {
    readonly params: Readonly<Record<string, string | number | boolean>>;
    readonly metrics: readonly Omit<MetricPoint, "timestamp">[]; // in the order they came
    readonly tags: Readonly<Record<string, string>>;
    readonly datasets: readonly DatasetInput[];
    readonly artifacts: ReadonlyMap<string, Uint8Array | string>;
    readonly status: "RUNNING" | "FINISHED" | "FAILED" | "KILLED";
    readonly failure: string | undefined;
  };
}

/** Opens a run that goes nowhere. */
export function memoryRun(id = "memory"): MemoryRun {
  const params: Record<string, string | number | boolean> = {};
  const once = new Map<string, string>();
  const metrics: Omit<MetricPoint, "timestamp">[] = [];
  const tags: Record<string, string> = {};
  const datasets: DatasetInput[] = [];
  const artifacts = new Map<string, Uint8Array | string>();
  let failure: string | undefined;
  let ended: "FINISHED" | "FAILED" | "KILLED" = "FINISHED";
  let closed = false;
  return {
    id,
    url: undefined,
    params(values) {
      saidOnce(once, Object.fromEntries(Object.entries(values).map(([key, value]) => [key, String(value)])));
      Object.assign(params, values);
    },
    metrics(values, step = 0) {
      checkMetrics(values, step);
      for (const [key, value] of Object.entries(values)) metrics.push({ key, value, step });
    },
    tags: (values) => void Object.assign(tags, values),
    dataset: (input) => void datasets.push(input),
    artifact(path, body) {
      artifacts.set(checkArtifactPath(path), body);
      return Promise.resolve();
    },
    fail(reason, status = "FAILED") {
      failure = reason;
      ended = status;
    },
    [Symbol.asyncDispose]() {
      closed = true;
      return Promise.resolve();
    },
    said: {
      params,
      metrics,
      tags,
      datasets,
      artifacts,
      get status() {
        return failure !== undefined || closed ? ended : "RUNNING";
      },
      get failure() {
        return failure;
      },
    },
  };
}
