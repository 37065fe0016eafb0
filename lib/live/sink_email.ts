// @ts-types="./nodemailer.d.ts"
import nodemailer from "nodemailer";
import { Secret } from "../base/secret.ts";
import { formatDate } from "../base/time.ts";
import type { Sink } from "./alert.ts";
import { checkAddress } from "./post.ts";

/** Where letters go in, and to whom. */
export interface EmailOptions {
  /** `smtps://user:password@host:465`, or `smtp://` on loopback and where the server takes STARTTLS. */
  readonly url: Secret;
  readonly to: string; // addresses, separated by commas
  readonly from?: string | undefined; // the user of the URL when left out
  readonly timeout?: number; // ms
}

/**
 * Alerts as e-mail by SMTP (nodemailer). A server elsewhere must encrypt, at once or by STARTTLS; a retry has the message
 * id of the first try, by which servers know it again.
 *
 * @throws {RangeError} if the URL is none of SMTP, or nobody is named as its sender
 */
export function emailSink({ url, to, from, timeout = 10_000 }: EmailOptions): Sink {
  const server = checkServer(url.reveal());
  new Secret(decodeURIComponent(server.password)); // never printed by itself either
  const sender = from ?? decodeURIComponent(server.username);
  if (!sender.includes("@")) {
    throw new RangeError(
      `Cannot send alerts by e-mail as ALERT_EMAIL_FROM, or the user of SMTP_URL, must be an address: current value is "${sender}"`,
    );
  }
  return {
    name: "email",
    temporary: ({ responseCode = 0 }: { responseCode?: number }) => responseCode >= 500 ? undefined : 0,
    async send({ id, name, on, time, text, run }, signal) {
      signal.throwIfAborted();
      const transport = nodemailer.createTransport({
        ...{
          url: url.reveal(),
          requireTLS: !isLoopback(server.hostname),
          disableFileAccess: true,
          disableUrlAccess: true,
        },
        ...{ connectionTimeout: timeout, greetingTimeout: timeout, socketTimeout: timeout },
      });
      const stop = () => transport.close();
      signal.addEventListener("abort", stop, { once: true });
      try {
        await transport.sendMail({
          ...{
            from: sender,
            to,
            subject: `[candelabra] ${on ? "" : "over: "}${run === "" ? name : `${run}: ${name}`}`,
          },
          text: `${text}\n\n${formatDate(time)} UTC${run === "" ? "" : `, run ${run}`}\n`,
          messageId: `<${id.slice(0, 32)}@candelabra>`,
          headers: { "X-Candelabra-Alert": name },
        });
      } finally {
        signal.removeEventListener("abort", stop);
        transport.close();
      }
    },
  };
}

const isLoopback = (host: string) => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(host);

function checkServer(address: string): URL {
  // A server elsewhere may also start in the open and change over before anything is said.
  if (/^smtp:\/\//.test(address) && URL.canParse(address)) return new URL(address);
  return checkAddress("SMTP_URL", address, "smtps", "smtp");
}
