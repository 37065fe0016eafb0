/** What was wrong with one field of a request. */
export interface FieldError {
  readonly field: string; // "set.ppo.gamma"; "" is the whole
  readonly message: string;
}

/** A request that cannot be done: becomes an answer as RFC 9457 has it. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    detail: string,
    readonly errors: readonly FieldError[] = [],
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
  }
  /** As an answer. */
  response(): Response {
    const { status, message: detail, errors } = this;
    const body = { type: "about:blank", title: titles[status] ?? "Error", status, detail, errors };
    return new Response(JSON.stringify(body), {
      status,
      headers: { "content-type": "application/problem+json", "cache-control": "no-store", ...this.headers },
    });
  }
}

/** Names of the statuses that are answered. */
export const titles: Readonly<Record<number, string>> = {
  400: "Bad request",
  401: "Token needed",
  403: "Forbidden",
  404: "Not found",
  405: "Method not allowed",
  409: "Conflict",
  413: "Too large",
  415: "JSON needed",
  421: "Wrong host",
  422: "Values that do not fit",
  429: "Too many",
  500: "Fault in the panel",
};
