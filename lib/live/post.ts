/** What is posted, and to where. */
export interface PostOptions {
  readonly url: string;
  readonly body: string; // JSON
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** ms */
  readonly timeout?: number;
}

/** Why a post was refused: an error's `cause`. */
export interface Refusal {
  readonly status: number; // HTTP
  readonly wait: number; // ms that the server asks to be left alone
}

/**
 * Posts JSON; never redirected.
 *
 * @throws {Error} if the answer is no success, with a `Refusal` as its cause
 */
export async function postJson({ url, body, headers = {}, signal, timeout = 10_000 }: PostOptions): Promise<void> {
  const late = new AbortController();
  const timer = setTimeout(
    () => late.abort(new DOMException(`no answer within ${timeout} ms`, "TimeoutError")),
    timeout,
  );
  try {
    const answer = await fetch(url, {
      ...{ method: "POST", body, redirect: "manual", signal: AbortSignal.any([signal, late.signal]) },
      headers: { "content-type": "application/json", ...headers },
    });
    const text = (await answer.text()).slice(0, 200);
    if (answer.ok) return;
    const asked = 1000 * Number(answer.headers.get("retry-after") ?? retryAfter(text));
    const cause: Refusal = { status: answer.status, wait: asked > 0 ? asked : 0 };
    throw new Error(`the answer was ${answer.status} ${text.replaceAll(/\s+/g, " ")}`.trim(), { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** The least to wait before the next try, ms; nothing where the server has refused for good. */
export function temporaryPost(error: unknown): number | undefined {
  const refusal = (error as Error).cause as Partial<Refusal> | undefined;
  if (refusal?.status === undefined) return 0; // the network
  const passes = refusal.status >= 500 || [408, 425, 429].includes(refusal.status);
  return passes ? Math.min(refusal.wait ?? 0, 300_000) : undefined;
}

/** Telegram says in the body how long it wants to be left alone, in seconds. */
function retryAfter(text: string): number {
  return Number(/"retry_after":\s*(\d+)/.exec(text)?.[1] ?? 0);
}

/**
 * Checks an address that alerts go to: nothing leaves this machine unencrypted.
 *
 * @throws {RangeError} if it is no address, or neither encrypted nor on loopback
 */
export function checkAddress(name: string, address: string, encrypted: string, open: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url?.hostname ?? "");
  if (url?.protocol === `${encrypted}:` || (url?.protocol === `${open}:` && loopback)) return url;
  throw new RangeError(
    `Cannot send alerts to ${name} as it must start with ${encrypted}:// (${open}:// on this machine only): ` +
      `current value ${url ? `starts with ${url.protocol}//` : "is no address"}`,
  );
}
