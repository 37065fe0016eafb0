import { createHmac } from "node:crypto";
import type { Secret } from "../base/secret.ts";
import type { Sink } from "./alert.ts";
import { checkAddress, postJson, temporaryPost } from "./post.ts";

/** Where alerts are posted, and how they are signed. */
export interface WebhookOptions {
  readonly url: Secret; // its path is often a secret
  /** `whsec_` and base64, or any text. */
  readonly secret: Secret;
  readonly now?: () => number; // ms UTC
}

/**
 * Posts alerts as JSON (`id`, `name`, `on`, `time`, `text`, `run`), signed as the Standard Webhooks specification 1.0 has
 * it: `webhook-id` is the alert's and the same in each retry, `webhook-timestamp` the second of sending, and
 * `webhook-signature` `v1,` and the base64 HMAC-SHA256 of `<id>.<timestamp>.<body>`. A receiver refuses old timestamps and
 * forgets ids it has seen.
 *
 * @throws {RangeError} if the address is not encrypted, loopback aside
 */
export function webhookSink({ url, secret, now = Date.now }: WebhookOptions): Sink {
  checkAddress("ALERT_WEBHOOK_URL", url.reveal(), "https", "http");
  return {
    name: "webhook",
    temporary: temporaryPost,
    async send({ id, name, on, time, text, run }, signal) {
      const body = JSON.stringify({ id, name, on, time: new Date(time).toISOString(), text, run });
      const seconds = String(Math.floor(now() / 1000));
      const headers = {
        "webhook-id": id,
        "webhook-timestamp": seconds,
        "webhook-signature": `v1,${signature(secret.reveal(), `${id}.${seconds}.${body}`)}`,
      };
      await postJson({ url: url.reveal(), body, headers, signal });
    },
  };
}

function signature(secret: string, signed: string): string {
  const key = secret.startsWith("whsec_") ? Uint8Array.fromBase64(secret.slice(6)) : secret;
  return createHmac("sha256", key).update(signed).digest("base64");
}
