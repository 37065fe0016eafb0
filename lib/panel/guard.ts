import { createHash, timingSafeEqual } from "node:crypto";
import { Problem } from "./problem.ts";

/** A token nobody guesses: 256 random bits, for URLs. */
export function newToken(bytes = 32): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return btoa(String.fromCharCode(...random)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** Whether two texts are equal, in a time that tells nothing of where they differ. */
export function sameSecret(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/**
 * Refuses requests that a page of somebody else's may have sent: by a name that was pointed at this machine (DNS
 * rebinding) or from another origin.
 *
 * @throws {Problem} 421 or 403
 */
export function checkOrigin(request: Request, port: number): void {
  const own = [`127.0.0.1:${port}`, `localhost:${port}`];
  const host = request.headers.get("host") ?? "";
  if (!own.includes(host)) throw new Problem(421, `This is the panel of ${own[0]}, not of another host`);
  const origin = request.headers.get("origin");
  if (origin !== null && origin !== `http://${host}`) {
    throw new Problem(403, "Another site's page may not use the panel");
  }
  const site = request.headers.get("sec-fetch-site");
  if (site === "cross-site" && request.headers.get("sec-fetch-mode") !== "navigate") {
    throw new Problem(403, "Another site's page may not use the panel");
  }
}

/** @throws {Problem} 401 unless the request carries the token as a bearer's */
export function checkToken(request: Request, token: string): void {
  const given = request.headers.get("authorization")?.match(/^Bearer ([\w-]{1,200})$/i)?.[1] ?? "";
  if (sameSecret(given, token)) return;
  const detail = given === ""
    ? "The panel's token is needed: open the address that `deno task panel` printed"
    : "The token is not this panel's: a panel that was started again has a new one";
  throw new Problem(401, detail, [], { "www-authenticate": 'Bearer realm="Candelabra panel"' });
}

/** Headers of every answer. */
export const commonHeaders: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
  "x-frame-options": "DENY",
};

/** What the panel's own page may do: its own scripts and styles, its own API, nothing else; no HTML from text. */
export const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/** What a report may do: what is inside it, in a place of its own, without the network and without the panel. */
export const reportPolicy = [
  "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox",
  "default-src 'none'",
  "script-src 'unsafe-inline'",
  "style-src 'unsafe-inline'",
  "img-src data:",
  "font-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");
