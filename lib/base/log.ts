import { redact } from "./secret.ts";
import { writeStandardError } from "./standard_error.ts";

/** How much a line matters. */
export type Level = "debug" | "info" | "warn" | "error";
const rank: Readonly<Record<Level, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
const colour: Readonly<Record<Level, string>> = { debug: "90", info: "36", warn: "33", error: "31" };

/**
 * Writes one line to standard error: for people in a terminal, one JSON object with `LOG_FORMAT=json`. Known secrets
 * are replaced. Lines under `LOG_LEVEL` (default `info`) are dropped.
 */
export function log(level: Level, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
  if (rank[level] < (rank[setting("LOG_LEVEL") as Level] ?? rank.info)) return;
  const line = structured()
    ? json({ ...fields, time: new Date().toISOString(), level, message })
    : human(level, message, fields);
  writeStandardError(redact(line) + "\n");
}

/** Whether lines are for machines: `LOG_FORMAT=json`. */
export function structured(): boolean {
  return setting("LOG_FORMAT") === "json";
}

/** JSON that takes what JSON does not: errors by their message, bigints, values that hold themselves. */
function json(value: unknown): string {
  const open: unknown[] = [];
  return JSON.stringify(value, function (this: unknown, _key, inner) {
    if (typeof inner === "bigint") return String(inner);
    if (inner instanceof Error) return `${inner.name}: ${inner.message}`;
    if (typeof inner !== "object" || inner === null) return inner;
    while (open.length > 0 && open[open.length - 1] !== this) open.pop();
    if (open.includes(inner)) return "(itself)";
    open.push(inner);
    return inner;
  }) ?? "undefined";
}

function human(level: Level, message: string, fields: Readonly<Record<string, unknown>>): string {
  const rest = Object.entries(fields).map(([key, value]) =>
    ` ${key}=${typeof value === "string" ? value : json(value)}`
  );
  // On a terminal a progress bar may stand on the line: it is wiped, and drawn again when it goes on.
  const mark = Deno.stderr.isTerminal() ? `\r\x1b[K\x1b[${colour[level]}m${level}\x1b[0m` : level;
  return `${mark} ${message}${rest.join("")}`;
}

/** An environment variable, or nothing where reading the environment is not permitted. */
function setting(name: string): string | undefined {
  return Deno.permissions.querySync({ name: "env", variable: name }).state === "granted"
    ? Deno.env.get(name)
    : undefined;
}
