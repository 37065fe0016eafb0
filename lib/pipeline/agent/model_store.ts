import { openPolicy, type PolicyNotes } from "../../agent/policy_file.ts";
import { interquartileMean } from "../../backtest/mod.ts";
import { exists } from "../../base/files.ts";
import { hashOf } from "../../base/hash.ts";
import { log } from "../../base/log.ts";
import { didYouMean } from "../../base/suggest.ts";
import type { Settings } from "../../config/environment.ts";
import type { PartialConfig } from "../../config/schema.ts";
import { getArtifact, listArtifacts } from "../../track/artifacts.ts";
import { connection } from "../../track/connection.ts";
import type { Mlflow } from "../../track/mlflow.ts";
import { createVersion, getByAlias, listVersions, type ModelVersion, setAlias } from "../../track/registry.ts";
import { findRun, getRun, type StoredRun } from "../../track/runs.ts";
import type { PolicyOfSeed } from "../evaluate.ts";
import { trackingVariables } from "../tracked.ts";
import { MODEL_FOLDER, seedPath } from "./model_package.ts";

/** A model, found: its policy first, then those of the other seeds of its training. */
export interface FoundModel {
  readonly policies: readonly PolicyOfSeed[];
  readonly notes: PolicyNotes;
  readonly name: string; // "candelabra version 3 (champion)", "policy.onnx"
  readonly reference: string; // what finds the very same again: "candelabra/3", a run's id, a path
  /** What its training's run was given as data: files with their folders, which the model's own file does not tell. */
  readonly input?: string;
}

const CHALLENGER = "challenger";
const CHAMPION = "champion";

/**
 * Finds a model by what a person writes: `candelabra@champion`, `candelabra/3`, an ONNX file, or a training's run.
 *
 * @throws {RangeError} if there is no such model, saying what there is
 */
export async function findModel(reference: string, settings: Settings): Promise<FoundModel> {
  if (reference.endsWith(".onnx")) return await modelOfFile(reference);
  const server = await connection({ variables: trackingVariables(settings) }).get();
  const [, name, mark, which] = reference.match(/^([^@/]+)([@/])(.+)$/) ?? [];
  if (name !== undefined) {
    const version = await findVersion(server, name, mark === "@" ? which : Number(which), reference);
    const found = await modelOfRun(server, await getRun(server, version.runId));
    const titles = [`${name} version ${version.version}`, ...(mark === "@" ? [`(${which})`] : [])];
    return { ...found, name: titles.join(" "), reference: `${name}/${version.version}` };
  }
  const run = await findRun(server, reference);
  return { ...await modelOfRun(server, run), name: run.name, reference: run.id };
}

async function modelOfFile(path: string): Promise<FoundModel> {
  if (!await exists(path)) throw new RangeError(`Cannot use the model ${path} as there is no such file`);
  const file = await Deno.readFile(path);
  await using policy = await openPolicy(file);
  const { notes } = policy;
  return { policies: [{ seed: seedOf(notes), file }], notes, name: path, reference: path };
}

async function modelOfRun(server: Mlflow, run: StoredRun): Promise<Omit<FoundModel, "name" | "reference">> {
  const entries = await listArtifacts(server, run, MODEL_FOLDER);
  if (!entries.some(({ path }) => path === `${MODEL_FOLDER}/model.onnx`)) {
    throw new RangeError(`Cannot use the run ${run.id} (${run.name}) as a model as it holds none: it is no training`);
  }
  const file = await getArtifact(server, run, `${MODEL_FOLDER}/model.onnx`);
  await using policy = await openPolicy(file);
  const { notes } = policy;
  const seed = seedOf(notes);
  const others = await listArtifacts(server, run, `${MODEL_FOLDER}/seeds`);
  const seeds = others.map(({ path }) => Number(path.match(/seed-(\d+)\.onnx$/)?.[1])).filter((one) => one !== seed)
    .sort((a, b) => a - b);
  const rest = await Promise.all(
    seeds.map(async (seed) => ({ seed, file: await getArtifact(server, run, `${MODEL_FOLDER}/${seedPath(seed)}`) })),
  );
  const input = run.params["data.input"];
  return { policies: [{ seed, file }, ...rest], notes, ...(input === undefined ? {} : { input }) };
}

async function findVersion(server: Mlflow, name: string, which: string | number, reference: string) {
  const versions = await listVersions(server, name);
  const found = typeof which === "string"
    ? versions.find(({ aliases }) => aliases.includes(which))
    : versions.find(({ version }) => version === which);
  if (found) return found;
  if (versions.length === 0) {
    throw new RangeError(
      `Cannot use the model ${reference} as none called "${name}" is registered: deno task train makes one`,
    );
  }
  const known = versions.flatMap(({ version, aliases }) => [...aliases.map((alias) => `@${alias}`), `/${version}`]);
  throw new RangeError(
    `Cannot use the model ${reference} as there is no such version: ${didYouMean(String(which), known)}`,
  );
}

const seedOf = ({ about }: PolicyNotes): number => Number(about.seed ?? 0);

/** Settings that a model was trained by, in as far as they bear on how it is evaluated. */
export function settingsOfModel({ notes: { about }, input }: Pick<FoundModel, "notes" | "input">): PartialConfig {
  const sections: Record<string, Record<string, string>> = {};
  for (const [path, value] of Object.entries(JSON.parse(about.settings ?? "{}") as Record<string, string>)) {
    const [section, key] = path.split(".");
    if (["data", "features", "costs", "split", "backtest", "env", "risk"].includes(section)) {
      (sections[section] ??= {})[key] = value;
    }
  }
  if (input !== undefined) (sections.data ??= {}).input = input;
  return sections as PartialConfig;
}

/** What registering did. */
export interface Registered {
  readonly name: string;
  readonly version: number;
  readonly champion: boolean;
  /** Why it did, or did not, become champion: a sentence. */
  readonly reason: string;
}

/** How well a training did on its validation part, and on which: only equal trials are compared. */
export interface ValidationScore {
  readonly trial: string; // hash of data, split, costs and account
  readonly score: number; // interquartile mean of the seeds' kept returns
}

/** @param returns on the validation part, of each seed's kept weights */
export function validationScore(trial: Readonly<Record<string, unknown>>, returns: readonly number[]): ValidationScore {
  return { trial: hashOf(JSON.stringify(trial)).slice(0, 16), score: interquartileMean(returns) };
}

/**
 * Registers a training's model. It becomes the challenger, always; and the champion if there is none yet, or if the
 * champion was tried on the same bars at the same costs and earned less there. A champion that was tried on something
 * else stays until a person says otherwise (`promoteModel`).
 *
 * Nothing is registered, and a warning says so, when the tracker is out of reach: the model is in the run, which is sent
 * later, and `promoteModel` registers it then.
 */
export async function registerModel(
  name: string,
  run: string,
  { trial, score }: ValidationScore,
  tags: Readonly<Record<string, string>>,
  settings: Settings,
): Promise<Registered | undefined> {
  try {
    const server = await connection({ variables: trackingVariables(settings) }).get();
    const before = await getByAlias(server, name, CHAMPION);
    const made = await createVersion(server, {
      name,
      run: await getRun(server, run),
      path: MODEL_FOLDER,
      tags: { ...tags, "candelabra.trial": trial, "candelabra.validation": String(score) },
    });
    await setAlias(server, name, CHALLENGER, made.version);
    const { champion, reason } = judge(before, { trial, score });
    if (champion) await setAlias(server, name, CHAMPION, made.version);
    return { name, version: made.version, champion, reason };
  } catch (error) {
    log("warn", `The model was not registered: ${(error as Error).message}. Later: deno task lab promote ${run}`);
    return undefined;
  }
}

/** Whether a newcomer takes the champion's place, and why. */
export function judge(
  champion: Pick<ModelVersion, "version" | "tags"> | undefined,
  { trial, score }: ValidationScore,
): { champion: boolean; reason: string } {
  if (!champion) return { champion: true, reason: "it is the first, and so the champion" };
  const other = Number(champion.tags["candelabra.validation"] ?? NaN);
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
  if (champion.tags["candelabra.trial"] !== trial || Number.isNaN(other) || Number.isNaN(score)) {
    return {
      champion: false,
      reason: `the champion, version ${champion.version}, was validated on other bars or costs, so the two cannot be ` +
        `compared; to promote this one: deno task lab promote ${CHALLENGER}`,
    };
  }
  return score > other
    ? {
      champion: true,
      reason: `it earned ${percent(score)} on validation, and takes the place of version ${champion.version} (${
        percent(other)
      })`,
    }
    : {
      champion: false,
      reason: `the champion, version ${champion.version}, earned ${percent(other)} on validation, this one ${
        percent(score)
      }`,
    };
}

/**
 * Makes a version the champion: by its number, by an alias, or by the run that trained it, which is registered if it is
 * not.
 *
 * @throws {RangeError} if there is no such version or run
 */
export async function promoteModel(name: string, which: string, settings: Settings): Promise<ModelVersion> {
  const server = await connection({ variables: trackingVariables(settings) }).get();
  let version: ModelVersion;
  if (/^\d{1,6}$/.test(which) || /^[a-z]+$/i.test(which) && !/^[0-9a-f]{7,}$/.test(which)) {
    version = await findVersion(server, name, /^\d+$/.test(which) ? Number(which) : which, `${name} ${which}`);
  } else {
    const run = await findRun(server, which);
    await modelOfRun(server, run); // it must hold one
    const known = (await listVersions(server, name)).find(({ runId }) => runId === run.id);
    version = known ?? await createVersion(server, { name, run, path: MODEL_FOLDER });
  }
  await setAlias(server, name, CHAMPION, version.version);
  return version;
}

/** Versions of a model, newest first. */
export async function listModels(name: string, settings: Settings): Promise<ModelVersion[]> {
  return await listVersions(await connection({ variables: trackingVariables(settings) }).get(), name);
}
