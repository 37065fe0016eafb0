import { checkArtifactPath } from "./keys.ts";
import type { Mlflow } from "./mlflow.ts";
import type { StoredRun } from "./runs.ts";

/** The part of a run that says where its files are. */
export type ArtifactHome = Pick<StoredRun, "id" | "experimentId" | "artifactUri">;

/** A file or folder among a run's artifacts. */
export interface ArtifactEntry {
  readonly path: string;
  readonly folder: boolean;
  readonly size: number; // bytes
}

/**
 * Keeps a file with a run, through the server. `body` may be a file's path, which is then streamed.
 *
 * @throws {Error} if the server does not take artifacts
 */
export async function putArtifact(
  server: Mlflow,
  run: ArtifactHome,
  path: string,
  body: Uint8Array<ArrayBuffer> | string | { readonly file: string },
): Promise<void> {
  const url = proxyPath(run, checkArtifactPath(path));
  const headers = { "content-type": "application/octet-stream" };
  if (typeof body === "string" || body instanceof Uint8Array) {
    const response = await server.fetch(url, { method: "PUT", body, headers }, { seconds: 60 + body.length / 1e6 });
    return void await response.body?.cancel();
  }
  const { size } = await Deno.stat(body.file);
  const whole = size < 8e6 ? await Deno.readFile(body.file) : undefined; // small ones can be repeated
  const content = whole ?? (await Deno.open(body.file)).readable;
  const request = { seconds: 60 + size / 1e6, once: whole === undefined };
  const response = await server.fetch(url, { method: "PUT", body: content, headers }, request);
  await response.body?.cancel();
}

/** A run's file. @throws {Error} if there is none */
export async function getArtifact(server: Mlflow, run: ArtifactHome, path: string): Promise<Uint8Array<ArrayBuffer>> {
  return await (await server.fetch(proxyPath(run, checkArtifactPath(path)))).bytes();
}

/** What is in a folder of a run's artifacts; the top one when `path` is left out. */
export async function listArtifacts(server: Mlflow, run: ArtifactHome, path = ""): Promise<ArtifactEntry[]> {
  interface File {
    readonly path: string;
    readonly is_dir?: boolean;
    readonly file_size?: number | string;
  }
  const query = { run_id: run.id, ...(path ? { path: checkArtifactPath(path) } : {}) };
  const { files = [] } = await server.call<{ files?: File[] }>("artifacts/list", { query });
  return files.map((file) => ({ path: file.path, folder: file.is_dir ?? false, size: Number(file.file_size ?? 0) }));
}

/** The page of a run, or of one of its artifacts. */
export function runUrl(server: Pick<Mlflow, "uri">, run: Pick<StoredRun, "id" | "experimentId">, artifact?: string) {
  const page = `${server.uri}/#/experiments/${run.experimentId}/runs/${run.id}`;
  return artifact === undefined ? page : `${page}/artifacts/${artifact.split("/").map(encodeURIComponent).join("/")}`;
}

function proxyPath({ artifactUri }: ArtifactHome, path: string): string {
  const root = artifactUri.match(/^mlflow-artifacts:(?:\/\/[^/]*)?\/*(.*)$/)?.[1];
  if (root === undefined) {
    throw new Error(
      `Cannot keep or read artifacts as the server must pass them on (mlflow server --serve-artifacts with a default ` +
        `artifact root of mlflow-artifacts:/): current place is ${artifactUri}`,
      { cause: { status: 400, code: "NO_ARTIFACT_PROXY" } },
    );
  }
  const parts = [...root.split("/").filter((part) => part !== ""), ...path.split("/")];
  return `/api/2.0/mlflow-artifacts/artifacts/${parts.map(encodeURIComponent).join("/")}`;
}
