import { log } from "../base/log.ts";
import { loadConfig } from "../config/load.ts";
import { trackingVariables } from "../pipeline/tracked.ts";
import { connection } from "../track/connection.ts";
import type { Mlflow } from "../track/mlflow.ts";
import { listVersions, type ModelVersion, setAlias } from "../track/registry.ts";
import { searchRuns } from "../track/runs.ts";
import { runningServer, type ServerOptions } from "../track/server.ts";
import { Problem } from "./problem.ts";

/** How tracking stands. */
export interface TrackingState {
  readonly state: "off" | "starting" | "on" | "failed";
  readonly uri: string | null; // MLflow's pages
  readonly note: string; // what to do, or what is going on
}

/** A tracked run, as lists show it. */
export interface RunRow {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly status: string;
  readonly started: number; // ms UTC
  readonly ended: number | null;
  readonly data: string;
  readonly report: string; // file in reports/, "" without one
  readonly url: string;
  readonly parent: string; // id of the run it belongs to
  readonly metrics: Readonly<Record<string, number | null>>; // a few of them
}

/** A version of a model, as lists show it. */
export interface ModelRow {
  readonly name: string;
  readonly version: number;
  readonly aliases: readonly string[];
  readonly validation: number | null; // return on the validation part
  readonly data: string;
  readonly trunk: string;
  readonly seeds: string;
  readonly features: string;
  readonly run: string;
  readonly url: string;
}

/** MLflow, as far as the panel needs it. It is started only when somebody asks for it. */
export interface Tracking {
  state(): Promise<TrackingState>;
  /** Begins to start the local server; `state` says how it goes. */
  start(): void;
  runs(most: number): Promise<RunRow[]>;
  models(name: string): Promise<ModelRow[]>;
  /** Makes a version the champion. @throws {Problem} 404, 409 */
  promote(name: string, version: number): Promise<ModelRow>;
}

/** Opens tracking; nothing is started. */
export function openTracking(options: ServerOptions = {}): Tracking {
  let starting: Promise<unknown> | undefined;
  let failure = "";
  let note = "";
  const variables = () => options.variables ?? trackingVariables(loadConfig().settings);
  const reach = () =>
    connection({ ...options, variables: variables(), onProgress: (_done, _total, text = "") => void (note = text) })
      .get();

  async function state(): Promise<TrackingState> {
    const given = variables()["MLFLOW_TRACKING_URI"];
    if (given) return { state: "on", uri: connection({ ...options, variables: variables() }).target, note: "" };
    const uri = await runningServer(options.root).catch((error) => void (failure = error.message));
    if (uri) return { state: "on", uri, note: "" };
    if (starting) return { state: "starting", uri: null, note: note || "MLflow is starting" };
    if (failure) return { state: "failed", uri: null, note: failure };
    return { state: "off", uri: null, note: "MLflow does not run: it starts with the first tracked run, or now" };
  }

  async function server(): Promise<{ server: Mlflow; uri: string }> {
    const { state: how, uri, note } = await state();
    if (how !== "on" || uri === null) throw new Problem(409, note);
    try {
      return { server: await reach(), uri };
    } catch (error) {
      throw new Problem(409, (error as Error).message);
    }
  }

  return {
    state,
    start() {
      failure = "";
      starting ??= reach()
        .catch((error) => {
          failure = (error as Error).message;
          log("warn", failure);
        })
        .finally(() => void (starting = undefined));
    },
    async runs(most) {
      const { server: mlflow, uri } = await server();
      const { config } = loadConfig();
      const found = await guarded(() => searchRuns(mlflow, { experiments: [config.run.experiment], most }));
      return found.map(({ id, name, status, startTime, endTime, experimentId, tags, metrics }) => ({
        id,
        name,
        kind: tags["candelabra.kind"] ?? "",
        status: status.toLowerCase(),
        started: startTime,
        ended: endTime ?? null,
        data: tags["candelabra.data"] ?? "",
        report: tags["candelabra.report"] ?? "",
        url: `${uri}/#/experiments/${experimentId}/runs/${id}`,
        parent: tags["mlflow.parentRunId"] ?? "",
        metrics: fewOf(metrics),
      }));
    },
    async models(name) {
      const { server: mlflow, uri } = await server();
      return (await guarded(() => listVersions(mlflow, name))).map((version) => modelRow(version, uri));
    },
    async promote(name, version) {
      const { server: mlflow, uri } = await server();
      const found = (await guarded(() => listVersions(mlflow, name))).find((one) => one.version === version);
      if (!found) throw new Problem(404, `There is no version ${version} of the model ${name}`);
      await guarded(() => setAlias(mlflow, name, "champion", version));
      return modelRow(
        { ...found, aliases: [...found.aliases.filter((alias) => alias !== "champion"), "champion"] },
        uri,
      );
    },
  };
}

/** What MLflow refuses is told, and is no fault of the panel. */
async function guarded<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw new Problem(409, (error as Error).message);
  }
}

/** The numbers that say most, where a run has them: its own, then its agent's on the test part, then others'. */
function fewOf(metrics: Readonly<Record<string, number>>): Record<string, number | null> {
  const wanted = /(?:^|\/)(?:total_return|sharpe_ratio|max_drawdown|validation_return)$/;
  const rank = (key: string) =>
    key.includes("/") ? (/(?:^|\/)(?:agent|strategy)\//.test(key) ? 1 : key.split("/").length) : 0;
  const found = Object.entries(metrics).filter(([key]) => wanted.test(key)).sort(([a], [b]) => rank(a) - rank(b));
  return Object.fromEntries(found.slice(0, 4).map(([key, value]) => [key, Number.isFinite(value) ? value : null]));
}

function modelRow({ name, version, aliases, tags, runId }: ModelVersion, uri: string): ModelRow {
  const validation = Number(tags["candelabra.validation"] ?? NaN);
  return {
    name,
    version,
    aliases,
    validation: Number.isFinite(validation) ? validation : null,
    data: tags.data ?? "",
    trunk: tags.trunk ?? "",
    seeds: tags.seeds ?? "",
    features: tags.features ?? "",
    run: runId,
    url: `${uri}/#/models/${encodeURIComponent(name)}/versions/${version}`,
  };
}
