import { redact, Secret } from "../base/secret.ts";

/** A connection to an MLflow server: calls wait for their turn, are repeated where that is safe, and time out. */
export interface Mlflow {
  readonly uri: string; // without a slash at the end, without credentials
  /** `call("runs/get", { query })` or `call("runs/update", { body })`, below `/api/2.0/mlflow/`. */
  call<T>(endpoint: string, request?: Call): Promise<T>;
  /** Any address below the server; the caller reads the body. */
  fetch(path: string, init?: RequestInit, request?: { seconds?: number; once?: boolean }): Promise<Response>;
}

/** What a call carries. */
export interface Call {
  readonly query?: Readonly<Record<string, string | number>>;
  readonly body?: unknown; // posted as JSON
  readonly method?: "GET" | "POST" | "PATCH" | "DELETE";
  readonly once?: boolean; // never repeat: not idempotent
}

/** How to reach a server. */
export interface MlflowOptions {
  /** Where MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD and MLFLOW_TRACKING_TOKEN are looked up. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  readonly inFlight?: number; // most calls at once: MLflow's pool hangs at about 20
  readonly retries?: number;
  readonly seconds?: number; // longest a call may take
}

/**
 * Opens a connection. Nothing is sent yet. A user and password may be in the address, as in `https://me:pass@host`.
 *
 * Permissions: net to the server.
 *
 * @throws {RangeError} if `uri` is not an http address
 */
export function mlflow(uri: string, options: MlflowOptions = {}): Mlflow {
  const { variables = {}, inFlight = 8, retries = 4, seconds = 60 } = options;
  const base = serverAddress(uri);
  const authorization = authorizationOf(uri, variables);
  const turn = turns(inFlight);

  const send = async (path: string, init: RequestInit = {}, { seconds: limit = seconds, once = false } = {}) => {
    const headers = new Headers(init.headers);
    if (authorization) headers.set("authorization", authorization.reveal());
    for (let attempt = 0;; attempt++) {
      const last = once || attempt === retries;
      try {
        const response = await turn(() =>
          fetch(base + path, { ...init, headers, signal: AbortSignal.timeout(1000 * limit) })
        );
        if (response.ok) return response;
        const error = await refusal(base, path, response);
        if (last || !isDown(error)) throw error;
        await pause(1000 * Math.min(30, Number(response.headers.get("retry-after")) || 0) || 100 * 2 ** attempt);
      } catch (error) {
        if (statusOf(error) !== undefined) throw error;
        const timedOut = error instanceof DOMException && error.name === "TimeoutError";
        if (last || timedOut || !(error instanceof TypeError)) throw unreachable(base, limit, timedOut, error);
        await pause(100 * 2 ** attempt);
      }
    }
  };

  return {
    uri: base,
    fetch: send,
    async call<T>(endpoint: string, { query = {}, body, method, once = false }: Call = {}): Promise<T> {
      const path = endpoint.startsWith("/") ? endpoint : `/api/2.0/mlflow/${endpoint}`;
      const search = new URLSearchParams(Object.entries(query).map(([key, value]) => [key, String(value)])).toString();
      const init = body === undefined
        ? { method: method ?? "GET" }
        : { method: method ?? "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } };
      const response = await send(search ? `${path}?${search}` : path, init, { once });
      const answer = fromJson(await response.text());
      if (answer !== undefined) return answer as T;
      throw new Error(`${base} does not answer as MLflow does: is its address complete?`, { cause: { status: 400 } });
    },
  };
}

/** The server's address without credentials and without a slash at the end. */
export function serverAddress(uri: string): string {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw new RangeError(
      `Cannot track to MLFLOW_TRACKING_URI as it must be the http:// or https:// address of an MLflow server: current ` +
        `value is ${redact(uri)} (a folder or database can be served: mlflow server --backend-store-uri …)`,
    );
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}

function authorizationOf(uri: string, variables: Readonly<Record<string, string | undefined>>): Secret | undefined {
  const url = new URL(uri);
  const token = variables["MLFLOW_TRACKING_TOKEN"];
  const user = variables["MLFLOW_TRACKING_USERNAME"] || decodeURIComponent(url.username);
  const password = variables["MLFLOW_TRACKING_PASSWORD"] || decodeURIComponent(url.password);
  for (const value of [token, password]) if (value) new Secret(value); // from here on it prints as ***
  if (user) return new Secret(`Basic ${base64(`${user}:${password}`)}`);
  return token ? new Secret(`Bearer ${token}`) : undefined;
}

const base64 = (text: string) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

/** Whether trying later may help: the server is out of reach, overloaded or broken, not unwilling. */
export function isDown(error: unknown): boolean {
  const status = statusOf(error);
  return status === 0 || status === 429 || (status !== undefined && status >= 500);
}

/** HTTP status behind an error of this file, 0 when there was no answer, nothing for other errors. */
export function statusOf(error: unknown): number | undefined {
  return (error as { cause?: { status?: number } } | undefined)?.cause?.status;
}

/** MLflow's own name of what went wrong, such as `RESOURCE_DOES_NOT_EXIST`. */
export function codeOf(error: unknown): string | undefined {
  return (error as { cause?: { code?: string } } | undefined)?.cause?.code;
}

async function refusal(base: string, path: string, response: Response): Promise<Error> {
  const text = await response.text();
  let [code, message] = ["", text.slice(0, 500)];
  const body = fromJson(text) as { error_code?: string; message?: string; detail?: string } | undefined;
  if (body) [code, message] = [body.error_code ?? "", body.message ?? body.detail ?? message];
  const { status } = response;
  const hint = status === 401 || status === 403
    ? " (set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN)"
    : "";
  const what = path.replace(/\?.*/, "").replace("/api/2.0/mlflow/", "");
  return new Error(redact(`MLflow at ${base} answered ${status} to ${what}: ${code} ${message}${hint}`), {
    cause: { status, code },
  });
}

/** What the text holds, or nothing when it is not a JSON object: a proxy's page, another program's answer. */
function fromJson(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function unreachable(base: string, seconds: number, timedOut: boolean, error: unknown): Error {
  const why = timedOut ? `no answer in ${seconds} s` : (error as Error).message;
  return new Error(redact(`MLflow at ${base} is out of reach: ${why}`), { cause: { status: 0, code: "", error } });
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Lets `most` calls run at once; the rest wait in order. */
function turns(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running < most) running++;
    else await new Promise<void>((resolve) => waiting.push(resolve)); // takes over a place
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}
