import { type Context, Hono } from "hono";
import { z } from "zod";
import { type FieldError, Problem } from "./problem.ts";

/** What a handler gets: checked. */
export interface Input<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly request: Request;
}

/** One line of the API: what it takes and gives. Requests are checked by it, and the documentation is made of it. */
export interface Route<P = unknown, Q = unknown, B = unknown> {
  readonly method: "get" | "post" | "delete";
  readonly path: string; // as OpenAPI writes it: /api/jobs/{id}
  readonly summary: string;
  readonly params?: z.ZodType<P>;
  readonly query?: z.ZodType<Q>;
  readonly body?: z.ZodType<B>;
  /** What comes when all is well; `type` unless it is JSON. */
  readonly answer: { readonly status: number; readonly schema?: z.ZodType; readonly type?: string };
  /** Statuses beside 400, 401, 403, 405, 421 and, with a body, 413, 415, 422. */
  readonly refuses?: readonly number[];
  handle(input: Input<P, Q, B>): unknown; // a Response, or what becomes JSON
}

/** Types a route by its own schemas. */
export const route = <P, Q, B>(one: Route<P, Q, B>): Route => one as unknown as Route;

/** Longest body. */
export const MOST_BYTES = 64 * 1024;

/** Adds routes; a path asked by another method answers 405. */
export function mount(app: Hono, routes: readonly Route[]): void {
  const methods = new Map<string, string[]>();
  for (const one of routes) {
    const path = one.path.replaceAll(/\{(\w+)\}/g, ":$1");
    methods.set(path, [...methods.get(path) ?? [], one.method.toUpperCase()]);
    app.on(one.method.toUpperCase(), path, async (context) => {
      const found = await one.handle(await inputOf(one, context));
      if (found instanceof Response) return found;
      return new Response(JSON.stringify(found), {
        status: one.answer.status,
        headers: { "content-type": "application/json", "cache-control": "no-store" },
      });
    });
  }
  for (const [path, allowed] of methods) {
    app.all(path, () => {
      throw new Problem(405, `Only ${allowed.join(", ")} is known here`, [], { allow: allowed.join(", ") });
    });
  }
}

async function inputOf(one: Route, context: Context): Promise<Input<unknown, unknown, unknown>> {
  const request = context.req.raw;
  const search = [...new URL(request.url).searchParams];
  const query = Object.fromEntries(search);
  if (search.length > Object.keys(query).length) throw new Problem(400, "A query parameter must be given once");
  const take = <T>(schema: z.ZodType<T> | undefined, value: unknown, status: number): T => {
    const read = (schema ?? z.strictObject({})).safeParse(value);
    if (read.success) return read.data as T;
    const errors: FieldError[] = read.error.issues.flatMap((issue) => {
      const at = issue.path.join(".");
      const unknown = issue.code === "unrecognized_keys" ? issue.keys : [];
      return unknown.length > 0
        ? unknown.map((key) => ({ field: [at, key].filter(Boolean).join("."), message: "is not known here" }))
        : [{ field: at, message: issue.message }];
    });
    throw new Problem(status, errors.map(({ field, message }) => `${field}: ${message}`).join("; "), errors);
  };
  return {
    request,
    params: take(one.params, context.req.param(), 404),
    query: take(one.query, query, 400),
    body: one.body ? take(one.body, await jsonOf(request), 422) : undefined,
  };
}

/** The body as JSON. @throws {Problem} 400, 413 or 415 */
async function jsonOf(request: Request): Promise<unknown> {
  const type = request.headers.get("content-type")?.split(";")[0].trim().toLowerCase();
  if (type !== "application/json") throw new Problem(415, "The body must be application/json");
  const tooLong = () => new Problem(413, `The body must be at most ${MOST_BYTES} bytes`);
  if (Number(request.headers.get("content-length") ?? 0) > MOST_BYTES) throw tooLong();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    if ((length += chunk.length) > MOST_BYTES) throw tooLong();
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new Problem(400, `The body must be JSON: ${(error as Error).message.slice(0, 200)}`);
  }
}
