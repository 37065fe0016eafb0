import { longest, metricValue, numberOf } from "./keys.ts";
import { codeOf, isDown, type Mlflow } from "./mlflow.ts";
import type { DatasetInput } from "./run.ts";

/** How a run stands. */
export type RunStatus = "RUNNING" | "SCHEDULED" | "FINISHED" | "FAILED" | "KILLED";

/** A run as MLflow has it. */
export interface StoredRun {
  readonly id: string;
  readonly name: string;
  readonly experimentId: string;
  readonly status: RunStatus;
  readonly deleted: boolean; // someone threw it away; nothing more can be written
  readonly startTime: number; // ms UTC
  readonly endTime: number | undefined;
  readonly artifactUri: string;
  readonly params: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, number>>; // last value of each
  readonly tags: Readonly<Record<string, string>>;
  readonly datasets: readonly DatasetInput[];
}

/** One point of a metric's history. */
export interface MetricPoint {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number; // ms UTC
  readonly step: number;
}

/** Id of the experiment of that name, which is made when there is none. */
export async function experimentId(server: Mlflow, name: string): Promise<string> {
  const found = await findExperiment(server, name);
  if (found !== undefined) return found;
  try {
    // The tag opens MLflow's pages in their model training view.
    const body = { name, tags: [{ key: "mlflow.experimentKind", value: "custom_model_development" }] };
    const made = await server.call<{ experiment_id: string }>("experiments/create", { body, once: true });
    return made.experiment_id;
  } catch (error) {
    // Another process made it, or the answer was lost on its way: look again.
    if (codeOf(error) !== "RESOURCE_ALREADY_EXISTS" && !isDown(error)) throw error;
    const other = await findExperiment(server, name);
    if (other === undefined) throw error;
    return other;
  }
}

interface ExperimentJson {
  readonly experiment: { readonly experiment_id: string; readonly lifecycle_stage: string };
}

async function findExperiment(server: Mlflow, name: string): Promise<string | undefined> {
  try {
    const query = { experiment_name: name };
    const { experiment } = await server.call<ExperimentJson>("experiments/get-by-name", { query });
    if (experiment.lifecycle_stage === "active") return experiment.experiment_id;
  } catch (error) {
    if (codeOf(error) === "RESOURCE_DOES_NOT_EXIST") return undefined;
    throw error;
  }
  throw new RangeError(
    `Cannot track to the experiment "${name}" as it was deleted on ${server.uri}: restore it there or choose another name`,
  );
}

/** What a new run is told at once. */
export interface NewRun {
  readonly experimentId: string;
  readonly name: string;
  readonly startTime: number; // ms UTC
  readonly tags: Readonly<Record<string, string>>;
}

/** Creates a run. Not idempotent: the caller finds out whether a lost answer meant a run. */
export async function createRun(server: Mlflow, run: NewRun): Promise<StoredRun> {
  const body = {
    experiment_id: run.experimentId,
    run_name: run.name,
    start_time: run.startTime,
    tags: pairs(run.tags, longest.tag),
  };
  return storedRun((await server.call<{ run: RunJson }>("runs/create", { body, once: true })).run);
}

/** Reads a run. @throws {Error} with code RESOURCE_DOES_NOT_EXIST if there is none */
export async function getRun(server: Mlflow, id: string): Promise<StoredRun> {
  return storedRun((await server.call<{ run: RunJson }>("runs/get", { query: { run_id: id } })).run);
}

/**
 * The run whose id begins with `start`: people copy the first eight letters.
 *
 * @throws {RangeError} if there is none, or more than one
 */
export async function findRun(server: Mlflow, start: string): Promise<StoredRun> {
  if (/^[0-9a-f]{32}$/.test(start)) {
    try {
      return await getRun(server, start);
    } catch (error) {
      if (codeOf(error) !== "RESOURCE_DOES_NOT_EXIST") throw error;
    }
  }
  const found = (await searchRuns(server, { most: 100_000 })).filter(({ id }) => start !== "" && id.startsWith(start));
  if (found.length === 1) return found[0];
  throw new RangeError(
    found.length === 0
      ? `Cannot find the run "${start}" on ${server.uri}: no run's id begins so`
      : `Cannot find the run "${start}" as it must be one: ${
        found.map(({ id }) => id).slice(0, 5).join(", ")
      } begin so`,
  );
}

/** Ends or renames a run. */
export async function updateRun(
  server: Mlflow,
  id: string,
  { status, endTime, name }: { status?: RunStatus; endTime?: number; name?: string },
): Promise<void> {
  await server.call("runs/update", { body: { run_id: id, status, end_time: endTime, run_name: name } });
}

/** What one call may carry at most. */
export const batchLimit = { metrics: 1000, params: 100, tags: 100, all: 1000, characters: 900_000 };

/** Params, tags and metric points of a run. Sending the same again changes nothing. */
export interface Batch {
  readonly metrics?: readonly MetricPoint[];
  readonly params?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
}

/**
 * Logs one batch, which must be within `batchLimit`; one entry that MLflow refuses fails all of it. Keys must be safe.
 */
export async function logBatch(server: Mlflow, id: string, { metrics = [], params = {}, tags = {} }: Batch) {
  const body = {
    run_id: id,
    metrics: metrics.map((point) => ({ ...point, value: metricValue(point.value) })),
    params: pairs(params, longest.param),
    tags: pairs(tags, longest.tag),
  };
  await server.call("runs/log-batch", { body });
}

/** Says which data a run saw. */
export async function logInputs(server: Mlflow, id: string, datasets: readonly DatasetInput[]): Promise<void> {
  const body = {
    run_id: id,
    datasets: datasets.map(({ name, digest, source, context }) => ({
      tags: [{ key: "mlflow.data.context", value: context }],
      dataset: {
        name,
        digest: digest.slice(0, 36),
        source_type: "candles",
        source: JSON.stringify({ source, digest }),
      },
    })),
  };
  await server.call("runs/log-inputs", { body });
}

/** Which runs to look for. `filter` and `orderBy` in MLflow's words: `metrics.sharpe > 1`, `attributes.start_time DESC`. */
export interface RunSearch {
  readonly experiments?: readonly string[]; // names; all when left out
  readonly filter?: string;
  readonly orderBy?: readonly string[];
  readonly most?: number;
}

/** Runs that match, newest first unless told otherwise. */
export async function searchRuns(server: Mlflow, search: RunSearch = {}): Promise<StoredRun[]> {
  const { filter = "", orderBy = ["attributes.start_time DESC"], most = 1000 } = search;
  const ids = await experimentIds(server, search.experiments);
  if (ids.length === 0) return [];
  const runs: StoredRun[] = [];
  let token: string | undefined;
  do {
    const body = {
      experiment_ids: ids,
      filter,
      order_by: orderBy,
      max_results: Math.min(1000, most - runs.length),
      ...(token ? { page_token: token } : {}),
    };
    const page = await server.call<{ runs?: RunJson[]; next_page_token?: string }>("runs/search", { body });
    runs.push(...(page.runs ?? []).map(storedRun));
    token = page.next_page_token;
  } while (token && runs.length < most);
  return runs;
}

async function experimentIds(server: Mlflow, names: readonly string[] | undefined): Promise<string[]> {
  if (names) {
    const ids = await Promise.all(names.map((name) => findExperiment(server, name)));
    return ids.filter((id) => id !== undefined);
  }
  const ids: string[] = [];
  let token: string | undefined;
  do {
    const body = { max_results: 1000, ...(token ? { page_token: token } : {}) };
    const page = await server.call<{ experiments?: { experiment_id: string }[]; next_page_token?: string }>(
      "experiments/search",
      { body },
    );
    ids.push(...(page.experiments ?? []).map((experiment) => experiment.experiment_id));
    token = page.next_page_token;
  } while (token);
  return ids;
}

/** All points of one metric, in the order of steps. */
export async function metricHistory(server: Mlflow, id: string, key: string): Promise<MetricPoint[]> {
  const points: MetricPoint[] = [];
  let token: string | undefined;
  do {
    const query = { run_id: id, metric_key: key, max_results: 25_000, ...(token ? { page_token: token } : {}) };
    const page = await server.call<{ metrics?: MetricJson[]; next_page_token?: string }>("metrics/get-history", {
      query,
    });
    points.push(...(page.metrics ?? []).map(metricPoint));
    token = page.next_page_token;
  } while (token);
  return points.sort((a, b) => a.step - b.step || a.timestamp - b.timestamp);
}

interface Pair {
  readonly key: string;
  readonly value: string;
}
interface MetricJson {
  readonly key: string;
  readonly value: number | string;
  readonly timestamp: number;
  readonly step?: number | string;
}
interface RunJson {
  readonly info: {
    readonly run_id: string;
    readonly run_name?: string;
    readonly experiment_id: string;
    readonly status: RunStatus;
    readonly lifecycle_stage?: string;
    readonly start_time: number;
    readonly end_time?: number;
    readonly artifact_uri: string;
  };
  readonly data?: { readonly params?: Pair[]; readonly metrics?: MetricJson[]; readonly tags?: Pair[] };
  readonly inputs?: {
    readonly dataset_inputs?: {
      readonly tags?: Pair[];
      readonly dataset: { readonly name: string; readonly digest: string; readonly source: string };
    }[];
  };
}

function storedRun({ info, data = {}, inputs = {} }: RunJson): StoredRun {
  return {
    id: info.run_id,
    name: info.run_name ?? "",
    experimentId: info.experiment_id,
    status: info.status,
    deleted: info.lifecycle_stage === "deleted",
    startTime: Number(info.start_time),
    endTime: info.end_time === undefined ? undefined : Number(info.end_time),
    artifactUri: info.artifact_uri,
    params: record(data.params),
    metrics: Object.fromEntries((data.metrics ?? []).map(({ key, value }) => [key, numberOf(value)])),
    tags: record(data.tags),
    datasets: (inputs.dataset_inputs ?? []).map(({ tags, dataset }) => ({
      name: dataset.name,
      ...datasetSource(dataset),
      context: (record(tags)["mlflow.data.context"] ?? "training") as DatasetInput["context"],
    })),
  };
}

/** Ours say both in `source`, as MLflow keeps only 36 characters of a digest; others' are taken as they are. */
function datasetSource(dataset: { digest: string; source: string }): { digest: string; source: string } {
  if (!dataset.source.startsWith("{")) return dataset;
  const { digest = dataset.digest, source = dataset.source } = JSON.parse(dataset.source);
  return { digest, source };
}

const metricPoint = ({ key, value, timestamp, step = 0 }: MetricJson): MetricPoint => ({
  key,
  value: numberOf(value),
  timestamp: Number(timestamp),
  step: Number(step),
});

const record = (pairs: readonly Pair[] = []) => Object.fromEntries(pairs.map(({ key, value }) => [key, value]));

const pairs = (values: Readonly<Record<string, string>>, most: number): Pair[] =>
  Object.entries(values).map(([key, value]) => ({ key, value: cut(value, most) }));

/** Text within MLflow's limit, which shows that it was cut. */
export function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
