import { codeOf, type Mlflow } from "./mlflow.ts";

/** A version of a registered model. */
export interface ModelVersion {
  readonly name: string;
  readonly version: number;
  readonly runId: string;
  readonly source: string; // where its files are: runs:/<run>/<path> or an artifact address
  readonly aliases: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}

/** Registers the files at `path` of a run as the next version of the model `name`, which is made when there is none. */
export async function createVersion(
  server: Mlflow,
  { name, run, path, tags = {}, description = "" }: {
    readonly name: string;
    readonly run: { readonly id: string; readonly artifactUri: string };
    readonly path: string; // folder among the run's artifacts
    readonly tags?: Readonly<Record<string, string>>;
    readonly description?: string;
  },
): Promise<ModelVersion> {
  try {
    await server.call("registered-models/create", { body: { name }, once: true });
  } catch (error) {
    if (codeOf(error) !== "RESOURCE_ALREADY_EXISTS") throw error;
  }
  const body = {
    name,
    run_id: run.id,
    source: `${run.artifactUri}/${path}`,
    description,
    tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
  };
  const answer = await server.call<{ model_version: VersionJson }>("model-versions/create", { body, once: true });
  return modelVersion(answer.model_version);
}

/** Points `alias` (`champion`) at a version; it points nowhere else then. */
export async function setAlias(server: Mlflow, name: string, alias: string, version: number): Promise<void> {
  await server.call("registered-models/alias", { body: { name, alias, version: String(version) } });
}

/** Takes an alias away. */
export async function deleteAlias(server: Mlflow, name: string, alias: string): Promise<void> {
  await server.call("registered-models/alias", { body: { name, alias }, method: "DELETE" });
}

/** The version that `alias` points at, or nothing. */
export async function getByAlias(server: Mlflow, name: string, alias: string): Promise<ModelVersion | undefined> {
  try {
    const query = { name, alias };
    return modelVersion(
      (await server.call<{ model_version: VersionJson }>("registered-models/alias", { query })).model_version,
    );
  } catch (error) {
    // An alias that is not set is an INVALID_PARAMETER_VALUE, a model that is not there a RESOURCE_DOES_NOT_EXIST.
    if (["RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"].includes(codeOf(error) ?? "")) return undefined;
    throw error;
  }
}

/** All versions of a model, newest first; none when there is no such model. */
export async function listVersions(server: Mlflow, name: string): Promise<ModelVersion[]> {
  const versions: ModelVersion[] = [];
  let token: string | undefined;
  do {
    const query = { filter: `name='${name.replaceAll("'", "''")}'`, ...(token ? { page_token: token } : {}) };
    const page = await server.call<{ model_versions?: VersionJson[]; next_page_token?: string }>(
      "model-versions/search",
      { query },
    );
    versions.push(...(page.model_versions ?? []).map(modelVersion));
    token = page.next_page_token;
  } while (token);
  if (versions.length === 0) return [];
  // The search leaves aliases out; the model has them.
  const { registered_model: model } = await server.call<{ registered_model: { aliases?: AliasJson[] } }>(
    "registered-models/get",
    { query: { name } },
  );
  const aliasesOf = (version: number) =>
    (model.aliases ?? []).filter((alias) => Number(alias.version) === version).map(({ alias }) => alias);
  return versions.map((version) => ({ ...version, aliases: aliasesOf(version.version) }))
    .sort((a, b) => b.version - a.version);
}

interface AliasJson {
  readonly alias: string;
  readonly version: string;
}
interface VersionJson {
  readonly name: string;
  readonly version: string;
  readonly run_id?: string;
  readonly source?: string;
  readonly aliases?: string[];
  readonly tags?: { readonly key: string; readonly value: string }[];
}

function modelVersion(json: VersionJson): ModelVersion {
  return {
    name: json.name,
    version: Number(json.version),
    runId: json.run_id ?? "",
    source: json.source ?? "",
    aliases: json.aliases ?? [],
    tags: Object.fromEntries((json.tags ?? []).map(({ key, value }) => [key, value])),
  };
}
