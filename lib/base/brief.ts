import { redact } from "./secret.ts";

/** An error in one line of 300 characters at the most, with its name and without secrets. */
export function brief(error: unknown): string {
  return redact(error instanceof Error ? `${error.name}: ${error.message}` : String(error)).split("\n")[0].slice(
    0,
    300,
  );
}
