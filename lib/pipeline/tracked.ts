import type { OnEvent } from "../base/events.ts";
import { redact } from "../base/secret.ts";
import type { Settings } from "../config/environment.ts";
import { flatten, type LoadedConfig } from "../config/load.ts";
import { mlflowVariables } from "../track/server.ts";
import { openRun } from "../track/open_run.ts";
import type { DatasetInput, Run } from "../track/run.ts";
import { memoryRun } from "../track/memory_run.ts";

/** What a run is about. */
export interface RunFacts {
  readonly kind: "backtest" | "report" | "train" | "evaluate" | "tune" | "scenarios" | "risk" | "paper";
  readonly name: string;
  /** The command that makes the same numbers again, without settings: `["backtest"]`, `["report", "notebooks/…"]`. */
  readonly command: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
}

/** What a tracked piece of work says of itself while it runs. */
export interface Tracking extends Run {
  /** Numbers that `verify` compares, to the last bit; also logged as metrics. */
  result(values: Readonly<Record<string, number>>): void;
}

/**
 * Runs `work` inside an MLflow run that records what is needed to do it again: settings, seed, preset, command; git's
 * state is recorded by the run itself. Without tracking (`run.track=false`) the same work runs and nothing is written.
 * If `work` throws, the run is marked failed, or killed when it was interrupted, and the error goes on.
 *
 * @param onEvent is told the run when it is there, and its metrics
 */
export async function tracked<T>(
  { config, preset, settings }: LoadedConfig,
  facts: RunFacts,
  work: (run: Tracking) => Promise<T>,
  { onEvent = () => {} }: { readonly onEvent?: OnEvent } = {},
): Promise<T> {
  const tags = {
    "candelabra.kind": facts.kind,
    "candelabra.command": JSON.stringify(facts.command),
    "candelabra.preset": preset,
    "candelabra.seed": String(config.run.seed),
    ...facts.tags,
  };
  await using run = config.run.track
    ? await openRun({
      experiment: config.run.experiment,
      name: facts.name,
      tags,
      source: `lab ${facts.command.join(" ")}`,
      variables: trackingVariables(settings),
    })
    : memoryRun();
  let results: Readonly<Record<string, number>> = {};
  if (config.run.track) onEvent({ kind: "run", id: run.id, name: facts.name, url: run.url ?? null });
  try {
    run.params({ preset, ...flatten(config) });
    await run.artifact("config.json", JSON.stringify(config, null, 2) + "\n");
    const done = await work({
      ...bound(run, onEvent),
      result(values) {
        results = { ...results, ...values };
        run.metrics(values);
        onEvent({ kind: "metrics", step: null, values });
      },
    });
    await run.artifact("metrics.json", numbersJson(results));
    return done;
  } catch (error) {
    const interrupted = error instanceof DOMException && error.name === "AbortError";
    run.fail(redact(error instanceof Error ? error.message : String(error)), interrupted ? "KILLED" : "FAILED");
    throw error;
  }
}

/** MLflow's variables, those of `.env` files among them. */
export function trackingVariables(settings: Settings): Record<string, string | undefined> {
  const own = {
    URI: settings.trackingUri,
    USERNAME: settings.trackingUsername,
    PASSWORD: settings.trackingPassword?.reveal(),
    TOKEN: settings.trackingToken?.reveal(),
  };
  const set = Object.entries(own).filter(([, value]) => value).map(([key, value]) => [`MLFLOW_TRACKING_${key}`, value]);
  const database = settings.postgresUrl?.reveal();
  return { ...mlflowVariables(), ...Object.fromEntries(set), ...(database ? { POSTGRES_URL: database } : {}) };
}

/** Numbers as JSON that keeps every bit: NaN and infinities as text. */
export function numbersJson(values: Readonly<Record<string, number>>): string {
  const texts = Object.entries(values).map(([key, value]) => [key, Number.isFinite(value) ? value : String(value)]);
  return JSON.stringify(Object.fromEntries(texts), null, 2) + "\n";
}

/** A dataset input of candles. */
export function datasetOf(
  { name, hash, origin }: { readonly name: string; readonly hash: string; readonly origin: string },
  context: DatasetInput["context"],
): DatasetInput {
  return { name, digest: hash.slice(0, 32), source: origin, context };
}

function bound(run: Run, onEvent: OnEvent): Run {
  return {
    get id() {
      return run.id; // a run that was kept on disk gets MLflow's once it was sent
    },
    get url() {
      return run.url;
    },
    params: (values) => run.params(values),
    metrics(values, step) {
      run.metrics(values, step);
      onEvent({ kind: "metrics", step: step ?? null, values });
    },
    tags: (values) => run.tags(values),
    dataset: (input) => run.dataset(input),
    artifact: (path, body) => run.artifact(path, body),
    fail: (reason, status) => run.fail(reason, status),
    [Symbol.asyncDispose]: () => Promise.resolve(), // `tracked` ends it
  };
}
